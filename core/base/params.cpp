// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace lx {
namespace {

constexpr std::string_view kTypeNames[] = {"bool", "integer", "number", "text", "numbers"};

std::string formatNumber(double value) {
    char buffer[32];
    const auto [end, status] = std::to_chars(buffer, buffer + sizeof buffer, value);
    return status == std::errc{} ? std::string(buffer, end) : std::string("nan");
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

template <class T>
std::optional<T> readNumber(std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
    }
    T value{};
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

[[noreturn]] void refuse(const ParamDecl& decl, const std::string& why) {
    throw UsageError("parameter '" + decl.id + "': " + why);
}

std::string rangeText(const ParamDecl& decl) {
    const std::string low = decl.min ? formatNumber(*decl.min) : "-infinity";
    const std::string high = decl.max ? formatNumber(*decl.max) : "infinity";
    return low + " to " + high + (decl.unit.empty() ? "" : " " + decl.unit);
}

void requireRange(const ParamDecl& decl, double value) {
    if (!std::isfinite(value) || (decl.min && value < *decl.min) ||
        (decl.max && value > *decl.max)) {
        refuse(decl, formatNumber(value) + " is outside its range, " + rangeText(decl));
    }
}

std::string joined(std::span<const std::string> words) {
    std::string all;
    for (const auto& word : words) {
        all += (all.empty() ? "" : ", ") + word;
    }
    return all;
}

std::string fullChoice(const ParamDecl& decl, const std::string& value) {
    if (decl.choices.empty() || std::ranges::find(decl.choices, value) != decl.choices.end()) {
        return value;
    }
    for (const auto& choice : decl.choices) {
        const auto dot = choice.find('.');
        if (dot != std::string::npos && std::string_view(choice).substr(dot + 1) == value) {
            return choice;
        }
    }
    refuse(decl, "'" + value + "' is not one of " + joined(decl.choices));
}

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

template <class T>
const T& typed(const ParamSet& set, std::string_view id, std::string_view type) {
    const auto found = set.find(id);
    if (found == set.end()) {
        throw UsageError("parameter '" + std::string(id) + "' is not declared here");
    }
    const T* value = std::get_if<T>(&found->second);
    if (value == nullptr) {
        throw UsageError("parameter '" + std::string(id) + "' is " +
                         std::string(typeName(found->second)) + ", used as " + std::string(type));
    }
    return *value;
}

}  // namespace

std::string_view typeName(const ParamValue& value) noexcept {
    return kTypeNames[value.index()];
}

const ParamDecl* find(std::span<const ParamDecl> decls, std::string_view id) noexcept {
    const auto found = std::ranges::find(decls, id, &ParamDecl::id);
    return found == decls.end() ? nullptr : &*found;
}

ParamValue parse(const ParamDecl& decl, std::string_view text) {
    const std::string_view word = trimmed(text);
    switch (decl.initial.index()) {
        case 0:
            if (word == "true" || word == "1" || word == "on" || word == "yes") {
                return true;
            }
            if (word == "false" || word == "0" || word == "off" || word == "no") {
                return false;
            }
            refuse(decl, "'" + std::string(word) + "' is neither true nor false");
        case 1:
            if (const auto value = readNumber<Index>(word)) {
                return checked(decl, *value);
            }
            if (const auto value = readNumber<double>(word)) {
                return checked(decl, *value);
            }
            refuse(decl, "'" + std::string(word) + "' is not a whole number");
        case 2:
            if (const auto value = readNumber<double>(word)) {
                return checked(decl, *value);
            }
            refuse(decl, "'" + std::string(word) + "' is not a number");
        case 3: return checked(decl, std::string(text));
        default: break;
    }
    std::vector<double> list;
    for (std::size_t at = 0; at <= word.size() && !word.empty();) {
        const std::size_t comma = std::min(word.find(',', at), word.size());
        const auto value = readNumber<double>(word.substr(at, comma - at));
        if (!value) {
            refuse(decl, "'" + std::string(word.substr(at, comma - at)) +
                             "' is not a number; write 1,2,3");
        }
        list.push_back(*value);
        at = comma + 1;
    }
    return checked(decl, std::move(list));
}

ParamValue checked(const ParamDecl& decl, ParamValue value) {
    if (decl.initial.index() == 1) {
        if (const double* real = std::get_if<double>(&value);
            real != nullptr && std::floor(*real) == *real && std::abs(*real) < 9.0e15) {
            value = static_cast<Index>(*real);
        }
    } else if (decl.initial.index() == 2) {
        if (const Index* whole = std::get_if<Index>(&value)) {
            value = static_cast<double>(*whole);
        }
    } else if (decl.initial.index() == 4) {
        if (const Index* whole = std::get_if<Index>(&value)) {
            value = std::vector<double>{static_cast<double>(*whole)};
        } else if (const double* real = std::get_if<double>(&value)) {
            value = std::vector<double>{*real};
        }
    }
    if (value.index() != decl.initial.index()) {
        refuse(decl, "takes " + std::string(typeName(decl.initial)) + ", given " +
                         std::string(typeName(value)));
    }
    if (const Index* whole = std::get_if<Index>(&value)) {
        requireRange(decl, static_cast<double>(*whole));
    } else if (const double* real = std::get_if<double>(&value)) {
        requireRange(decl, *real);
    } else if (const auto* list = std::get_if<std::vector<double>>(&value)) {
        for (const double entry : *list) {
            requireRange(decl, entry);
        }
    } else if (const auto* word = std::get_if<std::string>(&value)) {
        value = fullChoice(decl, *word);
    }
    return value;
}

std::string format(const ParamValue& value) {
    return std::visit(
        [](const auto& held) -> std::string {
            using T = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<T, bool>) {
                return held ? "true" : "false";
            } else if constexpr (std::is_same_v<T, Index>) {
                return std::to_string(held);
            } else if constexpr (std::is_same_v<T, double>) {
                return formatNumber(held);
            } else if constexpr (std::is_same_v<T, std::string>) {
                return held;
            } else {
                std::string list;
                for (const double entry : held) {
                    list += (list.empty() ? "" : ",") + formatNumber(entry);
                }
                return list;
            }
        },
        value);
}

