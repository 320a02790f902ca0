// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/latent_geometry.h"

#include "core/base/decls.h"
#include "core/experiments/autoencoder/latent_draws.h"
#include "core/experiments/autoencoder/path_strips.h"
#include "core/experiments/geometry/pictures.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace lx::autoencoder {
namespace {

using Vector = std::vector<double>;

constexpr Index kIterations = 40;  ///< that a curve on screen may gain from moment to moment
constexpr Index kFinestGrid = 129;
constexpr Index kRaysGrid = 65, kRaysGridOnScreen = 33, kRings = 8;
constexpr Index kSliceOfGrid = 64;  ///< points: some milliseconds
/// A hand that drags keeps the metric of the weights it began with for so long.
constexpr Index kHeldSteps = 50;
constexpr std::chrono::milliseconds kHeldFor{250};
constexpr Index kWholeSearch = 2000;

bool drawn(const std::string& channel) {
    return channel == "mixture_samples" || channel == "riemannian_samples";
}

bool geometric(const std::string& channel) {
    return channel == "geodesic" || channel == "straight" || channel == "speed" ||
           channel == "spherical" || channel == "uncertainty" || channel == "frames" ||
           channel == "straight_frames" || channel == "spherical_frames" ||
           channel == "magnification" || channel == "indicatrix" || channel == "equidistance" ||
           channel == "fan" || channel == "geometry" || drawn(channel);
}

Tensor tensorOf(const Vector& z, Index dim) {
    return at::tensor(at::ArrayRef<double>(z), at::kDouble).view({-1, dim}).to(at::kFloat);
}

/// The codes with a margin, and the ends of the curve.
Box windowOf(const Vector& codes, Index dim, const ParamSet& params) {
    Box out;
    for (Index k = 0; k < dim; ++k) {
        double low = std::min(numbers(params, "geodesic.from")[static_cast<std::size_t>(k)],
                              numbers(params, "geodesic.to")[static_cast<std::size_t>(k)]);
        double high = std::max(numbers(params, "geodesic.from")[static_cast<std::size_t>(k)],
                               numbers(params, "geodesic.to")[static_cast<std::size_t>(k)]);
        for (std::size_t i = static_cast<std::size_t>(k); i < codes.size();
             i += static_cast<std::size_t>(dim)) {
            low = std::min(low, codes[i]);
            high = std::max(high, codes[i]);
        }
        const double margin = 0.05 * (high - low) + 1e-6;
        out.lower.push_back(low - margin);
        out.upper.push_back(high + margin);
    }
    return out;
}

std::pair<Vector, Vector> ends(const Vector& path) {
    return {{path.begin(), path.begin() + 2}, {path.end() - 2, path.end()}};
}

/// Far enough to reach the other end of the curve, and a little beyond.
double fanRadius(const Metric& metric, const Vector& path) {
    return 1.1 * pathLength(metric, path);
}

/// The curve under a hand with what its metric was made of.
struct Held : geometry::Dragged {
    Held(GeodesicSolver start, MetricPtr metric)
        : geometry::Dragged{std::move(start), std::move(metric), nullptr} {}
    std::shared_ptr<const MetricInputs> inputs;
    Index step = 0;
    std::chrono::steady_clock::time_point since;
};

/// Adds to each answer about a dragged curve what is seen along its path.
class DragWithFrames final : public Task {
public:
    DragWithFrames(Moment m, std::shared_ptr<const MetricInputs> inputs,
                   std::shared_ptr<geometry::Dragged> dragged)
        : m_moment(std::move(m)),
          m_inputs(std::move(inputs)),
          m_dragged(dragged),
          m_drag(std::move(dragged)) {}
    bool advance(Budget budget, std::stop_token stop, SnapshotBuilder& out) override {
        const at::NoGradGuard off;
        const bool done = m_drag.advance(budget, stop, out);
        if (const MetricPtr metric = m_drag.metric()) {
            const PathTriple paths = pathsOf(m_dragged->solver.current(), metric->dim());
            addStrip(out, "frames", m_moment, *metric, paths[0]);
            addStrip(out, "straight_frames", m_moment, *metric, paths[1]);
            addStrip(out, "spherical_frames", m_moment, *metric, paths[2]);
            out.set("spherical", geometry::pathArray(paths[2], metric->dim()));
            out.set("speed", speedRows(*metric, paths));
            out.set("uncertainty", uncertaintyRows(*m_inputs, metric->dim(), paths));
        }
        return done;
    }

private:
    Moment m_moment;
    std::shared_ptr<const MetricInputs> m_inputs;
    std::shared_ptr<geometry::Dragged> m_dragged;
    geometry::DragTask m_drag;
};

}  // namespace

