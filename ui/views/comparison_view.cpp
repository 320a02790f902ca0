// SPDX-License-Identifier: GPL-3.0-or-later
// Two runs side by side under one camera, and what their decoders differ in.
#include "ui/bridge/linked_time.h"
#include "ui/panels/panel_title.h"
#include "ui/shell/numbers.h"
#include "ui/views/difference_pane.h"
#include "ui/views/figure_view.h"
#include "ui/views/record_time.h"

#include <QActionGroup>
#include <QButtonGroup>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace lx::ui {
namespace {

struct Subject {
    const char* view;
    const char* title;
    bool shared = false;  ///< both sides start with the extent of both
};
constexpr std::array<Subject, 6> kSubjects{{{"latent-map", "Maps", true},
                                            {"energy-map", "Energy", true},
                                            {"manifold-sheet", "Sheets"},
                                            {"samples", "Samples"},
                                            {"data", "Data"},
                                            {"noise-to-data", "Out of noise", true}}};

bool hasPictures(const Frame& frame) {
    return frame.description &&
           std::ranges::any_of(frame.description->spaces, [](const SpaceDecl& space) {
               return space.id == "data" && space.sampleShape.size() == 2;
           });
}

class ComparisonView : public FigureView {
public:
    ComparisonView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_bar(new QWidget), m_split(new QSplitter) {
        setEmptyText(tr("Press C: a copy of the run appears beside it."));
        auto* content = new QWidget;
        content->setAutoFillBackground(true);
        content->setBackgroundRole(QPalette::Base);
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        auto* row = new QHBoxLayout(m_bar);
        row->setContentsMargins(6, 3, 6, 3);
        row->setSpacing(4);
        m_group = new QButtonGroup(this);
        for (std::size_t i = 0; i < kSubjects.size(); ++i) {
            auto* button =
                toggle(tr(kSubjects[i].title), tr("Show both runs as this (%1)").arg(i + 1));
            m_group->addButton(button, static_cast<int>(i));
            row->addWidget(button);
        }
        m_group->setExclusive(true);
        row->addSpacing(10);
        m_differenceButton =
            toggle(tr("Difference"),
                   tr("What the two decoders make of the same latent points, A minus B (%1)")
                       .arg(kSubjects.size() + 1));
        row->addWidget(m_differenceButton);
        row->addStretch();
        m_state = new QLabel;
        m_state->setProperty("quiet", true);
        row->addWidget(m_state);
        column->addWidget(m_bar);
        m_split->setChildrenCollapsible(false);
        m_split->setHandleWidth(4);
        column->addWidget(m_split, 1);
        for (Side& side : m_sides) {
            side.box = addPane(side.heading);
            side.views = new QStackedWidget;
            side.box->layout()->addWidget(side.views);
            side.heading->installEventFilter(this);
            side.heading->setCursor(Qt::PointingHandCursor);
            side.heading->setAccessibleDescription(
                tr("Click: this run takes the commands and parameters"));
        }
        ElidedLabel* heading = nullptr;
        m_differenceBox = addPane(heading);
        heading->setFullText(tr("A − B, decodes of the same latent points"));
        m_difference = new DifferencePane(bridge);
        m_difference->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
        m_differenceBox->layout()->addWidget(m_difference);
        m_differenceBox->hide();
        m_headings = {m_sides[0].heading, m_sides[1].heading, heading};
        setContent(content);
        connect(m_group, &QButtonGroup::idClicked, this, [this](int id) { choose(id); });
        connect(m_differenceButton, &QToolButton::toggled, this, &ComparisonView::showDifference);
        connect(&bridge, &SessionBridge::comparedChanged, this,
                [this] { this->present(this->bridge().frames()); });
    }

    QString title() const override { return tr("Comparison of two runs"); }
    /// The side whose camera was moved last; the other one follows it.
    SceneWidget* scene() const override {
        SceneWidget* found = sceneOf(m_sides[m_moved]);
        return found ? found : sceneOf(m_sides[0]);
    }
    QStringList channels() const override {
        QStringList out;
        for (const Side& side : m_sides) {
            if (const View* view = viewOf(side)) {
                out << view->channels();
            }
        }
        out.removeDuplicates();
        return out;
    }
    QString explanation() const override {
        return tr(
            "Two runs at the same step under one camera: A was opened first. Time is linked: play, "
            "pause and scrub move both, and the one behind catches up. A parameter changed in the "
            "inspector changes the run whose heading is marked only.\n\n"
            "The difference subtracts what the two decoders make of the same latent points; zero "
            "is the colour in the middle. Records out of noise are shown at the same log SNR.\n\n"
            "Two runs of the same seed and parameters are alike to the last bit. Two seeds may "
            "turn or mirror the latent space: then compare samples, not places.");
    }