ParamSet resolve(std::span<const ParamDecl> decls, const ParamSet& given) {
    ParamSet resolved;
    for (const auto& decl : decls) {
        resolved.emplace(decl.id, decl.initial);
    }
    for (const auto& [id, value] : given) {
        const ParamDecl* decl = find(decls, id);
        if (decl == nullptr) {
            std::vector<std::string> ids;
            std::ranges::transform(decls, std::back_inserter(ids), &ParamDecl::id);
            const std::string near = nearest(id, ids);
            throw UsageError("unknown parameter '" + id + "'" +
                             (near.empty() ? "" : "; the nearest known one is '" + near + "'"));
        }
        resolved[id] = checked(*decl, value);
    }
    return resolved;
}

ParamValue chosen(const ParamDecl& decl, const ParamSet& given) {
    const auto found = given.find(decl.id);
    return found == given.end() ? decl.initial : checked(decl, found->second);
}

ParamSet only(const ParamSet& params, std::span<const ParamDecl> decls) {
    ParamSet out;
    for (const auto& [id, value] : params) {
        if (find(decls, id) != nullptr) {
            out.emplace(id, value);
        }
    }
    return out;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    std::string best;
    std::size_t bestDistance = std::max<std::size_t>(3, word.size() / 2) + 1;
    for (const auto& candidate : candidates) {
        const std::size_t distance = editDistance(word, candidate);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = candidate;
        }
    }
    return best;
}

bool flag(const ParamSet& set, std::string_view id) {
    return typed<bool>(set, id, "bool");
}
Index integer(const ParamSet& set, std::string_view id) {
    return typed<Index>(set, id, "integer");
}
double number(const ParamSet& set, std::string_view id) {
    return typed<double>(set, id, "number");
}
const std::string& text(const ParamSet& set, std::string_view id) {
    return typed<std::string>(set, id, "text");
}
const std::vector<double>& numbers(const ParamSet& set, std::string_view id) {
    return typed<std::vector<double>>(set, id, "numbers");
}

}  // namespace lx