std::vector<std::string> metricKinds(const std::string& network, const std::string& decoder,
                                     bool stochastic, bool learned, Index latent) {
    std::vector<std::string> out;
    if (latent < 2 || latent > kMostUnits) {
        return out;
    }
    out.emplace_back("none");
    if (learned) {
        out.emplace_back("rhvae");
    }
    if (network == "net.mlp") {
        out.emplace_back(decoder == "dec.gauss" ? "pullback" : "pullback-bernoulli");
    }
    if (stochastic) {
        out.emplace_back("conformal-volume");
        out.emplace_back("enc-cov");
    }
    out.emplace_back("euclidean");
    return out;
}

void describeGeometry(Description& out, const ParamSet& given,
                      const std::vector<std::string>& kinds, bool stochastic, Index latent,
                      const std::string& rowKind, const std::string& rowShape) {
    using namespace decl;
    if (kinds.empty()) {
        return;
    }
    ParamDecl kind = oneOf(make("metric.kind", "Metric", kinds.front(),
                                "What lengths between codes mean; none: no geodesic is computed."),
                           kinds);
    out.params.push_back(kind);
    const auto chosenKind = chosenAs<std::string>(kind, given);
    if (chosenKind == "none") {
        return;
    }
    Vector from(static_cast<std::size_t>(latent)), to = from;
    from[0] = -1.5;
    to[0] = 1.5;
    std::ranges::move(geometry::curveParams(from, to), std::back_inserter(out.params));
    std::ranges::move(metricSpec(chosenKind).params, std::back_inserter(out.params));
    out.params.push_back(advanced(
        within(make("eval.paths", "Compared paths", Index{0},
                    "Pairs of codes whose geodesics are compared with straight lines by their "
                    "decoded frames; 0: none."),
               0, 1000)));
    const std::string path = "[knots, " + std::to_string(latent) + "]";
    constexpr Clock t = Clock::Train;
    if (stochastic) {
        std::ranges::move(drawParams(chosenKind), std::back_inserter(out.params));
        out.channels.push_back({"mixture_samples", rowKind, "data", rowShape, "", t});
        out.channels.push_back({"riemannian_samples", rowKind, "data", rowShape, "", t});
    }
    out.channels.push_back({"geodesic", "path", "latent", path, "", t});
    out.channels.push_back({"straight", "path", "latent", path, "", t});
    out.channels.push_back({"spherical", "path", "latent", path, "", t});
    out.channels.push_back({"speed", "speed", "", "[3, knots - 1]", "", t});
    out.channels.push_back({"uncertainty", "uncertainty", "", "[3, knots]", "", t});
    for (const char* strip : {"frames", "straight_frames", "spherical_frames"}) {
        out.channels.push_back({strip, rowKind, "data", rowShape, "", t});
    }
    if (latent == 2) {
        out.channels.push_back({"magnification", "grid2", "latent", "[rows, columns]", "log10", t});
        out.channels.push_back({"indicatrix", "ellipses", "latent", "[n, 6]", "", t});
        out.channels.push_back({"equidistance", "rings", "latent", "[rings, points, 2]", "", t});
        out.channels.push_back({"fan", "rays", "latent", "[rays, points, 2]", "", t});
    }
    out.channels.push_back({"geometry", "facts", "", "text", "", t});
}

bool LatentGeometry::available() const {
    return valueOr(m_params, "metric.kind", std::string("none")) != "none";
}

