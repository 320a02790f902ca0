// SPDX-License-Identifier: GPL-3.0-or-later
// The first byte chooses a declaration, the rest is text as --set or a recipe would carry it.
#include "core/base/params.h"
#include "fuzz.h"
#ifdef LX_FUZZ_RECIPES
#include "core/recipes/recipe.h"
#endif

#include <array>
#include <cmath>
#include <string_view>

namespace {

std::array<lx::ParamDecl, 5> declarations() {
    std::array<lx::ParamDecl, 5> list;
    list[0].id = "on", list[0].initial = false;
    list[1].id = "steps", list[1].initial = lx::Index{5}, list[1].min = 0, list[1].max = 1e6;
    list[2].id = "rate", list[2].initial = 0.5, list[2].min = 1e-9;
    list[3].id = "prior", list[3].initial = std::string("prior.normal");
    list[3].choices = {"prior.normal", "prior.gmm"};
    list[4].id = "sizes", list[4].initial = std::vector<double>{1, 2};
    return list;
}

/// A value of the shape the declaration asks for, and its text means the same value.
void parseOne(const lx::ParamDecl& declaration, std::string_view text) {
    try {
        const lx::ParamValue value = lx::parse(declaration, text);
        lx::fuzz::demand(value.index() == declaration.initial.index(), "the declared type");
        const lx::ParamValue again = lx::parse(declaration, lx::format(value));
        lx::fuzz::demand(value == again, "a parameter reads back equal");
    } catch (const lx::UsageError&) {
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto list = declarations();
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 6 < list.size()) {
        parseOne(list[data[0] % 6], text);
        return 0;
    }
#ifdef LX_FUZZ_RECIPES
    try {
        static_cast<void>(lx::parseRecipe(text, "fuzz"));
    } catch (const lx::InputError&) {
    }
#endif
    return 0;
}
