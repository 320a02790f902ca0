// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/export_dialogs.h"

#include "ui/shell/dialog_parts.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"
#include "ui/views/figure_view.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr int kMaxSide = 8192;

}  // namespace

void writeFigure(const FigureChoice& choice, QWidget* window) {
    ExportOptions options{.size = QSizeF(choice.size), .dpi = choice.dpi, .title = {}};
    options.texts = choice.texts;
    if (choice.views.empty()) {
        exportFigure(
            choice.path,
            [window](QPainter& painter, QSizeF size, double) {
                painter.scale(size.width() / window->width(), size.height() / window->height());
                window->render(&painter);
            },
            options);
        return;
    }
    options.title = choice.views.front()->title();
    if (choice.views.size() == 1) {
        exportView(*choice.views.front(), choice.path, options);
        return;
    }
    exportFigure(
        choice.path,
        [&choice](QPainter& painter, QSizeF size, double scale) {
            const auto count = static_cast<int>(choice.views.size());
            const int columns = static_cast<int>(std::ceil(std::sqrt(count)));
            const int rows = (count + columns - 1) / columns;
            const QSizeF cell(std::floor(size.width() / columns), std::floor(size.height() / rows));
            painter.fillRect(QRectF(QPointF(), size), currentTheme().panel);
            for (int i = 0; i < count; ++i) {
                View* view = choice.views[static_cast<std::size_t>(i)];
                painter.save();
                painter.translate(cell.width() * (i % columns), cell.height() * (i / columns));
                if (auto* exportable = dynamic_cast<Exportable*>(view)) {
                    exportable->paintTo(painter, cell, scale);
                } else {
                    painter.drawImage(QRectF(QPointF(), cell), view->picture(cell.toSize(), scale));
                }
                painter.restore();
            }
        },
        options);
}

FigureDialog::FigureDialog(std::vector<ShownView> views, const QString& chosen, QWidget* window)
    : QDialog(window),
      m_views(std::move(views)),
      m_list(new QListWidget),
      m_width(spin(64, kMaxSide, 960, tr(" px"))),
      m_height(spin(64, kMaxSide, 640, tr(" px"))),
      m_dpi(spin(24, 1200, 192, tr(" dpi"))),
      m_path(new QLineEdit(chosen + QStringLiteral(".png"))),
      m_problem(problemLabel()) {
    setWindowTitle(tr("Export figure"));
    for (const ShownView& shown : m_views) {
        auto* item = new QListWidgetItem(shown.title, m_list);
        item->setCheckState(shown.id == chosen ? Qt::Checked : Qt::Unchecked);
        if (shown.id == chosen && shown.view) {
            m_width->setValue(shown.view->width());
            m_height->setValue(shown.view->height());
        }
    }
    auto* whole = new QListWidgetItem(tr("The whole window"), m_list);
    whole->setCheckState(Qt::Unchecked);
    connect(m_list, &QListWidget::itemChanged, this, [this, whole, window](QListWidgetItem* item) {
        if (item->checkState() != Qt::Checked) {
            return;
        }
        // The window or views, not both.
        for (int i = 0; i < m_list->count(); ++i) {
            if ((item == whole) != (m_list->item(i) == whole)) {
                m_list->item(i)->setCheckState(Qt::Unchecked);
            }
        }
        if (item == whole) {
            m_width->setValue(window->width());
            m_height->setValue(window->height());
        }
    });
    m_list->setAccessibleName(tr("What to export"));
    m_list->setMaximumHeight(160);
    auto* form = new QFormLayout(this);
    form->addRow(tr("Show"), m_list);
    form->addRow(tr("Size"), beside({m_width, new QLabel(QStringLiteral("×")), m_height, m_dpi}));
    auto* hint = new QLabel(
        tr("96 dpi make one pixel of each. SVG and PDF keep axes, text and curves as vectors; the "
           "dense layer has the dpi given. A PNG also holds the session: drop it on the window."));
    hint->setWordWrap(true);
    hint->setForegroundRole(QPalette::PlaceholderText);
    form->addRow(hint);
    form->addRow(tr("File"), fileField(m_path, tr("Figures (*.png *.svg *.pdf)"), this));
    form->addRow(m_problem);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel);
    form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &FigureDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &FigureDialog::reject);
    setMinimumWidth(480);
}

void FigureDialog::accept() {
    FigureChoice choice;
    bool any = m_list->item(m_list->count() - 1)->checkState() == Qt::Checked;
    for (std::size_t i = 0; i < m_views.size(); ++i) {
        if (m_list->item(static_cast<int>(i))->checkState() == Qt::Checked && m_views[i].view) {
            choice.views.push_back(m_views[i].view);
            any = true;
        }
    }
    if (!any) {
        say(m_problem, tr("Choose a view or the whole window."));
        return;
    }
    choice.size = QSize(m_width->value(), m_height->value());
    choice.dpi = m_dpi->value();
    choice.path = m_path->text();
    try {
        if (onExport) {
            onExport(choice);
        }
        QDialog::accept();
    } catch (const Error& error) {
        say(m_problem, QString::fromUtf8(error.what()));
    }
}