bool LatentGeometry::set(const cmd::SetParam& change) {
    if (!available() || (!change.id.starts_with("metric.") && !change.id.starts_with("geodesic.") &&
                         !change.id.starts_with("draws."))) {
        return false;
    }
    const bool end = change.id == "geodesic.from" || change.id == "geodesic.to";
    if (end && numbers({{change.id, change.value}}, change.id).size() !=
                   numbers(m_params, change.id).size()) {
        throw UsageError(change.id + " needs " +
                         std::to_string(numbers(m_params, change.id).size()) + " coordinates");
    }
    m_params[change.id] = change.value;
    if (end && m_solver) {
        m_solver->moveEnds(numbers(m_params, "geodesic.from"), numbers(m_params, "geodesic.to"));
    }
    if (change.id.starts_with("metric.") || change.id.starts_with("geodesic.")) {
        if (!end) {
            forget();
        }
    }
    return true;
}

void LatentGeometry::forget() {
    m_frame.reset();
    m_dragged.reset();
    m_solver.reset();
    m_step = -1;
    ++m_version;
}

LatentGeometry::Frame LatentGeometry::frameOf(const std::shared_ptr<const MetricInputs>& in) const {
    const MetricSpec spec = metricSpec(text(m_params, "metric.kind"));
    return {makeMetric(spec.id, only(m_params, spec.params), *in),
            windowOf(in->means, in->dim, m_params), in};
}

const LatentGeometry::Frame& LatentGeometry::frame(const Moment& m, Index step) {
    if (!m_frame || step != m_step) {
        m_frame = frameOf(std::make_shared<MetricInputs>(metricInputs(m, m_params)));
        m_step = step;
        ++m_version;
    }
    return *m_frame;
}

Geodesic LatentGeometry::settled(const Frame& f, const ParamSet& params, std::stop_token stop) {
    GeodesicSolver solver(f.metric, geometry::curveOptions(params));
    solver.setPath(geometry::startPath(params, f.metric, f.window));
    solver.advance(kWholeSearch, stop);
    return solver.current();
}

std::unique_ptr<Task> LatentGeometry::probe(const Moment& m, Index step, const cmd::Probe& probe) {
    if (probe.kind != "geodesic" || !available()) {
        return nullptr;
    }
    const Index dim = m.data->context.latent;
    const Vector a = geometry::pointOf(probe, "from", dim);
    const Vector b = geometry::pointOf(probe, "to", dim);
    const auto now = std::chrono::steady_clock::now();
    auto* held = static_cast<Held*>(m_dragged.get());
    // While the model trains every question finds other weights; a metric for each would cost more
    // than a frame.
    const bool kept =
        held != nullptr && step - held->step >= 0 &&
        (step == held->step || (step - held->step < kHeldSteps && now - held->since < kHeldFor));
    if (!kept) {
        const Frame& f = frame(m, step);
        if (held == nullptr) {
            auto made = std::make_shared<Held>(
                GeodesicSolver(f.metric, geometry::curveOptions(m_params)), f.metric);
            made->solver.setPath(straightPath(a, b, integer(m_params, "geodesic.knots")));
            if (dim == 2) {
                made->grid = std::make_shared<MetricGrid>(f.metric, f.window, kFinestGrid);
            }
            held = made.get();
            m_dragged = std::move(made);
        }
        held->exact = f.metric;
        held->inputs = f.inputs;
        held->step = step;
        held->since = now;
        if (held->grid) {
            if (held->grid->version() != m_version) {
                held->grid->setWindow(f.window);
                held->grid->reset(f.metric, m_version);
            }
        } else {
            held->solver.setMetric(f.metric);
        }
    }
    m_dragged->solver.moveEnds(a, b);
    return std::make_unique<DragWithFrames>(m, held->inputs, m_dragged);
}

struct LatentGeometry::Seen {
    Frame frame;
    Geodesic curve;
    PathTriple paths;
    MetricPtr cached;  ///< on a grid: rays ask for thousands of places
    std::optional<MetricGrid> grid;

