// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/figure_view.h"
#include "ui/views/probe_panel.h"

#include <QMenu>

namespace lx::ui {
namespace {

class DecodeView : public FigureView {
public:
    DecodeView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_panel(new ProbePanel(bridge, nullptr, true)) {
        m_panel->setAutoFillBackground(true);
        m_panel->setBackgroundRole(QPalette::Base);
        setContent(m_panel);
        setEmptyText(tr("Point at the latent map: the decoded picture appears here."));
        connect(&bridge, &SessionBridge::cursorDecoded, this, [this] { showContent(true); });
    }
    QString title() const override { return tr("Decode under the probe"); }
    QStringList channels() const override { return {QStringLiteral("labels")}; }
    QString explanation() const override {
        return tr(
            "What the decoder makes of the point under the probe, pixel by pixel.\n\n"
            "log p(z) is the prior's log density in nats: the lower, the rarer such a draw. "
            "The nearest code names the class whose example lies closest.\n\n"
            "Worry when the picture hardly changes as the probe moves.");
    }
    void present(std::span<const Frame>) override { showContent(!bridge().cursorAnswer().empty()); }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_panel->setTheme(theme);
        QPalette colors = m_panel->palette();
        colors.setColor(QPalette::Base, theme.panel);
        m_panel->setPalette(colors);
    }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        paintTitled(painter, size, [this](QPainter& p, QSizeF room) { paintBody(p, room); });
    }
    void paintBody(QPainter& painter, QSizeF size) const {
        const QStringList lines = m_panel->lines();
        const double row = 20 * theme().typeScale;
        const double words = row * static_cast<double>(lines.size());
        m_panel->picture().paintTo(painter, {8, 8, size.width() - 16, size.height() - words - 24});
        painter.setFont(theme().font(13));
        painter.setPen(theme().text);
        for (qsizetype i = 0; i < lines.size(); ++i) {
            painter.drawText(
                QRectF(8, size.height() - words - 8 + row * double(i), size.width() - 16, row),
                Qt::AlignLeft | Qt::AlignVCenter, lines[i]);
        }
    }

    std::vector<DataTable> tables() const override {
        std::vector<DataTable> out;
        for (const auto& [name, array] : bridge().cursorAnswer()) {
            if (array.defined() && !array.shape().empty()) {
                const QString text = QString::fromStdString(name);
                DataTable table(text, array.dim(0));
                table.add(array, {text});
                out.push_back(std::move(table));
            }
        }
        return out;
    }

protected:
    void fillSettings(QMenu& menu) override {
        menu.addAction(tr("Bookmark this place"), m_panel, &ProbePanel::bookmark);
    }

private:
    ProbePanel* m_panel;
};

}  // namespace

View* makeDecodeView(SessionBridge& bridge, QWidget* parent) {
    return new DecodeView(bridge, parent);
}

}  // namespace lx::ui
