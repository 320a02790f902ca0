// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace lx {

/// Names a stream of random numbers. A value: never advanced in place.
struct Key {
    std::uint64_t seed = 0, stream = 0;
    friend bool operator==(const Key&, const Key&) = default;
};

constexpr std::uint64_t splitmix64(std::uint64_t x) noexcept {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

/// The stream of `parent` that belongs to `name` (data, init, train, sample, view, ...).
/// Independent of the order in which streams are derived.
constexpr Key derive(Key parent, std::string_view name) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a, 64 bits
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    }
    return {parent.seed, splitmix64(parent.stream ^ splitmix64(hash))};
}

/// The stream of `parent` for one step, so that a run can be resumed at any step.
constexpr Key derive(Key parent, std::uint64_t step) noexcept {
    return {parent.seed, splitmix64(parent.stream + 0x632BE59BD9B4E019ULL * (step + 1))};
}

}  // namespace lx