    /// Of a plane: `points` more of its grid, so that probes are answered in between.
    void fill(Detail detail, Index points) {
        if (frame.metric == nullptr || frame.metric->dim() != 2 || cached) {
            return;
        }
        if (!grid) {
            grid.emplace(frame.metric, frame.window, sideOf(detail));
        }
        if (grid->advance(points)) {
            cached = grid->current();
        }
    }
    /// Filled to the end when it is asked for.
    const MetricPtr& cachedMetric(Detail detail) {
        while (!cached) {
            fill(detail, sideOf(detail) * sideOf(detail));
        }
        return cached;
    }
    static Index sideOf(Detail detail) {
        return detail == Detail::Export ? kRaysGrid : kRaysGridOnScreen;
    }
};

void LatentGeometry::observe(SlicedTask& task, const Moment& m, Index step,
                             std::span<const std::string> channels, Detail detail) {
    std::vector<std::string> wanted;
    std::ranges::copy_if(channels, std::back_inserter(wanted), geometric);
    if (wanted.empty() || !available()) {
        return;
    }
    const auto self = shared_from_this();
    const auto state = std::make_shared<Seen>();
    const bool curves = !std::ranges::all_of(wanted, drawn);
    task.add([self, state, m, step, detail, curves](SnapshotBuilder&) {
        try {
            state->frame = self->frame(m, step);
        } catch (const UsageError&) {
            return;  // weights gone bad: the run says so itself, and its other pictures go on
        }
        const Frame& f = state->frame;
        if (!curves) {
            return;
        }
        if (detail == Detail::Export) {
            state->curve = settled(f, self->m_params, {});
            state->paths = pathsOf(state->curve, f.metric->dim());
            return;
        }
        if (!self->m_solver) {
            self->m_solver.emplace(f.metric, geometry::curveOptions(self->m_params));
            self->m_solver->setPath(geometry::startPath(self->m_params, f.metric, f.window));
        }
        self->m_solver->setMetric(f.metric);
        const Geodesic kept = self->m_solver->current();
        if (pathEnergy(*f.metric, geometry::straightBetweenEnds(kept, f.metric->dim())) <
            kept.energy) {
            // The weights have left the curve behind, on a way that no bending leads back from.
            self->m_solver->setPath(geometry::startPath(self->m_params, f.metric, f.window));
        }
        self->m_solver->advance(kIterations);
        state->curve = self->m_solver->current();
        state->paths = pathsOf(state->curve, f.metric->dim());
    });
    if (std::ranges::any_of(wanted, [](const std::string& channel) {
            return channel == "equidistance" || channel == "fan";
        })) {
        const Index side = Seen::sideOf(detail);
        for (Index filled = 0; filled < side * side; filled += kSliceOfGrid) {
            task.add([state, detail](SnapshotBuilder&) { state->fill(detail, kSliceOfGrid); });
        }
    }
    for (const std::string& channel : wanted) {
        if (drawn(channel)) {
            self->observeDraws(task, state, m, channel, detail);
            continue;
        }
        task.add([self, state, m, channel, detail](SnapshotBuilder& out) {
            if (state->frame.metric == nullptr) {
                return;
            }
            const Metric& metric = *state->frame.metric;
            const Index dim = metric.dim();
            const PathTriple& paths = state->paths;
            if (channel == "geodesic") {
                out.set(channel, geometry::pathArray(paths[0], dim));
            } else if (channel == "straight") {
                out.set(channel, geometry::pathArray(paths[1], dim));
            } else if (channel == "spherical") {
                out.set(channel, geometry::pathArray(paths[2], dim));
            } else if (channel == "speed") {
                out.set(channel, speedRows(metric, paths));
            } else if (channel == "uncertainty") {
                out.set(channel, uncertaintyRows(*state->frame.inputs, dim, paths));
            } else if (channel == "frames") {
                addStrip(out, channel, m, metric, paths[0]);
            } else if (channel == "straight_frames") {
                addStrip(out, channel, m, metric, paths[1]);
            } else if (channel == "spherical_frames") {
                addStrip(out, channel, m, metric, paths[2]);
            } else if (channel == "magnification" && dim == 2) {
                const Index side = detail == Detail::Export ? 97 : 33;
                out.set(channel, geometry::magnification(metric, state->frame.window, side));
                out.set("magnification.extent", geometry::extent(state->frame.window));
            } else if (channel == "indicatrix" && dim == 2) {
                out.set(channel, geometry::indicatrices(metric, state->frame.window, 9, 1));
                out.set("indicatrix.length", geometry::doubles({1}, Vector{1}));
            } else if (channel == "equidistance" && dim == 2) {
                const double radius = fanRadius(metric, paths[0]);
                out.set(channel, geometry::rings(*state->cachedMetric(detail), state->frame.window,
                                                 ends(paths[0]).first, radius, kRings, 96));
                Vector at;
                for (Index k = 1; k <= kRings; ++k) {
                    at.push_back(radius * static_cast<double>(k) / static_cast<double>(kRings));
                }
                out.set("equidistance.radius", geometry::doubles({kRings}, at));
            } else if (channel == "fan" && dim == 2) {
                out.set(channel,
                        geometry::fan(*state->cachedMetric(detail), state->frame.window,
                                      ends(paths[0]).first, fanRadius(metric, paths[0]), 24, 48));
            } else if (channel == "geometry") {
                const MetricSpec spec = metricSpec(text(self->m_params, "metric.kind"));
                out.set(channel, geometry::textArray(geometry::curveFacts(spec, state->curve)));
            }
        });
    }
}

