// SPDX-License-Identifier: GPL-3.0-or-later
// What the window has for Markov chains: inspector sections, keys, layout, files of others.
#include "ui/shell/main_window_impl.h"
#include "ui/views/chain_channels.h"

#include <QFileInfo>
#include <QMenu>
#include <QVBoxLayout>

#include <algorithm>

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

void MainWindow::Impl::layoutFor(Clock clock) {
    // A run brings the layout that was made for it, unless a person has another purpose.
    if (clock == Clock::Sample && layout == s("explore")) {
        setLayoutNamed(s("sample"));
    } else if (clock == Clock::Train && layout == s("sample")) {
        setLayoutNamed(s("explore"));
    }
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

void MainWindow::Impl::makeChainActions() {
    const QString group = s("Chains");
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
    layoutFor(recipe->clock);
    book.play(recipe->clock);
    return true;
}

}  // namespace lx::ui
