// SPDX-License-Identifier: GPL-3.0-or-later
// Runs of the family that are small enough for a test.
#pragma once

#include "core/base/params.h"

namespace lx::test {

inline ParamSet shapes() {
    return {{"data.source", std::string("data.shapes16")},
            {"data.count", Index{1000}},
            {"network.hidden", std::vector<double>{32}},
            {"train.batch", Index{32}}};
}

inline ParamSet conv() {
    ParamSet set = shapes();
    set.erase("network.hidden");
    set["network"] = std::string("net.conv");
    set["network.channels"] = std::vector<double>{4, 8};
    return set;
}

}  // namespace lx::test
