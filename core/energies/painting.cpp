// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/painting.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

constexpr std::size_t kMaxStrokes = 2000, kMaxNumbers = 200000;

void requireSane(const Stroke& stroke, std::size_t number) {
    const std::string where = "stroke " + std::to_string(number + 1) + " of the painting: ";
    if (stroke.points.size() < 2 || stroke.points.size() % 2 != 0) {
        throw UsageError(where + "expected at least one point of two coordinates");
    }
    if (!(stroke.radius > 0) || !std::isfinite(stroke.radius)) {
        throw UsageError(where + "the radius must be positive");
    }
    // Sums of any number of strokes stay finite.
    if (!(stroke.weight >= 0 && stroke.weight <= 1e6)) {
        throw UsageError(where + "the weight must lie between 0 and 1e6");
    }
    if (!std::ranges::all_of(stroke.points, [](double x) { return std::abs(x) <= 1e6; })) {
        throw UsageError(where + "a point lies beyond 1e6 or is not a number");
    }
}

}  // namespace

Painting::Painting(std::vector<Stroke> strokes) : m_strokes(std::move(strokes)) {
    std::size_t numbers = 0;
    for (std::size_t i = 0; i < m_strokes.size(); ++i) {
        requireSane(m_strokes[i], i);
        numbers += 4 + m_strokes[i].points.size();
    }
    if (m_strokes.size() > kMaxStrokes || numbers > kMaxNumbers) {
        throw UsageError("a painting holds at most " + std::to_string(kMaxStrokes) +
                         " strokes and " + std::to_string(kMaxNumbers) + " numbers");
    }
}

Painting Painting::with(Stroke stroke) const {
    std::vector<Stroke> strokes = m_strokes;
    strokes.push_back(std::move(stroke));
    return Painting(std::move(strokes));
}

Painting Painting::undone() const {
    Painting out = *this;
    if (canUndo()) {
        out.m_undone.push_back(std::move(out.m_strokes.back()));
        out.m_strokes.pop_back();
    }
    return out;
}

Painting Painting::redone() const {
    Painting out = *this;
    if (canRedo()) {
        out.m_strokes.push_back(std::move(out.m_undone.back()));
        out.m_undone.pop_back();
    }
    return out;
}

std::vector<double> Painting::encode() const {
    std::vector<double> out;
    for (const Stroke& stroke : m_strokes) {
        out.insert(out.end(), {stroke.erase ? 1.0 : 0.0, stroke.weight, stroke.radius,
                               static_cast<double>(stroke.points.size() / 2)});
        out.insert(out.end(), stroke.points.begin(), stroke.points.end());
    }
    return out;
}

Painting Painting::decode(std::span<const double> numbers) {
    if (numbers.size() > kMaxNumbers) {
        throw UsageError("energy.strokes holds at most " + std::to_string(kMaxNumbers) +
                         " numbers");
    }
    std::vector<Stroke> strokes;
    for (std::size_t i = 0; i < numbers.size();) {
        const auto fail = [&](const std::string& what) {
            throw UsageError("energy.strokes, number " + std::to_string(i + 1) + ": " + what);
        };
        const std::size_t left = numbers.size() - i;
        if (left < 6) {
            fail("a stroke is erase, weight, radius, n and n points of two numbers");
        }
        if (numbers[i] != 0 && numbers[i] != 1) {
            fail("expected 0 for paint or 1 for the eraser");
        }
        const double count = numbers[i + 3];
        if (!(count >= 1) || count != std::floor(count) ||
            count > static_cast<double>((left - 4) / 2)) {
            i += 3;
            fail("this many points do not follow");
        }
        const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(i + 4);
        const auto length = 2 * static_cast<std::ptrdiff_t>(count);
        strokes.push_back(
            {{first, first + length}, numbers[i + 2], numbers[i + 1], numbers[i] == 1});
        i += 4 + static_cast<std::size_t>(length);
    }
    return Painting(std::move(strokes));
}

}  // namespace lx
