// SPDX-License-Identifier: GPL-3.0-or-later
// Every recipe of chains meets its own checks; with LX_LONG on three seeds.
#include "core/experiments/chains/spec.h"
#include "core/recipes/recipe_book.h"
#include "core/session/session.h"

#include <QElapsedTimer>
#include <QtTest>
#include <set>

using namespace lx;

class TestChainRecipes : public QObject {
    Q_OBJECT

    std::vector<ExperimentSpec> m_specs{chains::spec([] { return 2; }), chains::filesSpec()};

    static std::vector<Recipe> recipes() {
        std::vector<Recipe> out;
        for (const EmbeddedFile& file : embeddedRecipes()) {
            Recipe recipe = parseRecipe(file.text, std::string(file.name));
            if (recipe.family == "chains") {
                out.push_back(std::move(recipe));
            }
        }
        return out;
    }

private Q_SLOTS:
    void everyEnergyHasARecipe() {
        std::set<std::string> ids;
        for (const Recipe& recipe : recipes()) {
            ids.insert(recipe.id);
        }
        const Description all = m_specs[0].describe({});
        for (const std::string& energy : find(all.params, "energy")->choices) {
            QVERIFY2(ids.contains("chains-" + energy), energy.c_str());
        }
    }

    void stepsAreThoseOfTheParameters() {
        for (const Recipe& recipe : recipes()) {
            QCOMPARE(recipe.clock, Clock::Sample);
            const Setup setup = prepare(recipe, m_specs[0]);
            QVERIFY2(recipe.steps == setup.description.steps, recipe.id.c_str());
        }
    }

    void meetsItsChecks_data() {
        QTest::addColumn<QString>("id");
        QTest::addColumn<int>("seed");
        const int seeds = qEnvironmentVariableIsSet("LX_LONG") ? 3 : 1;
        for (const Recipe& recipe : recipes()) {
            for (int seed = 1; seed <= seeds; ++seed) {
                const auto id = QString::fromStdString(recipe.id);
                QTest::newRow(qPrintable(id + QStringLiteral(" seed %1").arg(seed))) << id << seed;
            }
        }
    }
    void meetsItsChecks() {
        QFETCH(QString, id);
        QFETCH(int, seed);
        const auto all = recipes();
        const Recipe& recipe = *std::ranges::find(all, id.toStdString(), &Recipe::id);
        QElapsedTimer clock;
        clock.start();
        EngineOptions options;
        options.ringBytes = 0;
        Engine engine(m_specs, options);
        const auto session = engine.open();
        session->post(cmd::Load{recipe.family, prepare(recipe, m_specs[0]).params,
                                static_cast<std::uint64_t>(seed)});
        session->post(cmd::Run{Clock::Sample, recipe.steps});
        session->waitIdle();
        const auto failure = session->latest()->failure;
        QVERIFY2(!failure, failure ? failure->message.c_str() : "");
        const qint64 ran = clock.elapsed();
        const auto metrics = session->metrics({1, 1});
        QString line;
        for (const auto& [name, value] : metrics) {
            line +=
                QStringLiteral("%1=%2 ").arg(QString::fromStdString(name)).arg(value, 0, 'g', 4);
        }
        qInfo("%lld + %lld ms  %s", static_cast<long long>(ran),
              static_cast<long long>(clock.elapsed() - ran), qPrintable(line));
        for (const auto& result : evaluate(recipe.checks, metrics)) {
            if (!result.pass) {
                QFAIL(qPrintable(QStringLiteral("%1 is %2, wanted %3 %4")
                                     .arg(QString::fromStdString(result.check.name))
                                     .arg(result.value)
                                     .arg(QString::fromStdString(result.check.op))
                                     .arg(result.check.threshold)));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestChainRecipes)
#include "tst_chain_recipes.moc"
