// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/json_text.h"
#include "core/recipes/recipe_book.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace lx;

namespace {

ParamDecl decl(const std::string& id, ParamValue initial, double min, double max) {
    ParamDecl out;
    out.id = id;
    out.initial = std::move(initial);
    out.min = min;
    out.max = max;
    return out;
}

/// A family whose prior brings its own parameter, as the real ones do.
ExperimentSpec family() {
    ExperimentSpec spec;
    spec.id = "toy";
    spec.describe = [](const ParamSet& given) {
        Description description;
        ParamDecl prior;
        prior.id = "prior";
        prior.initial = std::string("prior.normal");
        prior.choices = {"prior.normal", "prior.gmm"};
        description.params = {decl("latent.dim", Index{2}, 1, 64),
                              decl("objective.beta", 1.0, 0, 100),
                              decl("net.hidden", std::vector<double>{64, 64}, 1, 4096), prior};
        const auto chosen = given.find("prior");
        const bool mixture =
            chosen != given.end() && chosen->second == ParamValue(std::string("prior.gmm"));
        description.params.push_back(mixture ? decl("prior.components", Index{10}, 1, 100)
                                             : decl("prior.sd", 1.0, 0.01, 10.0));
        description.views = {"latent-map"};
        return description;
    };
    return spec;
}

const char* const kGood = R"({
  "id": "toy-one", "title": "A toy", "family": "toy", "reference": "nobody 2020",
  "lesson": "toy.md", "clock": "train", "steps": 300, "seed": 4, "layout": "explore",
  "params": {
    "latent.dim": 3,
    "objective.beta": 4,
    "net.hidden": [32, 16]
  },
  "views": ["latent-map"],
  "checks": [
    {"name": "elbo", "op": ">=", "threshold": -120.5},
    {"name": "kl", "op": "in", "threshold": [2, 9]}
  ]
})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    return at == std::string::npos ? std::string("pattern not found")
                                   : text.replace(at, from.size(), to);
}

/// The message of the Error that `act` throws, with its exit status; "" when it throws none.
template <class F>
std::pair<std::string, ExitCode> caught(F&& act) {
    try {
        act();
    } catch (const Error& error) {
        return {error.what(), error.exitCode()};
    }
    return {"", ExitCode::Done};
}

}  // namespace

