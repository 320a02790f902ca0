// SPDX-License-Identifier: GPL-3.0-or-later
// What the window has for Markov chains: inspector sections, keys, layout, files of others.
#include "ui/shell/main_window_impl.h"
#include "ui/views/chain_channels.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace lx::ui {

namespace {

QString s(const char* text) {
    return QString::fromUtf8(text);
}

bool feeds(const Frame* frame, const char* kind) {
    return frame && !channelsOfKind(*frame, kind).empty();
}

}  // namespace

void MainWindow::Impl::buildChainSections(QVBoxLayout& column) {
    verdictSection = new Section(QObject::tr("Verdict"));
    verdict = new VerdictPanel(book, bridge);
    verdictSection->body()->addWidget(verdict);
    column.addWidget(verdictSection);
    truthSection = new Section(QObject::tr("Truth"));
    truth = new TruthPanel(bridge);
    truthSection->body()->addWidget(truth);
    column.addWidget(truthSection);
    verdictSection->hide();
    truthSection->hide();
    QObject::connect(verdict, &VerdictPanel::recipeAsked, &w, [this](const QString& id) {
        hideStart();
        w.openRecipe(id.toStdString(), {}, 1, true);
    });
}

void MainWindow::Impl::syncChainSections() {
    const Frame* frame = bridge.activeFrame();
    verdictSection->setVisible(feeds(frame, "verdict"));
    truthSection->setVisible(feeds(frame, "occupancy") || feeds(frame, "truth_error"));
}

void MainWindow::Impl::moveChain(int by) {
    const Frame* frame = bridge.activeFrame();
    const Array* trails = frame ? floats(*frame, "chains_trail", 3) : nullptr;
    if (!trails) {
        status->say(QObject::tr("There are no chains on the stage."));
        return;
    }
    const int count = static_cast<int>(trails->dim(0));
    const int now = bridge.chains().chain();
    const int next = now < 0 ? (by > 0 ? 0 : count - 1) : (now + by + count) % count;
    bridge.chains().setChain(next);
    const std::vector<Index> numbers = chainNumbers(*frame, "chains_trail", trails->dim(0));
    status->say(QObject::tr("%1 is emphasised; Esc shows all alike.")
                    .arg(chainName(numbers[static_cast<std::size_t>(next)])));
}

void MainWindow::Impl::askChain(const char* probeKind, bool all) {
    const Frame* frame = bridge.activeFrame();
    const Array* trails = frame ? floats(*frame, "chains_trail", 3) : nullptr;
    const int chosen = bridge.chains().chain();
    Index number = -1;
    if (!all) {
        if (!trails || chosen < 0 || chosen >= trails->dim(0)) {
            status->say(QObject::tr("Choose a chain first: click its marker, or press ]."));
            return;
        }
        number =
            chainNumbers(*frame, "chains_trail", trails->dim(0))[static_cast<std::size_t>(chosen)];
    }
    bridge.probe(probeKind, {{"chain", number}}, {}, "chain.move");
}

void MainWindow::Impl::chooseChains() {
    const QStringList paths = QFileDialog::getOpenFileNames(
        &w, QObject::tr("Open chains, one or several files"), {},
        QObject::tr("Chains (*.csv *.tsv *.gz *.npy *.npz *.nc);;All files (*)"));
    if (!paths.isEmpty() && !openChains(paths)) {
        tell(QObject::tr("This installation reads no chains."));
    }
}

void MainWindow::Impl::chooseFollowed() {
    const QString path = QFileDialog::getOpenFileName(
        &w, QObject::tr("Follow chains that another program is still writing"), {},
        QObject::tr("Chains as text (*.csv *.tsv *.txt);;All files (*)"));
    if (!path.isEmpty() && !openChains({path})) {
        tell(QObject::tr("This installation reads no chains."));
    }
}

