// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/experiment_panel.h"

#include "ui/bridge/session_bridge.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"
#include "ui/shell/theme.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QMenu>

#include <algorithm>

namespace lx::ui {

namespace {

constexpr int kKind = Qt::UserRole, kKey = Qt::UserRole + 1;
enum Kind { Group, Dataset, Recipe, Run, Place, Hint };

constexpr const char* kChainFiles = "chain-files";

/// What stands at the right end of a row; without it the name has the whole row.
void setStatus(QTreeWidgetItem* item, const QString& status) {
    item->setText(1, status);
    item->setFirstColumnSpanned(status.isEmpty());
}

QString textOf(const RunInfo& run, const char* id) {
    const auto found = run.params.find(id);
    return found == run.params.end() ? QString() : QString::fromStdString(format(found->second));
}

/// "MALA, 4 chains"
QString samplerName(const RunInfo& run) {
    const auto kernel = run.params.find("sampler.kernel");
    const auto chains = run.params.find("sampler.chains");
    QString out = run.name;
    if (kernel != run.params.end()) {
        out = QString::fromStdString(format(kernel->second)).remove(QStringLiteral("sampler."));
        out = out.size() <= 4 ? out.toUpper() : out[0].toUpper() + out.mid(1);
    }
    if (chains != run.params.end() && std::holds_alternative<Index>(chains->second)) {
        const Index count = std::get<Index>(chains->second);
        out += QStringLiteral(", %1 chain%2")
                   .arg(formatInteger(count), count == 1 ? QString() : QStringLiteral("s"));
    }
    return out;
}

QString wordOf(const Snapshot& snapshot) {
    switch (snapshot.state) {
        case RunState::Idle: return QStringLiteral("idle");
        case RunState::Failed: return QStringLiteral("failed");
        case RunState::Paused: return QStringLiteral("paused");
        case RunState::Running:
            return snapshot.running[static_cast<std::size_t>(Clock::Train)]
                       ? QStringLiteral("training")
                       : QStringLiteral("running");
    }
    return {};
}

}  // namespace

ExperimentPanel::ExperimentPanel(AppServices& services, RunBook& book, SessionBridge& bridge,
                                 QWidget* parent)
    : QTreeWidget(parent), m_services(services), m_book(book), m_bridge(bridge) {
    setObjectName(QStringLiteral("experimentTree"));
    setAccessibleName(QStringLiteral("Experiment: data, models, bookmarks and runs"));
    setColumnCount(2);
    setHeaderHidden(true);
    header()->setStretchLastSection(false);
    header()->setSectionResizeMode(0, QHeaderView::Stretch);
    header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    header()->setMinimumSectionSize(20);
    setRootIsDecorated(false);
    setIndentation(14);
    setItemsExpandable(false);
    setExpandsOnDoubleClick(false);
    setUniformRowHeights(true);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(this, &QTreeWidget::itemClicked, this, &ExperimentPanel::onClicked);
    connect(this, &QTreeWidget::itemActivated, this, &ExperimentPanel::onActivated);
    connect(&m_book, &RunBook::runsChanged, this, &ExperimentPanel::rebuild);
    connect(&m_bridge, &SessionBridge::activeChanged, this, &ExperimentPanel::rebuild);
    connect(&m_bridge, &SessionBridge::stateChanged, this, &ExperimentPanel::updateStatus);
    connect(&m_bridge.explore(), &ExploreState::bookmarksChanged, this, &ExperimentPanel::rebuild);
    auto* slow = new QTimer(this);
    connect(slow, &QTimer::timeout, this, &ExperimentPanel::updateStatus);
    slow->start(500);
    rebuild();
}

QTreeWidgetItem* ExperimentPanel::group(const QString& title) {
    auto* item = new QTreeWidgetItem(this, {title});
    item->setData(0, kKind, Group);
    item->setFlags(Qt::ItemIsEnabled);
    item->setFont(0, currentTheme().font(13, true));
    item->setExpanded(true);
    return item;
}

QTreeWidgetItem* ExperimentPanel::row(QTreeWidgetItem* parent, const QString& text,
                                      const QString& status) {
    const Theme& theme = currentTheme();
    auto* item = new QTreeWidgetItem(parent, {text, QString()});
    setStatus(item, status);
    item->setFont(1, theme.font(11));
    item->setForeground(1, theme.secondary);
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    item->setToolTip(0, text);
    return item;
}

void ExperimentPanel::hint(QTreeWidgetItem* parent, const QString& text, const QString& tip) {
    auto* item = row(parent, text, {});
    item->setData(0, kKind, Hint);
    item->setForeground(0, currentTheme().secondary);
    item->setToolTip(0, tip);
    item->setFlags(Qt::ItemIsEnabled);
}

void ExperimentPanel::addRecipes(QTreeWidgetItem* parent, Clock clock) {
    for (const RecipeInfo& recipe : m_services.recipes) {
        if (recipe.clock != clock || recipe.family == kChainFiles) {
            continue;
        }
        auto* item = row(parent, QString::fromStdString(recipe.title), {});
        item->setData(0, kKind, Recipe);
        item->setData(0, kKey, QString::fromStdString(recipe.id));
        QString tip = QString::fromStdString(recipe.title);
        for (const std::string& part : {recipe.lesson, recipe.reference, recipe.note}) {
            tip += part.empty() ? QString() : QStringLiteral("\n\n") + QString::fromStdString(part);
        }
        item->setToolTip(0, tip);
        if (!recipe.available) {
            item->setForeground(0, currentTheme().secondary);
            setStatus(item, QStringLiteral("no data"));
        }
    }
}

void ExperimentPanel::addChains() {
    QTreeWidgetItem* targets = group(tr("Targets"));
    addRecipes(targets, Clock::Sample);
    if (targets->childCount() == 0) {
        hint(targets, tr("none installed"), tr("Energies to sample from come as recipes."));
    }
    QTreeWidgetItem* samplers = group(tr("Samplers"));
    QTreeWidgetItem* files = group(tr("Files"));
    for (const RunInfo& run : m_book.all()) {
        if (run.recipe.clock != Clock::Sample) {
            continue;
        }
        const bool file = run.recipe.family == kChainFiles;
        QString name = file ? run.name : samplerName(run);
        const auto same = [&](const RunInfo& other) {
            return other.recipe.family == run.recipe.family && samplerName(other) == name;
        };
        if (!file && std::ranges::count_if(m_book.all(), same) > 1) {
            // What tells them apart is the target.
            name =
                tr("%1 on %2").arg(name.section(QStringLiteral(", "), 0, 0), textOf(run, "energy"));
        }
        auto* item = row(file ? files : samplers, name, {});
        item->setToolTip(0, QStringLiteral("%1, seed %2").arg(run.name).arg(run.seed));
        item->setData(0, kKind, Run);
        item->setData(0, kKey, run.source);
    }
    if (samplers->childCount() == 0) {
        hint(samplers, tr("none yet"), tr("Double-click a target to start chains on it."));
    }
    if (files->childCount() == 0) {
        hint(files, tr("drop chains here"),
             tr("CmdStan CSV, tables, npy and npz: drop one or several files on the window."));
    }
}

void ExperimentPanel::rebuild() {
    const QSignalBlocker quiet(this);
    clear();
    const RunInfo* active = m_book.active();

    const bool sampling = active && active->recipe.clock == Clock::Sample;
    if (sampling) {
        addChains();
    } else if (active && m_services.datasets) {
        const auto it = active->params.find("data.source");
        const std::string source =
            it != active->params.end() && std::holds_alternative<std::string>(it->second)
                ? std::get<std::string>(it->second)
                : std::string();
        QString title = QString::fromStdString(source.substr(source.find_last_of('/') + 1));
        QString count, whole = QString::fromStdString(source);
        for (const DatasetInfo& set : m_services.datasets()) {
            if (set.id == source || set.id == "data." + source) {
                whole = QString::fromStdString(set.title);
                title = whole.section(QStringLiteral(", "), 0, 0);
                count = set.count > 0 ? formatInteger(set.count) : QString();
            }
        }
        if (!title.isEmpty()) {
            auto* item = row(group(QStringLiteral("Data")), title, count);
            item->setData(0, kKind, Dataset);
            item->setToolTip(0, whole);
        }
    }

    addRecipes(group(QStringLiteral("Models")), Clock::Train);
    if (!sampling) {
        addChains();
    }
    hint(
        group(QStringLiteral("Paths")), tr("G drags a geodesic"),
        tr("Choose a metric under Geometry in the inspector; the Geodesic tool then drags the ends "
           "of the curve over the latent map."));
    QTreeWidgetItem* places = group(QStringLiteral("Bookmarks"));
    const auto& bookmarks = m_bridge.explore().bookmarks();
    for (std::size_t i = 0; i < bookmarks.size(); ++i) {
        auto* item = row(places, bookmarks[i].name, {});
        item->setData(0, kKind, Place);
        item->setData(0, kKey, QVariant::fromValue(static_cast<qulonglong>(i)));
    }
    if (bookmarks.empty()) {
        hint(places, tr("M keeps a place"), tr("Place the probe on the map and press M."));
    }

    QTreeWidgetItem* runs = group(QStringLiteral("Runs"));
    const bool several = std::ranges::any_of(m_book.all(), [&](const RunInfo& run) {
        return run.recipe.id != m_book.all().front().recipe.id;
    });
    for (const RunInfo& run : m_book.all()) {
        if (run.recipe.clock == Clock::Sample) {
            continue;  // among the samplers and files
        }
        // What tells the runs apart comes first; the whole name is in the tooltip.
        const QString title = QString::fromStdString(run.recipe.title);
        QString text = QStringLiteral("seed %1").arg(run.seed);
        if (!run.change.isEmpty()) {
            text += QStringLiteral(", ") + run.change;
        } else if (several) {
            const auto same = std::ranges::count(m_book.all(), run.name, &RunInfo::name);
            text = same > 1 ? run.name + QStringLiteral(", seed %1").arg(run.seed) : run.name;
        } else if (run.name.startsWith(title + QStringLiteral(", "))) {
            text += run.name.mid(title.size());  // ", copy"
        }
        auto* item = row(runs, text, {});
        item->setToolTip(0, QStringLiteral("%1, seed %2").arg(run.name).arg(run.seed));
        item->setData(0, kKind, Run);
        item->setData(0, kKey, run.source);
    }
    if (runs->childCount() == 0) {
        hint(runs, tr("none yet"), tr("Double-click a model to start a run."));
    }
    expandAll();
    updateStatus();
}

void ExperimentPanel::updateStatus() {
    const QSignalBlocker quiet(this);
    const RunInfo* active = m_book.active();
    for (QTreeWidgetItemIterator it(this); *it; ++it) {
        QTreeWidgetItem* item = *it;
        const int kind = item->data(0, kKind).toInt();
        if (kind == Run) {
            const auto source = item->data(0, kKey).toUInt();
            if (const Frame* frame = m_bridge.frame(source)) {
                const bool failed = frame->snapshot->state == RunState::Failed;
                const auto value = m_bridge.bound(source);
                const QString bound = value ? formatFixed(*value, 1) : QString();
                setStatus(item, failed || bound.isEmpty() ? wordOf(*frame->snapshot) : bound);
                item->setSelected(active && source == active->source);
            }
        } else if (kind == Recipe) {
            const std::string id = item->data(0, kKey).toString().toStdString();
            const bool chosen = active && active->recipe.id == id;
            item->setFont(0, currentTheme().font(13, false));
            QString word;
            for (const RunInfo& run : m_book.all()) {
                const Frame* frame = m_bridge.frame(run.source);
                if (frame && run.recipe.id == id && (word.isEmpty() || &run == active)) {
                    word = wordOf(*frame->snapshot);
                }
            }
            if (!word.isEmpty()) {
                setStatus(item, word);
            }
            if (chosen) {
                item->setSelected(false);
            }
        }
    }
}

void ExperimentPanel::onClicked(QTreeWidgetItem* item) {
    switch (item->data(0, kKind).toInt()) {
        case Run: m_bridge.setActive(item->data(0, kKey).toUInt()); break;
        case Place: {
            const auto& all = m_bridge.explore().bookmarks();
            const auto at = static_cast<std::size_t>(item->data(0, kKey).toULongLong());
            if (at < all.size()) {
                m_bridge.explore().setCursor(all[at].z);
            }
            break;
        }
        default: break;
    }
}

void ExperimentPanel::onActivated(QTreeWidgetItem* item) {
    if (item->data(0, kKind).toInt() == Recipe) {
        Q_EMIT recipeChosen(item->data(0, kKey).toString());
    } else {
        onClicked(item);
    }
}

void ExperimentPanel::contextMenuEvent(QContextMenuEvent* event) {
    QTreeWidgetItem* item = itemAt(viewport()->mapFromGlobal(event->globalPos()));
    if (!item) {
        return;
    }
    QMenu menu;
    const int kind = item->data(0, kKind).toInt();
    if (kind == Recipe) {
        const QString id = item->data(0, kKey).toString();
        menu.addAction(QStringLiteral("Start a run"), this,
                       [this, id] { Q_EMIT recipeChosen(id); });
    } else if (kind == Run) {
        const auto source = item->data(0, kKey).toUInt();
        menu.addAction(QStringLiteral("Show"), this,
                       [this, source] { m_bridge.setActive(source); });
        menu.addAction(QStringLiteral("Discard this run…"), this,
                       [this, source] { Q_EMIT runClosed(source); });
    } else if (kind == Place) {
        const auto at = static_cast<std::size_t>(item->data(0, kKey).toULongLong());
        menu.addAction(QStringLiteral("Remove bookmark"), this,
                       [this, at] { m_bridge.explore().removeBookmark(at); });
    }
    if (!menu.isEmpty()) {
        menu.exec(event->globalPos());
    }
}

}  // namespace lx::ui