    void present(std::span<const Frame> frames) override {
        const Frame* other = bridge().frame(bridge().compared());
        if (frames.empty() || !other || !frames.front().description || !other->description) {
            showContent(false);
            return;
        }
        showContent(true);
        // By age, so that panes stay where they are when the other run becomes the active one.
        std::array<const Frame*, 2> shown{&frames.front(), other};
        if (shown[0]->source > shown[1]->source) {
            std::swap(shown[0], shown[1]);
        }
        offer(shown);
        for (std::size_t i = 0; i < 2; ++i) {
            Side& side = m_sides[i];
            side.source = shown[i]->source;
            ensureView(side);
            setHeading(side, *shown[i], i == 0 ? QStringLiteral("A") : QStringLiteral("B"));
            viewOf(side)->present(std::span(shown[i], 1));
        }
        if (kSubjects[m_subject].shared) {
            shareHome();
        }
        if (m_differenceBox->isVisibleTo(this)) {
            m_difference->present(*shown[0], *shown[1]);
        }
        m_state->setText(bridge().linkedTime().catchingUp() ? tr("bringing both to one step …")
                                                            : QString());
    }

    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        for (const Side& side : m_sides) {
            for (int i = 0; i < side.views->count(); ++i) {
                static_cast<View*>(side.views->widget(i))->setTheme(theme);
            }
        }
        m_difference->setTheme(theme);
        QPalette colors = palette();
        colors.setColor(QPalette::Base, theme.panel);
        m_bar->parentWidget()->setPalette(colors);
        for (ElidedLabel* heading : m_headings) {
            heading->setFont(theme.font(12, true));
        }
    }
    void fit() override {
        for (const Side& side : m_sides) {
            if (View* view = viewOf(side)) {
                view->fit();
            }
        }
        if (kSubjects[m_subject].shared) {
            shareHome();
        }
        m_difference->scene().fit();
    }
    bool setMode(int mode) override {
        if (mode == static_cast<int>(kSubjects.size()) + 1) {
            m_differenceButton->toggle();
            return true;
        }
        if (mode < 1 || mode > static_cast<int>(kSubjects.size()) ||
            !m_group->button(mode - 1)->isEnabled()) {
            return false;
        }
        choose(mode - 1);
        return true;
    }
    void cancelGesture() override {
        for (const Side& side : m_sides) {
            if (View* view = viewOf(side)) {
                view->cancelGesture();
            }
        }
    }
    QJsonObject state() const override {
        return {{QStringLiteral("subject"), QString::fromLatin1(kSubjects[m_subject].view)},
                {QStringLiteral("difference"), m_differenceButton->isChecked()}};
    }
    void restore(const QJsonObject& state) override {
        const QString view = state.value(QStringLiteral("subject")).toString();
        for (std::size_t i = 0; i < kSubjects.size(); ++i) {
            if (view == QLatin1String(kSubjects[i].view)) {
                choose(static_cast<int>(i));
            }
        }
        m_differenceButton->setChecked(state.value(QStringLiteral("difference")).toBool());
    }

    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        painter.fillRect(QRectF(QPointF(), size), theme().panel);
        const bool three = m_differenceBox->isVisibleTo(this);
        const double head = theme().px(22), width = size.width() / (three ? 3 : 2);
        for (int i = 0; i < (three ? 3 : 2); ++i) {
            painter.save();
            painter.translate(i * width, 0);
            painter.setFont(theme().font(12, true));
            painter.setPen(theme().text);
            const auto at = static_cast<std::size_t>(i);
            painter.drawText(QRectF(8, 0, width - 16, head), Qt::AlignLeft | Qt::AlignVCenter,
                             m_headings[at]->fullText());
            painter.translate(0, head);
            const QSizeF area(width, size.height() - head);
            if (i == 2) {
                m_difference->scene().paintTo(painter, area, scale, false);
            } else if (auto* view = dynamic_cast<Exportable*>(viewOf(m_sides[at]))) {
                view->paintTo(painter, area, scale);
            }
            painter.restore();
        }
    }

