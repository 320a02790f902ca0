// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/diagnostics/selftest.h"
#include "core/geometry/selftest.h"
#include "core/recipes/json_text.h"
#include "core/samplers/selftest.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace lx::cli {

namespace {

template <class Check>
std::vector<SelfTestRow> valueRows(const std::vector<Check>& checks) {
    std::vector<SelfTestRow> rows;
    for (const auto& check : checks) {
        rows.push_back({check.name, check.value, check.expected, check.tolerance, check.pass});
    }
    return rows;
}

}  // namespace

std::vector<SelfTestPart> ownSelfTestParts() {
    std::vector<SelfTestPart> parts{
        {"geometry", [] { return valueRows(geometrySelftest()); }},
        {"diagnostics", [] { return valueRows(diagnostics::diagnosticSelftest()); }}};
    for (const SamplerSpec& spec : samplerSpecs()) {
        parts.push_back(
            {"sampler " + spec.id, [spec] { return scoreRows(samplerSelftest({spec})); }});
    }
    return parts;
}

ExitCode selfTestCommand(const SelfTestOptions& options, const Host& host) {
    auto rows = host.engine().selfTest();
    bool failed = rows.empty();
    for (const SelfTestPart& part : host.selfTest) {
        const auto more = part.run();
        failed = failed || more.empty();
        rows.insert(rows.end(), more.begin(), more.end());
    }
    failed = failed || std::ranges::any_of(rows, [](const auto& r) { return !r.pass; });
    if (options.json) {
        Json list = Json::array();
        for (const auto& row : rows) {
            list.push_back({{"name", row.name},
                            {"value", row.value},
                            {"expected", row.expected},
                            {"tolerance", row.tolerance},
                            {"pass", row.pass}});
        }
        host.out << list.dump(2) << std::endl;
    } else {
        for (const auto& row : rows) {
            char line[256];
            std::snprintf(line, sizeof line, "%s  %-40s %.8g, expected %.8g within %.2g\n",
                          row.pass ? "pass" : "FAIL", row.name.c_str(), row.value, row.expected,
                          row.tolerance);
            host.out << line;
        }
        host.out << std::flush;
    }
    return failed ? ExitCode::CheckFailed : ExitCode::Done;
}

}  // namespace lx::cli