void LatentGeometry::observeDraws(SlicedTask& task, const std::shared_ptr<Seen>& state,
                                  const Moment& m, const std::string& channel, Detail detail) {
    const auto self = shared_from_this();
    const bool image = m.data->context.image;
    const Index count = detail == Detail::Export ? 1024 : image ? 64 : 256;
    const Key key = derive(m.data->key, "view." + channel);
    const auto show = [m, channel](SnapshotBuilder& out, const Tensor& z) {
        out.set(channel, m.data->published(m.model->decode(m.data->placed(z))));
    };
    if (channel == "mixture_samples") {
        task.add([=](SnapshotBuilder& out) {
            if (state->frame.inputs) {
                show(out, mixtureDraws(*state->frame.inputs, self->m_params, key, count));
            }
        });
        return;
    }
    const auto walk = std::make_shared<std::optional<VolumeWalk>>();
    task.add([=](SnapshotBuilder&) {
        if (state->frame.inputs) {
            walk->emplace(*state->frame.inputs, self->m_params, key, count);
        }
    });
    const Index transitions = integer(m_params, "draws.transitions");
    for (Index k = 0; k < transitions; ++k) {
        task.add([walk](SnapshotBuilder&) {
            if (*walk) {
                (*walk)->advance(1);
            }
        });
    }
    task.add([=](SnapshotBuilder& out) {
        if (*walk) {
            show(out, (*walk)->codes());
        }
    });
}

std::map<std::string, double> LatentGeometry::metrics(const Moment& m, Key key,
                                                      std::stop_token stop) const {
    if (!available()) {
        return {};
    }
    const at::NoGradGuard off;
    const Frame f = frameOf(std::make_shared<MetricInputs>(metricInputs(m, m_params)));
    const Geodesic g = settled(f, m_params, stop);
    auto curve = geometry::curveMetrics(*f.metric, g);
    std::map<std::string, double> out{{"geodesic_length", curve["geodesic_length"]},
                                      {"geodesic_energy", curve["geodesic_energy"]},
                                      {"geodesic_converged", curve["converged"]},
                                      {"geodesic_resolved", curve["resolved"]},
                                      {"geodesic_speed_variation", curve["speed_variation"]},
                                      {"straight_length", curve["straight_length"]}};
    if (const Index pairs = integer(m_params, "eval.paths"); pairs > 0) {
        out.merge(comparePaths(m, f, derive(key, "paths"), pairs, stop));
    }
    out.merge(compareDraws(m, *f.inputs, m_params, derive(key, "draws"), stop));
    return out;
}