class TestRecipe : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsEveryField() {
        const Recipe recipe = parseRecipe(kGood, "toy.json");
        QCOMPARE(recipe.id, std::string("toy-one"));
        QCOMPARE(recipe.steps, Index{300});
        QCOMPARE(recipe.seed, std::uint64_t{4});
        QVERIFY(recipe.clock == Clock::Train);
        QCOMPARE(recipe.checks.size(), std::size_t{2});
        QCOMPARE(recipe.checks[1].upper, 9.0);
        const Setup setup = prepare(recipe, family());
        QCOMPARE(integer(setup.params, "latent.dim"), Index{3});
        QCOMPARE(number(setup.params, "objective.beta"), 4.0);  // a whole number becomes a real one
        QCOMPARE(numbers(setup.params, "net.hidden").at(1), 16.0);
        QCOMPARE(number(setup.params, "prior.sd"), 1.0);
    }

    // Each row breaks the good recipe in one way; the message must name the place and the remedy.
    void refusesBrokenTwins_data() {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QStringList>("says");
        QTest::newRow("unknown top key")
            << "\"views\"" << "\"vievs\"" << QStringList{"line 9", "vievs", "'views'"};
        QTest::newRow("unknown parameter")
            << "\"objective.beta\"" << "\"objective.bata\""
            << QStringList{"line 6", "params/objective.bata", "'objective.beta'"};
        QTest::newRow("out of range") << "\"latent.dim\": 3" << "\"latent.dim\": 65"
                                      << QStringList{"line 5", "params/latent.dim", "1 to 64"};
        QTest::newRow("list out of range")
            << "[32, 16]" << "[32, 0]" << QStringList{"params/net.hidden", "1 to 4096"};
        QTest::newRow("wrong type") << "\"latent.dim\": 3" << "\"latent.dim\": \"three\""
                                    << QStringList{"params/latent.dim", "integer"};
        QTest::newRow("fraction") << "\"latent.dim\": 3" << "\"latent.dim\": 2.5"
                                  << QStringList{"params/latent.dim", "integer"};
        QTest::newRow("key of a part not chosen")
            << "\"latent.dim\": 3" << "\"prior.components\": 3"
            << QStringList{"params/prior.components", "unknown"};
        QTest::newRow("unknown part") << "\"latent.dim\": 3" << "\"prior\": \"gnn\""
                                      << QStringList{"params/prior", "prior.gmm"};
        QTest::newRow("repeated key")
            << "\"title\": \"A toy\"" << "\"id\": \"toy-two\"" << QStringList{"'id'", "twice"};
        QTest::newRow("repeated parameter") << "\"objective.beta\": 4" << "\"latent.dim\": 4"
                                            << QStringList{"'latent.dim'", "twice"};
        QTest::newRow("missing field")
            << "\"steps\": 300," << "" << QStringList{"steps", "missing"};
        QTest::newRow("no steps") << "\"steps\": 300" << "\"steps\": 0"
                                  << QStringList{"steps", "from 1"};
        QTest::newRow("clock") << "\"train\"" << "\"trian\""
                               << QStringList{"clock", "train, sample, diffuse"};
        QTest::newRow("operator") << "\">=\"" << "\"=>\""
                                  << QStringList{"checks/0/op", "<, <=, >, >=, in"};
        QTest::newRow("interval upside down")
            << "[2, 9]" << "[9, 2]" << QStringList{"checks/1/threshold", "[low, high]"};
        QTest::newRow("interval missing") << "[2, 9]" << "2" << QStringList{"checks/1/threshold"};
        QTest::newRow("lesson leaves its folder")
            << "toy.md" << "../toy.md" << QStringList{"lesson", "without a path"};
        QTest::newRow("bad id") << "toy-one" << "toy one" << QStringList{"id", "a-z"};
        QTest::newRow("truncated") << "\n})" << "" << QStringList{};
        QTest::newRow("comma") << "\"steps\": 300," << "\"steps\": 300"
                               << QStringList{"line 3", "JSON"};
        QTest::newRow("parameters no object")
            << "\"params\": {" << "\"params\": 3, \"layout\": {" << QStringList{};
        QTest::newRow("number too large")
            << "\"latent.dim\": 3" << "\"latent.dim\": 18446744073709551615"
            << QStringList{"params/latent.dim", "larger"};
        QTest::newRow("infinite") << "\"objective.beta\": 4" << "\"objective.beta\": 1e999"
                                  << QStringList{};
    }
    void refusesBrokenTwins() {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(QStringList, says);
        std::string text = replaced(kGood, from.toStdString(), to.toStdString());
        if (QString(QTest::currentDataTag()) == "truncated") {
            text = std::string(kGood).substr(0, 200);
        }
        const auto [message, status] =
            caught([&] { prepare(parseRecipe(text, "toy.json"), family()); });
        QVERIFY2(!message.empty(), "the broken recipe was accepted");
        QCOMPARE(static_cast<int>(status), static_cast<int>(ExitCode::BadInput));
        QVERIFY(message.find("toy.json") != std::string::npos);
        for (const QString& word : says) {
            QVERIFY2(QString::fromStdString(message).contains(word), message.c_str());
        }
    }

    void everyTruncationIsRefused() {
        const std::string good = kGood;
        for (std::size_t size = 0; size < good.size(); ++size) {
            const auto [message, status] = caught([&] { parseRecipe(good.substr(0, size), "t"); });
            QVERIFY2(!message.empty(), std::to_string(size).c_str());
        }
    }

    void nothingHidesBehindAZeroByte() {
        const auto [message, status] =
            caught([] { parseRecipe(std::string(kGood) + '\0' + "{}", "zero.json"); });
        QVERIFY(message.find("zero byte") != std::string::npos);
    }

    void deepNestingIsRefusedBeforeItRecurses() {
        const auto [message, status] =
            caught([] { parseRecipe(std::string(500'000, '['), "deep.json"); });
        QVERIFY(message.find("32 levels") != std::string::npos);
    }

    void overridesParseAndReplaceParts() {
        const Recipe recipe =
            parseRecipe(replaced(kGood, "\"latent.dim\": 3", "\"prior.sd\": 2.0"), "toy.json");
        const std::vector<std::string> set = {"prior.components=7", "prior=gmm"};
        const Setup setup = prepare(recipe, family(), set);
        QCOMPARE(text(setup.params, "prior"), std::string("prior.gmm"));
        QCOMPARE(integer(setup.params, "prior.components"), Index{7});
        QVERIFY(!setup.params.contains("prior.sd"));  // the recipe's key of the old part is gone
    }

    void badOverridesAreUsageErrors_data() {
        QTest::addColumn<QString>("set");
        QTest::addColumn<QString>("says");
        QTest::newRow("unknown") << "objektive.beta=1" << "'objective.beta'";
        QTest::newRow("range") << "objective.beta=101" << "0 to 100";
        QTest::newRow("text for a number") << "objective.beta=much" << "not a number";
        QTest::newRow("no value") << "objective.beta" << "id=value";
        QTest::newRow("part not chosen") << "prior.components=3" << "unknown";
    }
    void badOverridesAreUsageErrors() {
        QFETCH(QString, set);
        QFETCH(QString, says);
        const Recipe recipe = parseRecipe(kGood, "toy.json");
        const std::vector<std::string> list = {set.toStdString()};
        const auto [message, status] = caught([&] { prepare(recipe, family(), list); });
        QCOMPARE(static_cast<int>(status), static_cast<int>(ExitCode::Usage));
        QVERIFY2(QString::fromStdString(message).contains(says), message.c_str());
    }

    void unknownFamilyNamesTheNearest() {
        const Recipe recipe =
            parseRecipe(replaced(kGood, "\"family\": \"toy\"", "\"family\": \"tos\""), "toy.json");
        const std::vector<ExperimentSpec> specs = {family()};
        const auto [message, status] = caught([&] { familyOf(recipe, specs); });
        QVERIFY2(message.find("'toy'") != std::string::npos, message.c_str());
    }

    void checksCompare_data() {
        QTest::addColumn<QString>("op");
        QTest::addColumn<double>("value");
        QTest::addColumn<bool>("pass");
        const double nan = std::nan("");
        QTest::newRow("< below") << "<" << 0.9 << true;
        QTest::newRow("< equal") << "<" << 1.0 << false;
        QTest::newRow("<= equal") << "<=" << 1.0 << true;
        QTest::newRow("<= above") << "<=" << 1.1 << false;
        QTest::newRow("> above") << ">" << 1.1 << true;
        QTest::newRow("> equal") << ">" << 1.0 << false;
        QTest::newRow(">= equal") << ">=" << 1.0 << true;
        QTest::newRow(">= below") << ">=" << 0.9 << false;
        QTest::newRow("in low") << "in" << 1.0 << true;
        QTest::newRow("in high") << "in" << 2.0 << true;
        QTest::newRow("in outside") << "in" << 2.01 << false;
        for (const char* op : {"<", "<=", ">", ">=", "in"}) {
            QTest::addRow("%s not a number", op) << op << nan << false;
        }
    }
    void checksCompare() {
        QFETCH(QString, op);
        QFETCH(double, value);
        QFETCH(bool, pass);
        const std::vector<Check> checks = {{"m", op.toStdString(), 1.0, 2.0}};
        QCOMPARE(evaluate(checks, {{"m", value}}).at(0).pass, pass);
    }

    void missingMetricFails() {
        const std::vector<Check> checks = {{"elbo", ">", -1e300, 0}};
        const auto results = evaluate(checks, {{"kl", 1.0}});
        QVERIFY(!results.at(0).pass);
        QVERIFY(std::isnan(results.at(0).value));
    }

    void bookRefusesDuplicates() {
        RecipeBook book;
        book.add(parseRecipe(kGood, "one.json"));
        const auto [message, status] = caught([&] { book.add(parseRecipe(kGood, "two.json")); });
        QVERIFY(message.find("one.json") != std::string::npos);
        QVERIFY(message.find("two.json") != std::string::npos);
        QCOMPARE(book.all().size(), std::size_t{1});
    }

    void bookReadsAFolderAndAUsersFile() {
        QTemporaryDir dir;
        const std::filesystem::path folder = dir.path().toStdString();
        std::filesystem::create_directories(folder / "recipes");
        std::filesystem::create_directories(folder / "lessons");
        std::ofstream(folder / "recipes" / "a.json") << kGood;
        std::ofstream(folder / "recipes" / "b.json") << "{";
        std::ofstream(folder / "lessons" / "toy.md") << "# Lesson";
        std::ofstream(folder / "mine.json") << replaced(kGood, "toy-one", "mine");
        std::vector<std::string> problems;
        const RecipeBook book = RecipeBook::shipped(folder, problems);
        QCOMPARE(problems.size(), std::size_t{1});
        QVERIFY(problems[0].find("b.json") != std::string::npos);
        QVERIFY(book.find("toy-one") != nullptr);
        QCOMPARE(book.lesson(*book.find("toy-one")), std::string("# Lesson"));
        QCOMPARE(book.open((folder / "mine.json").string()).id, std::string("mine"));
        const auto [message, status] = caught([&] { book.open("toy-on"); });
        QVERIFY2(message.find("'toy-one'") != std::string::npos, message.c_str());
        QCOMPARE(static_cast<int>(status), static_cast<int>(ExitCode::Usage));
    }

    void everyShippedRecipeParsesAndHasItsLesson() {
        std::vector<std::string> problems;
        const RecipeBook book = RecipeBook::shipped(LX_SOURCE_DIR "/resources", problems);
        QVERIFY2(problems.empty(), problems.empty() ? "" : problems[0].c_str());
        QVERIFY(book.find("vae-fashion") != nullptr);
        QVERIFY(book.find("vae-shapes") != nullptr);
        for (const Recipe& recipe : book.all()) {
            QVERIFY2(book.lesson(recipe).size() > 200, recipe.id.c_str());
            QVERIFY2(!recipe.reference.empty(), recipe.id.c_str());
            QVERIFY2(!recipe.checks.empty(), recipe.id.c_str());
        }
        // Built in: the same recipes without any folder.
        const RecipeBook bare = RecipeBook::shipped({}, problems);
        QCOMPARE(bare.all().size(), book.all().size());
        QCOMPARE(bare.lesson(*bare.find("vae-fashion")), book.lesson(*book.find("vae-fashion")));
    }
};

QTEST_GUILESS_MAIN(TestRecipe)
#include "tst_recipe.moc"
