// SPDX-License-Identifier: GPL-3.0-or-later
// A recipe names an experiment family, its parameters, the layout, the lesson and the checks.
#pragma once

#include "core/session/experiment.h"

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lx {

/// One acceptance threshold on a metric. `op` is <, <=, >, >= or in; `in` means
/// threshold <= value <= upper, and the other operators leave `upper` alone.
struct Check {
    std::string name, op;
    double threshold = 0, upper = 0;
};

/// `value` is not-a-number when the run has no such metric; that check fails.
struct CheckResult {
    Check check;
    double value = 0;
    bool pass = false;
};

/// "< 0.15" or "in [0.1, 0.2]".
std::string limitText(const Check&);

std::vector<CheckResult> evaluate(std::span<const Check>,
                                  const std::map<std::string, double>& metrics);

struct Recipe {
    std::string id, title, family, reference, layout;
    std::string lesson;  ///< name of a Markdown file in resources/lessons; may be empty
    std::string source;  ///< file it was read from, or "built in"
    std::string text;    ///< the JSON as read, so that errors can name a line
    Clock clock = Clock::Train;
    Index steps = 0;  ///< total on `clock`; checks are calibrated for it
    std::uint64_t seed = 0;
    ParamSet params;  ///< as written; resolve() adds the defaults
    std::vector<std::string> views;
    std::vector<Check> checks;
};

/// "train", "sample" or "diffuse".
std::string_view nameOf(Clock) noexcept;

/// Reads one recipe; `source` is named in errors. Throws InputError with line and JSON place on
/// malformed JSON, a repeated or unknown key, a missing or mistyped field.
Recipe parseRecipe(std::string_view json, const std::string& source);
/// As above from a file of at most 1 MiB.
Recipe readRecipe(const std::filesystem::path&);

/// A recipe made ready to run: complete parameters and what the family says of them.
struct Setup {
    ParamSet params;
    Description description;
};

/// Validates the recipe's parameters against the family's declarations, then applies `overrides`
/// ("id=value"). An override that chooses another part drops the recipe's keys of the old part.
/// A key of the recipe that is unknown or out of range is an InputError with its place; one in
/// `overrides` is a UsageError. Both name the nearest key or the range.
Setup prepare(const Recipe&, const ExperimentSpec&, std::span<const std::string> overrides = {});

/// The family of `recipe`. Throws InputError naming the nearest family.
const ExperimentSpec& familyOf(const Recipe&, std::span<const ExperimentSpec>);

}  // namespace lx
