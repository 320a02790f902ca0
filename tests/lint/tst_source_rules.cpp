// SPDX-License-Identifier: GPL-3.0-or-later
// Rules that a reader of a line can check: licence line, length, a body's own header first, calls
// that are banned because they run foreign code, draw from hidden generators, or read numbers by
// locale.
#include <QDirIterator>
#include <QRegularExpression>
#include <QtTest>

namespace {

struct Ban {
    const char* name;
    QRegularExpression pattern;
};

const std::vector<Ban>& bans() {
    const auto call = [](const char* name, const QString& pattern) {
        return Ban{name, QRegularExpression(pattern)};
    };
    static const std::vector<Ban> list{
        call("torch::load", "\\b(torch|jit)\\s*::\\s*load\\b"),
        call("pickle_load", "\\bpickle_load\\b"),
        call("torch::manual_seed", "\\bmanual_seed\\b"),
        call("std::rand", "\\b(std\\s*::\\s*)?s?rand\\s*\\("),
        call("std::random_device", "\\brandom_device\\b"),
        call("system", "(?<![A-Za-z0-9_.>])(std\\s*::\\s*|::)?system\\s*\\("),
        call("popen", "\\bpopen\\s*\\("),
        call("strtod", "\\b(strto(d|f|ld)|atof|sscanf)\\s*\\("),
        call("std::stod", "\\b(std\\s*::\\s*)sto(d|f|ld)\\b"),
        // Back to "C" (its letter is blanked here) is what keeps numbers readable after
        // QApplication.
        call("setlocale", "\\bsetlocale\\s*\\((?!LC_NUMERIC, \" \"\\))"),
    };
    return list;
}

/// The code of a C++ text: comments and string literals are blanked.
QString codeOf(const QString& text) {
    QString out = text;
    enum { Code, Line, Block, Text, Sign } state = Code;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i], next = i + 1 < text.size() ? text[i + 1] : QChar();
        if (c == '\n') {
            state = state == Block ? Block : Code;
            continue;
        }
        switch (state) {
            case Code:
                if (c == '/' && (next == '/' || next == '*')) {
                    state = next == '/' ? Line : Block;
                    out[i] = ' ';
                } else if (c == '"') {
                    state = Text;
                } else if (c == '\'' && (i == 0 || !text[i - 1].isLetterOrNumber())) {
                    state = Sign;  // 1'000 is a number
                }
                break;
            case Line: out[i] = ' '; break;
            case Block:
                out[i] = ' ';
                if (c == '/' && text[i - 1] == '*') {
                    state = Code;
                }
                break;
            case Text:
            case Sign:
                if (c == '\\') {
                    out[i] = ' ';
                    if (i + 1 < text.size()) {
                        out[++i] = ' ';
                    }
                } else if (c == (state == Text ? '"' : '\'')) {
                    state = Code;
                } else {
                    out[i] = ' ';
                }
                break;
        }
    }
    return out;
}

QStringList violations(const QString& path, const QString& text) {
    QStringList out;
    const bool cpp = path.endsWith(".cpp") || path.endsWith(".h");
    const auto lines = text.split('\n');
    const qsizetype first =
        lines.value(0).startsWith("#!") || lines.value(0).startsWith("#version") ? 1 : 0;
    if (!lines.value(first).contains("SPDX-License-Identifier: GPL-3.0-or-later")) {
        out << path + ": line 1 must be the SPDX line";
    }
    if (cpp && lines.size() > 601) {
        out << path + QString(": %1 lines, at most 600").arg(lines.size() - 1);
    }
    if (cpp && !path.startsWith("tests/")) {
        const QString code = codeOf(text);
        for (const Ban& ban : bans()) {
            const auto match = ban.pattern.match(code);
            if (match.hasMatch()) {
                out << path + QString(":%1: calls %2, which is banned")
                                  .arg(code.first(match.capturedStart()).count('\n') + 1)
                                  .arg(ban.name);
            }
        }
    }
    return out;
}

