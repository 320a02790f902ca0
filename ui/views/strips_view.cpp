// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures on their way: a row for each, a column for each number of steps.
#include "ui/bridge/seen_channels.h"
#include "ui/views/chain_channels.h"
#include "ui/views/figure_view.h"
#include "ui/views/picture_blocks.h"

#include <QElapsedTimer>
#include <QMenu>

#include <algorithm>

namespace lx::ui {
namespace {

class StripsView : public FigureView {
public:
    StripsView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_blocks(new PictureBlocks) {
        setContent(m_blocks);
        setEmptyText(tr("Press play: pictures on their way appear after the first step."));
        connect(m_blocks, &PictureBlocks::stroked, this, &StripsView::addStroke);
        setWaitingText(tr("The first pictures are on their way …"));
    }
    QString title() const override {
        return outOfNoise() ? tr("Pictures out of noise") : tr("Filled and mended");
    }
    QStringList channels() const override {
        return {kInpainting, QStringLiteral("mending"), kDenoising};
    }
    QString explanation() const override {
        const QString paint = tr(
            "\n\nDraw on a picture whose hidden part is filled to hide another part of all of "
            "them; with Ctrl held the brush shows it again. The menu of the view has the radius.");
        const QString walks =
            tr("Left: part of a held-out picture is hidden under noise, and Langevin steps on the "
               "learned energy move the hidden pixels while the others are held. Right: a tenth of "
               "the pixels are white, and all move.\n\n"
               "A good energy finds something that fits what is seen: a second sleeve, the sole of "
               "the shoe. It need not be the picture that was hidden.\n\n"
               "Worry when what is filled looks alike in all rows, or when mending wipes out the "
               "garment: the energy knows the average picture only.");
        const QString noise = tr(
            "Each pair of rows is one picture on its way from noise to data: above what it is "
            "at the log SNR over the column, below the clean picture that the network expects "
            "from it then, the mean of all that fit.\n\n"
            "At first every expectation is the average picture; then it settles what kind of "
            "garment it will be, last come edges and patterns. At the right both rows "
            "agree.\n\n"
            "Hidden part filled: each step holds what is known of a held-out picture at the noise "
            "of that step, and the network makes the rest fit.\n\n"
            "Worry when expectations are sharp from the beginning and alike in all rows: the "
            "network knows few pictures by heart; or when the last ones are still grainy: too "
            "few steps, or too little training at small noise.");
        return (outOfNoise() ? noise : walks) + paint;
    }
    void fillMenu(QMenu& menu) override {
        FigureView::fillMenu(menu);
        if (stripsOf(kInpainting)) {
            m_blocks->brush().fillMenu(menu, this);
            QAction* clear = menu.addAction(tr("Show all that the brush has hidden"));
            clear->setEnabled(!m_strokes.empty());
            connect(clear, &QAction::triggered, this, [this] { wishStrokes({}); });
        }
    }
    void cancelGesture() override { m_blocks->cancelStroke(); }
    void present(std::span<const Frame> frames) override {
        if (frames.empty()) {
            m_frame = {};
            m_seen.forget();
            showContent(false);
            return;
        }
        const Frame& frame = frames.front();
        if (m_seen.look(frame, channels()) != SeenChannels::News::Nothing) {
            m_frame = frame;
            rebuild();
        } else if (!showsContent()) {
            showContent(false);  // what is said depends on the steps made
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_blocks->setTheme(theme);
        rebuild();
    }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        paintTitled(painter, size,
                    [this](QPainter& p, QSizeF room) { m_blocks->paintTo(p, room); });
    }
    std::vector<DataTable> tables() const override {
        std::vector<DataTable> out;
        for (const QString& id : channels()) {
            const Array* strips = stripsOf(id);
            if (strips) {
                const Index count = strips->dim(0) * strips->dim(1);
                DataTable table(id, count);
                table.add(Array({count, strips->dim(2) * strips->dim(3)}, strips->values<float>()),
                          {tr("pixel")});
                out.push_back(std::move(table));
            }
        }
        return out;
    }

private:
    inline static const QString kDenoising = QStringLiteral("denoising"),
                                kInpainting = QStringLiteral("inpainting");

    void addStroke(const Array& stroke) {
        std::vector<double> all = m_strokes;
        all.insert(all.end(), stroke.values<double>().begin(), stroke.values<double>().end());
        wishStrokes(std::move(all));
    }
    void wishStrokes(std::vector<double> strokes) {
        m_strokes = std::move(strokes);
        m_sent.start();
        bridge().wish("inpaint.strokes", m_strokes);
        if (textOf(m_frame, "inpainting.mask") != QLatin1String("painted")) {
            bridge().wish("inpaint.mask", std::string("painted"));
        }
    }
    /// What the run has taken; a picture made before the last stroke does not undo it.
    void readStrokes() {
        constexpr qint64 kPatience = 5000;  // ms
        const Array* known = m_frame.snapshot ? channel(m_frame, "inpainting.strokes") : nullptr;
        if (!known || known->dtype() != DType::F64) {
            return;
        }
        const auto now = known->values<double>();
        const bool taken = std::ranges::equal(now, m_strokes);
        if (taken || !m_sent.isValid() || m_sent.hasExpired(kPatience)) {
            m_strokes.assign(now.begin(), now.end());
            m_sent.invalidate();
        }
    }

    static QString titleOf(const QString& id) {
        return id == kDenoising    ? tr("State, below it the expected picture")
               : id == kInpainting ? tr("Hidden part filled (draw on it)")
                                   : tr("White pixels mended");
    }
    /// The run leads pictures out of noise, whether or not the first are there.
    bool outOfNoise() const {
        return m_frame.description &&
               std::ranges::any_of(m_frame.description->channels,
                                   [](const ChannelDecl& c) { return c.id == "denoising"; });
    }
    const Array* stripsOf(const QString& id) const {
        const Array* found = m_frame.snapshot ? floats(m_frame, id.toStdString(), 4) : nullptr;
        return found && found->count() > 0 ? found : nullptr;
    }
    void rebuild() {
        std::vector<PictureBlock> blocks;
        for (const QString& id : channels()) {
            const Array* strips = stripsOf(id);
            if (!strips) {
                continue;
            }
            PictureBlock block;
            block.title = titleOf(id);
            block.painted = id == kInpainting;
            if (const Array* group =
                    channel(m_frame, (id + QStringLiteral(".group")).toStdString());
                group && group->dtype() == DType::I64 && group->count() == 1) {
                block.group = std::max<Index>(group->values<Index>()[0], 1);
            }
            block.rows = strips->dim(0);
            block.columns = textOf(m_frame, (id + QStringLiteral(".titles")).toStdString())
                                .split(QLatin1Char('\n'));
            block.columns.resize(strips->dim(1));
            const Array tiles({strips->dim(0) * strips->dim(1), strips->dim(2), strips->dim(3)},
                              strips->values<float>());
            for (Index i = 0; i < tiles.dim(0); ++i) {
                block.tiles.push_back(tileImage(tiles, i, theme()));
            }
            blocks.push_back(std::move(block));
        }
        readStrokes();
        showContent(!blocks.empty());
        m_blocks->set(std::move(blocks));
        Q_EMIT titleChanged();
    }

    PictureBlocks* m_blocks;
    Frame m_frame;
    SeenChannels m_seen;
    std::vector<double> m_strokes;  ///< of the painted mask
    QElapsedTimer m_sent;           ///< since a stroke that the run has not shown yet
};

}  // namespace

View* makeStripsView(SessionBridge& bridge, QWidget* parent) {
    return new StripsView(bridge, parent);
}

}  // namespace lx::ui
