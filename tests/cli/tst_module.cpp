// SPDX-License-Identifier: GPL-3.0-or-later
// What the two binaries import: files never run code (A3), and LibTorch and Vulkan never meet in
// one binary.
#include "tests/cli/program.h"

#include <QRegularExpression>
#include <QTest>

using namespace lx::test;

namespace {

QByteArray toolOutput(const QString& tool, const QStringList& arguments) {
    QProcess process;
    process.start(tool, arguments);
    return process.waitForFinished(120'000) && process.exitCode() == 0
               ? process.readAllStandardOutput()
               : QByteArray();
}

/// Imported functions that read pickles or scripts, or hand text to a shell.
QStringList forbidden(const QByteArray& symbols) {
    static const QRegularExpression pattern(QStringLiteral(
        "torch::jit::(load|import|pickle|unpickle|Unpickler)|torch::load|torch::pickle|"
        "serialize::InputArchive|PyTorchStreamReader|\\bU (system|popen|execl|execv\\w*)\\b"));
    QStringList found;
    for (const QByteArray& line : symbols.split('\n')) {
        const QString text = QString::fromUtf8(line);
        if (text.contains(pattern)) {
            found << text.trimmed();
        }
    }
    return found;
}

}  // namespace

class TestModule : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingImportedReadsPicklesOrRunsCommands() {
        for (const QString& binary : {kModule, kProgram}) {
            const QByteArray symbols = toolOutput("nm", {"-D", "-C", "--undefined-only", binary});
            QVERIFY2(symbols.count('\n') > 100, qPrintable(binary));  // nm saw something
            const QStringList found = forbidden(symbols);
            QVERIFY2(found.isEmpty(), qPrintable(found.join('\n')));
        }
        QVERIFY(toolOutput("nm", {"-D", "-C", "--undefined-only", kModule}).contains("at::"));
    }

    void theTestSeesPlantedImports() {
        QCOMPARE(forbidden("                 U torch::jit::load(std::string const&)").size(), 1);
        QCOMPARE(
            forbidden("                 U torch::serialize::InputArchive::InputArchive()").size(),
            1);
        QCOMPARE(forbidden("                 U system@GLIBC_2.2.5").size(), 1);
        QCOMPARE(forbidden("                 U std::system_error::what() const").size(), 0);
    }

    void torchAndVulkanStayApart() {
        const QByteArray module = toolOutput("readelf", {"-d", kModule});
        const QByteArray program = toolOutput("readelf", {"-d", kProgram});
        QVERIFY(module.contains("libtorch"));
        QVERIFY(!module.contains("libvulkan") && !module.contains("libQt6"));
        QVERIFY(program.contains("NEEDED"));
        QVERIFY(!program.contains("libtorch") && !program.contains("libc10"));
        QVERIFY(!program.contains("libgomp"));  // the environment is set before OpenMP is loaded
    }

    void theModuleExportsItsEntryOnly() {
        const QByteArray symbols = toolOutput("nm", {"-D", "--defined-only", kModule});
        QVERIFY2(symbols.contains(" T lx_engine"), symbols);
        QVERIFY2(symbols.count('\n') <= 3, symbols);
    }
};

QTEST_GUILESS_MAIN(TestModule)
#include "tst_module.moc"
