// SPDX-License-Identifier: GPL-3.0-or-later
// A run that publishes what a latent geometry does, on the sphere, where all of it is known.
#pragma once

#include "core/geometry/analytic.h"
#include "core/geometry/geodesic.h"
#include "tests/gui/stage_bench.h"
#include "tests/support/fake_experiment.h"

#include <cmath>
#include <numbers>

namespace lx::test {

inline constexpr Index kPathKnots = 33, kPathFrames = 11;

/// The answers of a hand are the same arrays, but for `path` instead of `geodesic`.
inline State pathArrays(const std::vector<double>& from, const std::vector<double>& to,
                        const std::string& warning = {}) {
    const auto metric = sphereMetric();
    const std::vector<std::vector<double>> paths{
        geodesic(metric, from, to, {.knots = kPathKnots}).path, straightPath(from, to, kPathKnots),
        sphericalPath(from, to, kPathKnots)};
    State out;
    std::vector<double> speed, spread;
    const char* names[] = {"geodesic", "straight", "spherical"};
    const char* strips[] = {"frames", "straight_frames", "spherical_frames"};
    for (std::size_t k = 0; k < 3; ++k) {
        const std::vector<double>& z = paths[k];
        const auto rows = static_cast<Index>(z.size() / 2);
        out[names[k]] = Array({rows, 2}, z);
        const std::vector<double> v =
            rows > 0 ? pathSpeed(*metric, z) : std::vector<double>(kPathKnots - 1, NAN);
        speed.insert(speed.end(), v.begin(), v.end());
        for (Index i = 0; i < kPathKnots; ++i) {
            const auto at = static_cast<std::size_t>(2 * i);
            spread.push_back(rows > 0 ? 1 + std::hypot(z[at], z[at + 1]) : NAN);
        }
        const std::vector<double> even =
            rows > 0 ? resampled(*metric, z, kPathFrames) : std::vector<double>();
        const std::vector<float> codes(even.begin(), even.end());
        out[strips[k]] =
            Array({rows > 0 ? kPathFrames : 0, kFakeImage, kFakeImage}, fakeDecode(codes, 2, 1));
    }
    out["speed"] = Array({3, kPathKnots - 1}, speed);
    out["uncertainty"] = Array({3, kPathKnots}, spread);
    const auto text = [](const std::string& words) {
        return Array(DType::U8, {std::ssize(words)}, std::as_bytes(std::span(words)));
    };
    out["warning"] = text(warning);
    out["geometry"] = text("title\tSphere\nlarge\tLarge at the origin.\nstate\tconverged" +
                           (warning.empty() ? std::string() : "\nwarning\t" + warning));
    constexpr Index kSide = 33;
    std::vector<float> field, ellipses;
    for (Index i = 0; i < kSide * kSide; ++i) {
        const double x = -2 + 4.0 * double(i % kSide) / (kSide - 1);
        const double y = -2 + 4.0 * double(i / kSide) / (kSide - 1);
        field.push_back(static_cast<float>(2 * std::log10(2 / (1 + x * x + y * y))));
        if (i % kSide % 4 == 2 && i / kSide % 4 == 2) {
            const auto r = static_cast<float>(0.05 * (1 + x * x + y * y));
            ellipses.insert(ellipses.end(),
                            {static_cast<float>(x), static_cast<float>(y), 0, r, r / 2, 0});
        }
    }
    std::vector<float> ring;
    for (int k = 0; k <= 48; ++k) {
        const double t = 2 * std::numbers::pi * k / 48;
        ring.push_back(static_cast<float>(from[0] + 0.4 * std::cos(t)));
        ring.push_back(static_cast<float>(from[1] + 0.4 * std::sin(t)));
    }
    out["magnification"] = Array({kSide, kSide}, field);
    out["magnification.extent"] = Array({4}, std::vector<float>{-2, -2, 2, 2});
    out["indicatrix"] = Array({std::ssize(ellipses) / 6, 6}, ellipses);
    out["equidistance"] = Array({1, 49, 2}, ring);
    return out;
}

inline std::shared_ptr<const Description> describePaths() {
    auto d = std::make_shared<Description>(*describeStage(2, {kFakeImage, kFakeImage}));
    for (const char* id : {"geodesic", "straight", "spherical"}) {
        d->channels.push_back({id, "path", "latent", "[knots, 2]", "", Clock::Train});
    }
    d->channels.push_back({"speed", "speed", "", "[3, knots - 1]", "", Clock::Train});
    d->channels.push_back({"uncertainty", "uncertainty", "", "[3, knots]", "", Clock::Train});
    for (const char* id : {"frames", "straight_frames", "spherical_frames"}) {
        d->channels.push_back({id, "image_batch", "data", "[N, H, W]", "", Clock::Train});
    }
    d->channels.push_back({"magnification", "grid2", "latent", "[r, c]", "log10", Clock::Train});
    d->channels.push_back({"indicatrix", "ellipses", "latent", "[n, 6]", "", Clock::Train});
    d->channels.push_back({"equidistance", "rings", "latent", "[r, p, 2]", "", Clock::Train});
    d->channels.push_back({"geometry", "facts", "", "text", "", Clock::Train});
    return d;
}

inline void publishPaths(NumberedSession& session, const State& arrays) {
    session.publish([&](Snapshot& s) {
        for (const auto& [id, array] : arrays) {
            session.set(s, id, array);
        }
    });
}

}  // namespace lx::test