MovieDialog::MovieDialog(AppServices& services, SessionBridge& bridge, RunBook& book,
                         std::vector<ShownView> views, const QString& chosen, QWidget* window)
    : QDialog(window),
      m_services(services),
      m_bridge(bridge),
      m_book(book),
      m_views(std::move(views)),
      m_view(new QComboBox),
      m_first(spin(0, 2'000'000'000, 0)),
      m_last(spin(1, 2'000'000'000, 1000)),
      m_every(spin(1, 2'000'000'000, 10)),
      m_width(spin(64, 4096, 960, tr(" px"))),
      m_height(spin(64, 4096, 720, tr(" px"))),
      m_fps(new QDoubleSpinBox),
      m_path(new QLineEdit(QStringLiteral("film.gif"))),
      m_table(new QTableWidget(0, 3)),
      m_progress(new QProgressBar),
      m_message(problemLabel()),
      m_start(new QPushButton(tr("Film"))),
      m_stop(new QPushButton(tr("Stop"))) {
    setWindowTitle(tr("Export movie"));
    for (const ShownView& shown : m_views) {
        m_view->addItem(shown.title, shown.id);
        if (shown.id == chosen) {
            m_view->setCurrentIndex(m_view->count() - 1);
        }
    }
    if (const RunInfo* run = m_book.active()) {
        const Frame* frame = m_bridge.activeFrame();
        const Index now =
            frame ? frame->snapshot->step[static_cast<std::size_t>(run->recipe.clock)] : 0;
        const Index last = std::clamp<Index>(now > 0 ? now : run->recipe.steps, 1, 2'000'000'000);
        m_last->setValue(static_cast<int>(last));
        m_every->setValue(static_cast<int>(std::max<Index>(1, last / 100)));
    }
    m_fps->setRange(0.5, 240);
    m_fps->setDecimals(1);
    m_fps->setValue(12);
    m_fps->setSuffix(tr(" frames/s"));
    m_table->setHorizontalHeaderLabels({tr("Step"), tr("Camera"), tr("Parameters")});
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->verticalHeader()->hide();
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setMaximumHeight(130);
    m_table->setAccessibleName(tr("Key frames"));
    auto* add = new QPushButton(tr("Add key frame now"));
    add->setToolTip(
        tr("Keeps the step, the camera of the view and the live parameters. Between "
           "key frames the camera moves smoothly and parameters change step by step, "
           "geometrically where their scale is logarithmic."));
    auto* remove = new QPushButton(tr("Remove"));
    for (QPushButton* button : {add, remove, m_start, m_stop}) {
        button->setAutoDefault(false);
    }
    connect(add, &QPushButton::clicked, this, &MovieDialog::addKeyFrame);
    connect(remove, &QPushButton::clicked, this, [this] {
        const int row = m_table->currentRow();
        if (row >= 0 && row < static_cast<int>(m_keys.size())) {
            m_keys.erase(m_keys.begin() + row);
            showKeys();
        }
    });
    connect(m_start, &QPushButton::clicked, this, &MovieDialog::start);
    connect(m_stop, &QPushButton::clicked, this, [this] {
        if (m_maker) {
            m_maker->stop();
        }
    });
    m_stop->setEnabled(false);
    m_progress->setVisible(false);
    auto* form = new QFormLayout(this);
    form->addRow(tr("View"), m_view);
    form->addRow(tr("Steps"),
                 beside({m_first, new QLabel(tr("to")), m_last, new QLabel(tr("every")), m_every}));
    form->addRow(tr("Size"), beside({m_width, new QLabel(QStringLiteral("×")), m_height, m_fps}));
    form->addRow(tr("Key frames"), m_table);
    form->addRow(QString(), beside({add, remove}));
    form->addRow(
        tr("File"),
        fileField(m_path, tr("Films (*.gif *.apng *.mp4 *.webm);;Folder of PNG (*)"), this));
    form->addRow(m_progress);
    form->addRow(m_message);
    form->addRow(beside({m_start, m_stop}));
    setMinimumWidth(560);
}

const ShownView* MovieDialog::chosen() const {
    const QString id = m_view->currentData().toString();
    const auto at = std::ranges::find(m_views, id, &ShownView::id);
    return at == m_views.end() ? nullptr : &*at;
}

void MovieDialog::addKeyFrame() {
    const RunInfo* run = m_book.active();
    const Frame* frame = m_bridge.activeFrame();
    if (!run || !frame) {
        return;
    }
    KeyFrame key;
    key.step = frame->snapshot->step[static_cast<std::size_t>(run->recipe.clock)];
    if (const ShownView* shown = chosen(); shown && shown->view) {
        if (auto* scene = shown->view->findChild<SceneWidget*>()) {
            key.camera = scene->shown();
        }
    }
    for (const ParamDecl& decl : run->description.params) {
        const auto at = run->params.find(decl.id);
        if (!decl.live || at == run->params.end()) {
            continue;
        }
        if (const auto* number = std::get_if<double>(&at->second)) {
            key.params[decl.id] = *number;
        } else if (const auto* whole = std::get_if<Index>(&at->second)) {
            key.params[decl.id] = static_cast<double>(*whole);
        }
    }
    std::erase_if(m_keys, [&](const KeyFrame& old) { return old.step == key.step; });
    m_keys.push_back(std::move(key));
    std::ranges::sort(m_keys, {}, &KeyFrame::step);
    showKeys();
}

void MovieDialog::showKeys() {
    m_table->setRowCount(static_cast<int>(m_keys.size()));
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const KeyFrame& key = m_keys[static_cast<std::size_t>(row)];
        const QString camera = key.camera ? QStringLiteral("%1 … %2, %3 … %4")
                                                .arg(key.camera->x0, 0, 'g', 3)
                                                .arg(key.camera->x1, 0, 'g', 3)
                                                .arg(key.camera->y0, 0, 'g', 3)
                                                .arg(key.camera->y1, 0, 'g', 3)
                                          : tr("follows the view");
        QStringList params;
        for (const auto& [id, value] : key.params) {
            params
                << QStringLiteral("%1 = %2").arg(QString::fromStdString(id)).arg(value, 0, 'g', 4);
        }
        m_table->setItem(row, 0, new QTableWidgetItem(formatInteger(key.step)));
        m_table->setItem(row, 1, new QTableWidgetItem(camera));
        auto* item = new QTableWidgetItem(params.join(QStringLiteral(", ")));
        item->setToolTip(params.join(QLatin1Char('\n')));
        m_table->setItem(row, 2, item);
    }
}

FilmPlan MovieDialog::plan() const {
    const RunInfo* run = m_book.active();
    const ShownView* shown = chosen();
    if (!run || !shown || !m_services.open) {
        throw UsageError("there is no run to film; start one first");
    }
    FilmPlan plan;
    plan.load = cmd::Load{run->recipe.family, run->params, run->seed};
    plan.clock = run->recipe.clock;
    plan.steps = filmSteps(m_first->value(), m_last->value(), m_every->value());
    plan.keys = m_keys;
    plan.view = shown->id.toStdString();
    plan.title = run->name.toStdString();
    plan.theme = currentTheme().kind;
    plan.file = m_path->text().toStdString();
    plan.movie = {m_width->value(), m_height->value(), m_fps->value()};
    if (texts) {
        plan.movie.texts = texts(m_last->value());
    }
    // The window's own renderer; it outlives the film because the dialog belongs to the window.
    plan.renderer = [&bridge = m_bridge] {
        return std::shared_ptr<render::Renderer>(&bridge.renderer(), [](render::Renderer*) {});
    };
    checkMovie(plan.file, plan.movie);
    plan.session = m_services.open();
    return plan;
}

void MovieDialog::start() {
    if (m_maker) {
        return;
    }
    try {
        m_maker = std::make_unique<FilmMaker>(plan());
    } catch (const Error& error) {
        toIdle(QString::fromUtf8(error.what()));
        return;
    }
    connect(m_maker.get(), &FilmMaker::progressed, this, [this](int done, int total) {
        m_progress->setRange(0, total);
        m_progress->setValue(done);
    });
    connect(m_maker.get(), &FilmMaker::finished, this,
            [this](const QString& problem, bool stopped, int) {
                // The maker may not be destroyed within its own signal.
                m_maker.release()->deleteLater();
                toIdle(!problem.isEmpty() ? problem
                       : stopped          ? tr("Stopped; nothing was written.")
                                          : tr("Written to %1.").arg(m_path->text()));
                Q_EMIT filmed(stopped ? tr("stopped") : problem);
            });
    say(m_message, {});
    m_progress->setRange(0, 0);
    m_progress->setVisible(true);
    m_start->setEnabled(false);
    m_stop->setEnabled(true);
    m_maker->start();
}

void MovieDialog::toIdle(const QString& message) {
    say(m_message, message);
    m_progress->setVisible(false);
    m_start->setEnabled(true);
    m_stop->setEnabled(false);
}

}  // namespace lx::ui