/// Straight lines between random codes that pass farthest from all codes, against the geodesics
/// between the same ends. SYSTEMS 9 [G].
std::map<std::string, double> LatentGeometry::comparePaths(const Moment& m, const Frame& f, Key key,
                                                           Index pairs,
                                                           std::stop_token stop) const {
    const MetricInputs& in = *f.inputs;
    const auto d = static_cast<std::size_t>(in.dim), count = in.means.size() / d;
    const Tensor codes = tensorOf(in.means, in.dim);
    const auto code = [&](Index row) {
        const auto at = in.means.begin() + static_cast<std::ptrdiff_t>(row * in.dim);
        return Vector(at, at + in.dim);
    };
    const auto farthest = [&](const Vector& path) {
        const Tensor gaps = at::cdist(tensorOf(path, in.dim), codes);
        return std::get<0>(gaps.min(1)).max().item<double>();
    };
    // Four candidates for each pair that is kept: those across the widest holes.
    const Tensor rows = below(key, static_cast<Index>(count), 8 * pairs);
    const auto* row = rows.data_ptr<std::int64_t>();
    std::vector<std::pair<double, Index>> holes;
    for (Index i = 0; i < 4 * pairs; ++i) {
        const Vector line = straightPath(code(row[2 * i]), code(row[2 * i + 1]), 64);
        holes.emplace_back(-farthest(line), i);
    }
    std::ranges::sort(holes);
    ParamSet params = m_params;
    params["geodesic.start"] = std::string("graph");
    std::array<Vector, 3> inside;  // codes within the ends, in the order of PathTriple
    std::array<double, 3> length{};
    double hole = 0, around = 0, resolved = 0;
    Index kept = 0;
    for (; kept < pairs && !stop.stop_requested(); ++kept) {
        const Index i = holes[static_cast<std::size_t>(kept)].second;
        params["geodesic.from"] = code(row[2 * i]);
        params["geodesic.to"] = code(row[2 * i + 1]);
        const Geodesic g = settled(f, params, stop);
        PathTriple paths = pathsOf(g, in.dim);
        if (paths[2].empty()) {
            paths[2] = paths[1];  // opposite codes have no arc between them
        }
        for (std::size_t k = 0; k < paths.size(); ++k) {
            const Vector z = resampled(*f.metric, paths[k], kFrames);
            inside[k].insert(inside[k].end(), z.begin() + in.dim, z.end() - in.dim);
            length[k] += pathLength(*f.metric, paths[k]);
        }
        resolved += g.resolved() ? 1 : 0;
        hole -= holes[static_cast<std::size_t>(kept)].first;
        around += farthest(g.path);
    }
    if (kept == 0) {
        return {};
    }
    const Tensor data = m.model->prepared(m.data->train);
    const auto frames = [&](const Vector& z) {
        return m.model->decode(m.data->placed(tensorOf(z, in.dim)));
    };
    // Squared distance to the nearest picture of the training data, and to its own reconstruction.
    const auto toData = [&](const Tensor& x) {
        return std::get<0>(at::cdist(x, data).min(1)).square().mean().item<double>();
    };
    const auto round = [&](const Tensor& x) {
        const Tensor again = m.model->decode(m.model->encode(m.model->prepared(x)).mean);
        return (again - x).square().sum(1).mean().item<double>();
    };
    const Tensor bent = frames(inside[0]), line = frames(inside[1]), arc = frames(inside[2]);
    const double lineError = toData(line), lineRound = round(line);
    return {{"path_frame_error", toData(bent)},
            {"path_frame_ratio", toData(bent) / lineError},
            {"path_round_trip_ratio", round(bent) / lineRound},
            {"path_length_ratio", length[0] / length[1]},
            {"spherical_frame_ratio", toData(arc) / lineError},
            {"spherical_round_trip_ratio", round(arc) / lineRound},
            {"spherical_length_ratio", length[2] / length[1]},
            {"path_resolved", resolved / static_cast<double>(kept)},
            {"path_hole", around / hole}};
}

}  // namespace lx::autoencoder