protected:
    void fillSettings(QMenu& menu) override {
        QAction* linked = menu.addAction(tr("Both at the same step"));
        linked->setCheckable(true);
        linked->setChecked(bridge().linkedTime().enabled());
        connect(linked, &QAction::toggled, this,
                [this](bool on) { bridge().linkedTime().setEnabled(on); });
        if (gradientsOf(bridge().active()) && gradientsOf(bridge().compared())) {
            QAction* cost = menu.addAction(tr("Both at the same number of gradients"));
            cost->setObjectName(QStringLiteral("byGradients"));
            cost->setCheckable(true);
            cost->setEnabled(linked->isChecked());
            cost->setChecked(bridge().linkedTime().byGradients());
            connect(cost, &QAction::toggled, this,
                    [this](bool on) { bridge().linkedTime().setByGradients(on); });
        }
        QMenu* other = menu.addMenu(tr("Compare with"));
        auto* group = new QActionGroup(other);
        for (const Frame& frame : bridge().frames()) {
            if (frame.source == bridge().active()) {
                continue;
            }
            QAction* action = other->addAction(frame.name);
            action->setCheckable(true);
            action->setChecked(frame.source == bridge().compared());
            group->addAction(action);
            connect(action, &QAction::triggered, this,
                    [this, source = frame.source] { bridge().setCompared(source); });
        }
        const Frame* frame = bridge().activeFrame();
        if (frame && !hasPictures(*frame)) {
            QMenu* axes = menu.addMenu(tr("Coordinate of the difference"));
            for (Index i = 0; i < std::min<Index>(spaceDim(*frame, "data"), 16); ++i) {
                QAction* action = axes->addAction(QStringLiteral("x%1").arg(i + 1));
                action->setCheckable(true);
                action->setChecked(i == m_difference->axis());
                connect(action, &QAction::triggered, this, [this, i] { m_difference->setAxis(i); });
            }
        }
        for (const Side& side : m_sides) {
            if (View* view = viewOf(side)) {
                view->fillMenu(*menu.addMenu(&side == &m_sides[0] ? tr("View A") : tr("View B")));
            }
        }
    }

    bool eventFilter(QObject* object, QEvent* event) override {
        if (event->type() == QEvent::MouseButtonPress) {
            for (const Side& side : m_sides) {
                if (object == side.heading) {
                    bridge().setActive(side.source);
                }
            }
        } else if (event->type() == QEvent::Resize && qobject_cast<SceneWidget*>(object)) {
            // New sizes are no moves of the camera: the left one leads again afterwards.
            m_resizing = true;
            QTimer::singleShot(0, this, [this] {
                m_resizing = false;
                align(0);
            });
        }
        return FigureView::eventFilter(object, event);
    }

