// SPDX-License-Identifier: GPL-3.0-or-later
#include "io_support.h"

#include "core/base/philox.h"

#include <algorithm>

namespace lx::test {

std::string refusal(const std::function<void()>& call) {
    try {
        call();
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

bool same(const Array& a, const Array& b) {
    return a.defined() == b.defined() && a.dtype() == b.dtype() &&
           std::ranges::equal(a.shape(), b.shape()) && std::ranges::equal(a.bytes(), b.bytes());
}

bool same(const State& a, const State& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && same(x.second, y.second);
    });
}

bool same(const Project& a, const Project& b) {
    return a.settings == b.settings && same(a.state, b.state);
}

Bytes bytesOf(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

Bytes bytesOf(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) {
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

Bytes fixture(const std::string& name) {
    return readFile(std::string(LX_SOURCE_DIR) + "/tests/unit/io/fixtures/" + name);
}

Project sampleProject(std::uint64_t seed, Index kilobytes) {
    std::vector<float> weights(static_cast<std::size_t>(kilobytes) * 224);
    fillNormal({seed, 1}, weights);
    std::vector<Index> order(static_cast<std::size_t>(kilobytes) * 8);
    fillBelow({seed, 2}, 1000, order);
    Project project;
    project.state["decoder.weight"] = Array({kilobytes, 224}, weights);
    project.state["optimiser.step"] = Array({}, std::vector<double>{static_cast<double>(seed)});
    project.state["order"] = Array({static_cast<Index>(order.size())}, order);
    project.state["mask"] = Array({3}, std::vector<std::uint8_t>{0, 1, 255});
    project.state["empty"] = Array({0, 4}, std::vector<float>{});
    project.settings = {{"recipe", "vae-fashion"},
                        {"seed", std::to_string(seed)},
                        {"note", "Schlüssel \"ü\" and\na second line"}};
    return project;
}

}  // namespace lx::test
