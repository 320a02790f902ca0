// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/project.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        const lx::Project project = lx::loadProject(bytes, "fuzz");
        const lx::Project again = lx::loadProject(lx::encodeProject(project), "fuzz");
        lx::fuzz::demand(
            lx::fuzz::same(project.state, again.state) && project.settings == again.settings,
            "a project reads back equal");
    } catch (const lx::InputError&) {
    }
    return 0;
}