void MainWindow::Impl::watchStrokes() {
    // Each answer to a stroke of the brush tells the whole list: undo puts back the list before.
    struct Lists {
        std::map<std::uint32_t, Array> last;
        std::set<std::uint64_t> own;  ///< tickets of undo and redo
    };
    auto lists = std::make_shared<Lists>();
    class PaintEdit : public QUndoCommand {
    public:
        PaintEdit(SessionBridge& bridge, std::shared_ptr<Lists> lists, std::uint32_t source,
                  Array before, Array after)
            : QUndoCommand(QObject::tr("brush stroke")),
              m_bridge(bridge),
              m_lists(std::move(lists)),
              m_source(source),
              m_before(std::move(before)),
              m_after(std::move(after)) {}
        void undo() override { post(m_before); }
        void redo() override {
            if (std::exchange(m_done, false)) {
                return;
            }
            post(m_after);
        }

    private:
        void post(const Array& list) {
            m_lists->own.insert(m_bridge.probeOf(m_source, "paint", {}, {{"strokes", list}}));
        }
        SessionBridge& m_bridge;
        std::shared_ptr<Lists> m_lists;
        std::uint32_t m_source;
        Array m_before, m_after;
        bool m_done = true;
    };
    QObject::connect(
        &bridge, &SessionBridge::probeAnswered, &w, [this, lists](std::uint64_t ticket) {
            const State answer = bridge.answer(ticket);
            const auto strokes = answer.find("strokes");
            const RunInfo* run = book.active();
            if (strokes == answer.end() || !run) {
                return;
            }
            Array& last = lists->last[run->source];
            if (!last.defined()) {
                const auto initial = run->params.find("energy.strokes");
                const auto* numbers = initial == run->params.end()
                                          ? nullptr
                                          : std::get_if<std::vector<double>>(&initial->second);
                last = numbers ? Array({std::ssize(*numbers)}, *numbers)
                               : Array({0}, std::vector<double>());
            }
            if (lists->own.erase(ticket) == 0) {
                undo.push(new PaintEdit(bridge, lists, run->source, last, strokes->second));
            }
            last = strokes->second;
        });
}

void MainWindow::Impl::makeChainActions() {
    const QString group = s("Chains");
    watchStrokes();
    actions->add(s("chain.open"), group, s("Open chains…"), s("Ctrl+Shift+O"),
                 [this] { chooseChains(); });
    actions->add(s("chain.follow"), group, s("Follow a file…"), {}, [this] { chooseFollowed(); });
    actions->add(s("chain.previous"), group, s("Previous chain"), s("["),
                 [this] { moveChain(-1); });
    actions->add(s("chain.next"), group, s("Next chain"), s("]"), [this] { moveChain(1); });
    actions->add(s("chain.kick"), group, s("Kick the chosen chain"), {},
                 [this] { askChain("kick", false); });
    actions->add(s("chain.restart"), group, s("Restart the chosen chain"), {},
                 [this] { askChain("restart", false); });
    actions->add(s("chain.restart-all"), group, s("Restart all chains"), {},
                 [this] { askChain("restart", true); });
    const auto toggle = [&](const char* id, const char* text, const char* key, bool on,
                            void (ChainFocus::*change)(bool), bool (ChainFocus::*value)() const) {
        QAction* action =
            actions->addToggle(s(id), group, s(text), s(key),
                               [this, change](bool to) { (bridge.chains().*change)(to); });
        action->setChecked(on);
        QObject::connect(&bridge.chains(), &ChainFocus::changed, action,
                         [this, action, value] { action->setChecked((bridge.chains().*value)()); });
    };
    toggle("marks.divergences", "Mark divergences", "D", bridge.chains().divergences(),
           &ChainFocus::setDivergences, &ChainFocus::divergences);
    toggle("marks.warmup", "Show warm-up", "W", bridge.chains().warmup(), &ChainFocus::setWarmup,
           &ChainFocus::warmup);
}

void MainWindow::Impl::fillChainMenus(QMenu& sample) {
    QMenu* targets = sample.addMenu(QObject::tr("Target"));
    targets->setToolTipsVisible(true);
    QObject::connect(targets, &QMenu::aboutToShow, &w, [this, targets] {
        targets->clear();
        for (const RecipeInfo& recipe : services.recipes) {
            if (recipe.clock != Clock::Sample || recipe.id == services.chainFilesRecipe) {
                continue;
            }
            QAction* action = targets->addAction(QString::fromStdString(recipe.title));
            action->setEnabled(recipe.available);
            action->setToolTip(
                QString::fromStdString(recipe.available ? recipe.reference : recipe.note));
            QObject::connect(action, &QAction::triggered, &w, [this, id = recipe.id] {
                hideStart();
                w.openRecipe(id, {}, 1, true);
            });
        }
        if (targets->isEmpty()) {
            targets->addAction(QObject::tr("No target is installed"))->setEnabled(false);
        }
    });
}

bool MainWindow::Impl::openChains(const QStringList& paths) {
    if (services.chainFilesRecipe.empty() || paths.isEmpty()) {
        return false;
    }
    const RecipeInfo* recipe = book.recipe(services.chainFilesRecipe);
    if (!recipe) {
        return false;
    }
    const QString first = QFileInfo(paths.front()).fileName();
    const QString name =
        paths.size() == 1 ? first : QObject::tr("%1 and %2 more").arg(first).arg(paths.size() - 1);
    hideStart();
    if (book.start(*recipe, {{"file.paths", paths.join(QLatin1Char('\n')).toStdString()}}, 1,
                   name) == kNoRun) {
        return false;
    }
    transport->setClock(recipe->clock);
    layoutFor(*recipe, nullptr);
    return true;
}

}  // namespace lx::ui
