// SPDX-License-Identifier: GPL-3.0-or-later
// A record from noise to data in the test's hand.
#pragma once

#include "tests/gui/chain_bench.h"
#include "ui/viewport/scene_widget.h"

namespace lx::test {

/// Two particles at four times: one goes from (1, 0) to (4, 3), the other from (-1, 0) to (-4, -3).
inline std::map<std::string, Array> record() {
    std::vector<float> path;
    for (int t = 0; t < 4; ++t) {
        for (const float side : {1.0F, -1.0F}) {
            path.push_back(side * static_cast<float>(1 + t));
            path.push_back(side * static_cast<float>(t));
        }
    }
    return {{"trajectory", floatsOf({4, 2, 2}, path)},
            {"trajectory.time", floatsOf({4}, {1, 0.5F, 0.25F, 0})},
            {"trajectory.log_snr", floatsOf({4}, {-6, 0, 2, 8})},
            {"data", floatsOf({3, 2}, {0, 1, 2, 3, 4, 5})}};
}

inline ui::SceneWidget* pane(const ui::View& view, const char* name) {
    for (ui::SceneWidget* scene : view.findChildren<ui::SceneWidget*>()) {
        if (scene->accessibleName() == QLatin1String(name)) {
            return scene;
        }
    }
    return nullptr;
}

}  // namespace lx::test
