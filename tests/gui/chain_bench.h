// SPDX-License-Identifier: GPL-3.0-or-later
// Views of chains on channels in the test's hand: numbers that are known before.
#pragma once

#include "tests/gui/stage_bench.h"
#include "ui/views/chart_view.h"

#include <cmath>

namespace lx::test {

inline Array text(const std::string& s) {
    return {{static_cast<Index>(s.size())}, std::vector<std::uint8_t>(s.begin(), s.end())};
}

inline Array floatsOf(std::vector<Index> shape, const std::vector<float>& values) {
    return {std::move(shape), values};
}

/// Three chains, numbered 0, 5 and 9, of the variables a, b and energy.
struct ChainBench {
    ui::SessionBridge bridge;
    std::shared_ptr<NumberedSession> session = std::make_shared<NumberedSession>(3);

    ChainBench() {
        bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
        auto d = std::make_shared<Description>();
        d->spaces = {{"target", 2, {2}}};
        for (const auto& [id, kind] : {std::pair{"chains_trail", "trails"},
                                       {"chains_now", "points2"},
                                       {"trace", "trace"},
                                       {"verdict", "verdict"},
                                       {"occupancy", "occupancy"},
                                       {"energy", "grid2"}}) {
            d->channels.push_back({id, kind, "target", "", "", Clock::Sample});
        }
        d->clocks = {Clock::Sample};
        session->told = d;
        session->publish([](Snapshot& s) {
            s.epoch = 1;
            s.step[1] = s.head[1] = 8;
            s.state = RunState::Paused;
        });
        bridge.addRun(session, QStringLiteral("chains"));
        bridge.poll();
    }
    void set(const std::map<std::string, Array>& arrays) {
        session->publish([&](Snapshot& s) {
            for (const auto& [id, array] : arrays) {
                session->set(s, id, array);
            }
        });
        bridge.poll();
    }
    const ui::Frame& frame() { return *bridge.activeFrame(); }

    /// Steps 0 to 8 in four buckets; chain c of variable v has values 10 v + c + bucket, and one
    /// more as its largest.
    std::map<std::string, Array> trace() const {
        std::vector<float> values;
        for (int v = 0; v < 3; ++v) {
            for (int c = 0; c < 3; ++c) {
                for (int p = 0; p < 4; ++p) {
                    const auto low = static_cast<float>(10 * v + c + p);
                    values.insert(values.end(), {low, low + 1});
                }
            }
        }
        return {{"trace", floatsOf({3, 3, 4, 2}, values)},
                {"trace.step", floatsOf({5}, {0, 2, 4, 6, 8})},
                {"trace.warmup", floatsOf({1}, {4})},
                {"trace.names", text("a\nb\nenergy\n")},
                {"trace.chains", Array({3}, std::vector<Index>{0, 5, 9})},
                {"trace.diverged", Array({2, 2}, std::vector<Index>{5, 0, 7, 2})},
                {"trace.rhat", floatsOf({3}, {1.884F, NAN, 1.002F})},
                {"trace.ess", floatsOf({3}, {43.2F, NAN, 812})}};
    }
    /// Chain c ends at (c - 1, 0.5 c).
    std::map<std::string, Array> places() const {
        std::vector<float> trail, now;
        for (int c = 0; c < 3; ++c) {
            for (int k = 0; k < 5; ++k) {
                const auto back = static_cast<float>(4 - k);
                trail.insert(trail.end(), {static_cast<float>(c - 1) - 0.1F * back,
                                           0.5F * static_cast<float>(c) + 0.05F * back});
            }
            now.insert(now.end(), {static_cast<float>(c - 1), 0.5F * static_cast<float>(c)});
        }
        std::vector<float> grid(16 * 16);
        for (std::size_t i = 0; i < grid.size(); ++i) {
            grid[i] = static_cast<float>(i % 16);
        }
        return {{"chains_trail", floatsOf({3, 5, 2}, trail)},
                {"chains_trail.chains", Array({3}, std::vector<Index>{0, 5, 9})},
                {"chains_now", floatsOf({3, 2}, now)},
                {"energy", floatsOf({16, 16}, grid)},
                {"energy.extent", floatsOf({4}, {-2, -2, 2, 2})},
                {"sampler", text("kernel\tmala\nfamily\tlangevin\nchains\t3\ndraws\t4\n")}};
    }
    std::unique_ptr<ui::View> show(const QString& id, QSize size) {
        std::unique_ptr<ui::View> view(ui::findView(id)->make(bridge, nullptr));
        view->setTheme(ui::themeOf(ui::ThemeKind::Light));
        view->resize(size);
        view->show();
        if (!QTest::qWaitForWindowExposed(view.get())) {
            return nullptr;
        }
        QObject::connect(&bridge, &ui::SessionBridge::snapshotChanged, view.get(),
                         [this, v = view.get()] { v->present(bridge.frames()); });
        view->present(bridge.frames());
        QTest::qWait(20);
        return view;
    }
    static const ui::Chart& chartOf(const ui::View& view) {
        return view.findChild<ui::ChartPlot*>()->chart();
    }
};

}  // namespace lx::test