/// A body that includes its own header first proves that the header stands alone.
bool beginsWithItsHeader(const QString& path, const QString& text) {
    const QString header = path.chopped(4) + ".h";
    static const QRegularExpression include("^#include [<\"]([^>\"]+)",
                                            QRegularExpression::MultilineOption);
    return include.match(text).captured(1) == header;
}

}  // namespace

class TestSourceRules : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theTree() {
        const QDir root(LX_SOURCE_DIR);
        QStringList bad;
        int files = 0, bodies = 0;
        for (const char* folder : {"core", "ui", "app", "shaders", "tests", "resources/cmake"}) {
            QDirIterator it(root.filePath(folder),
                            {"*.h", "*.cpp", "*.cmake", "CMakeLists.txt", "*.vert", "*.frag",
                             "*.comp", "*.glsl"},
                            QDir::Files, QDirIterator::Subdirectories);
            while (it.hasNext()) {
                QFile file(it.next());
                QVERIFY(file.open(QIODevice::ReadOnly));
                const QString path = root.relativeFilePath(file.fileName());
                const QString text = QString::fromUtf8(file.readAll());
                bad << violations(path, text);
                if (path.startsWith("core/") && path.endsWith(".cpp") &&
                    root.exists(path.chopped(4) + ".h")) {
                    ++bodies;
                    if (!beginsWithItsHeader(path, text)) {
                        bad << path + ": must include its own header first";
                    }
                }
                ++files;
            }
        }
        QVERIFY2(files > 50 && bodies > 50, "the check would be blind");
        QVERIFY2(bad.isEmpty(), qPrintable("\n" + bad.join('\n')));
        qInfo("%d files", files);
    }

    void planted_data() {
        QTest::addColumn<QString>("code");
        QTest::addColumn<bool>("refused");
        const auto row = [](const char* code, bool refused) {
            QTest::newRow(code) << QString(code) << refused;
        };
        row("torch::load(x, path);", true);
        row("auto m = torch :: jit::load(path);", true);
        row("torch::manual_seed(1);", true);
        row("int i = std::rand();", true);
        row("srand(3);", true);
        row("std::random_device seed;", true);
        row("std::system(\"ls\");", true);
        row("::system(command);", true);
        row("int r = system (command);", true);
        row("double d = std::stod(text);", true);
        row("double d = strtod(text, nullptr);", true);
        row("d = atof(text);", true);
        row("setlocale(LC_ALL, \"\");", true);
        row("std::setlocale(LC_ALL, \"\");", true);
        row("std::setlocale(LC_NUMERIC, \"C\");", false);
        row("std::setlocale(LC_NUMERIC, \"de_DE\");", true);
        row("fileSystem(x); file.system(); view->system();", false);
        row("// torch::load is never called", false);
        row("/* std::rand() \n std::rand() */ int x = 1'000'000;", false);
        row("say(\"system(x) or strtod(y)\");", false);
        row("operand(x); brand(y); load(z); workload(q);", false);
    }
    void planted() {
        QFETCH(QString, code);
        QFETCH(bool, refused);
        const QString head = "// SPDX-License-Identifier: GPL-3.0-or-later\n";
        QCOMPARE(!violations("core/x.cpp", head + code).isEmpty(), refused);
        QVERIFY(!violations("core/x.cpp", code).isEmpty());  // without the licence line
    }
    void plantedInclude() {
        QVERIFY(beginsWithItsHeader("core/x.cpp", "// x\n#include \"core/x.h\"\n#include <map>\n"));
        QVERIFY(!beginsWithItsHeader("core/x.cpp", "#include <map>\n\n#include \"core/x.h\"\n"));
        QVERIFY(!beginsWithItsHeader("core/x.cpp", "int x;\n"));
    }
    void plantedLength() {
        const QString head = "// SPDX-License-Identifier: GPL-3.0-or-later\n";
        QVERIFY(violations("core/x.h", head + QString("\n").repeated(599)).isEmpty());
        QVERIFY(!violations("core/x.h", head + QString("\n").repeated(600)).isEmpty());
    }
};

QTEST_APPLESS_MAIN(TestSourceRules)
#include "tst_source_rules.moc"
