// SPDX-License-Identifier: GPL-3.0-or-later
// Prints the speed figures of drawing; fails only where they are missed several times over.
#include "core/render/bench.h"

#include <QtTest>

using namespace lx::render;

class TestRenderSpeed : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rowsAreMeasured_data() {
        QTest::addColumn<bool>("software");
        QTest::newRow("as the program draws") << false;
        QTest::newRow("software Vulkan") << true;
    }
    void rowsAreMeasured() {
        QFETCH(bool, software);
        RendererOptions options;
        options.software = software;
        const auto renderer = Renderer::create(options);
        auto names = benchNames();
        if (software) {  // a minute of trails would tell nothing new
            std::erase_if(names,
                          [](const auto& name) { return name.starts_with("render.trails"); });
        }
        const auto rows = bench(*renderer, names);
        QCOMPARE(rows.size(), names.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            QCOMPARE(rows[i].name, names[i]);
        }
        QCOMPARE(bench(*renderer, std::vector<std::string>{"render.field.cpu"}).size(),
                 std::size_t{1});
        QVERIFY(bench(*renderer, std::vector<std::string>{"render.unknown"}).empty());
        for (const BenchRow& row : rows) {
            qInfo("%s on %s: %.2f %s", row.name.c_str(), renderer->info().device.c_str(), row.value,
                  row.unit.c_str());
            QCOMPARE(row.unit, std::string("ms"));
            QVERIFY(row.value > 0);
        }
    }
};

QTEST_GUILESS_MAIN(TestRenderSpeed)
#include "tst_render_speed.moc"