private:
    struct Side {
        std::uint32_t source = kNoRun;
        QWidget* box = nullptr;
        ElidedLabel* heading = nullptr;
        QStackedWidget* views = nullptr;
        std::array<View*, kSubjects.size()> made{};
    };

    QToolButton* toggle(const QString& text, const QString& tip) const {
        auto* button = new QToolButton(m_bar);
        button->setText(text);
        button->setToolTip(tip);
        button->setAccessibleName(text);
        button->setCheckable(true);
        button->setProperty("choice", true);
        button->setFocusPolicy(Qt::TabFocus);
        return button;
    }

    QWidget* addPane(ElidedLabel*& heading) {
        auto* box = new QWidget;
        auto* column = new QVBoxLayout(box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        heading = new ElidedLabel;
        heading->setContentsMargins(8, 2, 8, 2);
        column->addWidget(heading);
        m_split->addWidget(box);
        m_split->setStretchFactor(m_split->count() - 1, 1);
        return box;
    }

    View* viewOf(const Side& side) const { return side.made[m_subject]; }
    SceneWidget* sceneOf(const Side& side) const {
        const View* view = viewOf(side);
        return view ? view->findChild<SceneWidget*>() : nullptr;
    }

    void ensureView(Side& side) {
        View*& view = side.made[m_subject];
        if (!view) {
            view =
                findView(QString::fromLatin1(kSubjects[m_subject].view))->make(bridge(), nullptr);
            view->setTheme(theme());
            side.views->addWidget(view);
            connect(view, &View::channelsChanged, this, [this] { Q_EMIT channelsChanged(); });
            const std::size_t number = &side == &m_sides[0] ? 0 : 1;
            for (SceneWidget* scene : view->findChildren<SceneWidget*>()) {
                scene->installEventFilter(this);
                connect(scene, &SceneWidget::viewChanged, this, [this, number] { align(number); });
            }
            if (auto* record = dynamic_cast<RecordTime*>(view)) {
                connect(record->slider(), &QSlider::valueChanged, this,
                        [this, number] { alignTime(number); });
            }
            Q_EMIT channelsChanged();
        }
        side.views->setCurrentWidget(view);
    }

    void choose(int subject) {
        m_subject = static_cast<std::size_t>(subject);
        m_group->button(subject)->setChecked(true);
        present(bridge().frames());
        Q_EMIT channelsChanged();
        align(0);
    }

    /// Which subjects both runs have; the first of them where the present one is none.
    void offer(const std::array<const Frame*, 2>& shown) {
        const auto have = [&](const auto& holds) {
            return std::ranges::all_of(
                shown, [&](const Frame* frame) { return holds(*frame->description); });
        };
        std::size_t first = kSubjects.size();
        for (std::size_t i = 0; i < kSubjects.size(); ++i) {
            const ViewSpec& spec = *findView(QString::fromLatin1(kSubjects[i].view));
            const bool can = have([&](const Description& d) { return fits(spec, d); });
            QAbstractButton* button = m_group->button(static_cast<int>(i));
            button->setEnabled(can);
            button->setVisible(can);
            first = can ? std::min(first, i) : first;
        }
        if (first < kSubjects.size() &&
            !m_group->button(static_cast<int>(m_subject))->isEnabled()) {
            m_subject = first;
            Q_EMIT channelsChanged();
        }
        m_group->button(static_cast<int>(m_subject))->setChecked(true);
        // The difference is one of decodes.
        const bool decodes = have(
            [](const Description& d) { return fits(*findView(QStringLiteral("latent-map")), d); });
        m_differenceButton->setVisible(decodes);
        if (!decodes) {
            m_differenceButton->setChecked(false);
        }
    }

    void showDifference(bool on) {
        m_differenceBox->setVisible(on);
        if (on) {
            const int third = std::max(1, m_split->width() / 3);
            m_split->setSizes({third, third, third});
        }
        present(bridge().frames());
    }

    /// What the run has spent so far; nothing where it counts no gradients.
    std::optional<double> gradientsOf(std::uint32_t source) const {
        const auto spent = bridge().lastValue(source, "gradients");
        return spent.value_or(0) > 0 ? spent : std::nullopt;
    }

    void setHeading(const Side& side, const Frame& frame, const QString& letter) {
        const auto clock = static_cast<std::size_t>(
            frame.description->clocks.empty() ? Clock::Train : frame.description->clocks.front());
        QString text = QStringLiteral("%1  %2, step %3")
                           .arg(letter, frame.name, formatInteger(frame.snapshot->step[clock]));
        if (const auto gradients = gradientsOf(frame.source)) {
            text += tr(", %1 gradients").arg(formatInteger(static_cast<Index>(*gradients)));
        }
        const bool active = frame.source == bridge().active();
        if (active) {
            text += QStringLiteral(" ●");
        }
        QPalette colors = side.heading->palette();
        colors.setColor(QPalette::WindowText, active ? theme().accent : theme().text);
        side.heading->setPalette(colors);
        side.heading->setFullText(text);
    }

    /// Both maps show the codes of both while nobody has moved the camera.
    void shareHome() {
        SceneWidget *a = sceneOf(m_sides[0]), *b = sceneOf(m_sides[1]);
        if (!a || !b || a->figure().space || b->figure().space || !a->followsHome() ||
            !b->followsHome()) {
            return;
        }
        const render::Rect p = a->figure().home, q = b->figure().home;
        const render::Rect both{std::min(p.x0, q.x0), std::min(p.y0, q.y0), std::max(p.x1, q.x1),
                                std::max(p.y1, q.y1)};
        a->setHome(both);
        b->setHome(both);
    }

    /// Side `from` was moved: the other one shows the same.
    void align(std::size_t from) {
        SceneWidget *moved = sceneOf(m_sides[from]), *other = sceneOf(m_sides[1 - from]);
        if (m_linking || m_resizing || !moved || !other) {
            return;
        }
        m_moved = from;
        const bool space = moved->figure().space.has_value();
        if (space != other->figure().space.has_value()) {
            return;
        }
        m_linking = true;
        if (space) {
            other->setCamera(moved->figure().space->camera);
        } else if (kSubjects[m_subject].shared && moved->followsHome()) {
            other->fit();
        } else if (from == 1 && moved->followsHome()) {
            moved->setShown(other->shown());  // the left one leads
        } else {
            other->setShown(moved->shown());
        }
        m_linking = false;
    }

    /// The slider of side `from` was moved: the other one shows as much noise.
    void alignTime(std::size_t from) {
        const auto* moved = dynamic_cast<RecordTime*>(viewOf(m_sides[from]));
        auto* other = dynamic_cast<RecordTime*>(viewOf(m_sides[1 - from]));
        if (!m_linkingTime && moved && other) {
            m_linkingTime = true;
            other->showLogSnr(moved->logSnr());
            m_linkingTime = false;
        }
    }

    QWidget* m_bar;
    QSplitter* m_split;
    QButtonGroup* m_group;
    QToolButton* m_differenceButton;
    QLabel* m_state;
    std::array<Side, 2> m_sides;
    std::array<ElidedLabel*, 3> m_headings{};
    QWidget* m_differenceBox;
    DifferencePane* m_difference;
    std::size_t m_subject = 0, m_moved = 0;
    bool m_linkingTime = false, m_linking = false, m_resizing = false;
};

}  // namespace

View* makeComparisonView(SessionBridge& bridge, QWidget* parent) {
    return new ComparisonView(bridge, parent);
}

}  // namespace lx::ui
