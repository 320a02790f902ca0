// SPDX-License-Identifier: GPL-3.0-or-later
// One step of each kernel for a tile of NV vectors of chains whose state stays in registers or the
// first-level cache: the arithmetic of core/samplers in single precision.
// Included only by level.cpp.
#pragma once

#include "core/executors/fused/draws.h"

namespace lx::executors::fused::LX_LEVEL {

/// Position, energy and gradient of a tile.
template <class Field, int NV>
struct Point {
    Floats x[Field::kDim][NV], g[Field::kDim][NV], e[NV];
};

template <class Field, int NV>
struct Tile {
    static constexpr int kDim = Field::kDim;
    static constexpr float kInf = __builtin_inff();
    using Here = Point<Field, NV>;
    using Rows = Floats[kDim][NV];

    const Field& field;
    const Job& job;
    const int dim;
    Here now;
    Rows momentum;
    Words accepted[NV], diverged[NV];
    Floats acceptance[NV];

    [[gnu::always_inline]] inline Tile(const Field& f, const Job& j)
        : field(f), job(j), dim(kDim == kMaxDim ? j.dim : kDim) {}

    /// Energy and gradient at p.x, made finite.
    [[gnu::always_inline]] inline void evaluate(Here& p) const {
        field.template evaluate<NV>(p.x, p.e, p.g);
        if constexpr (!Field::kFinite) {
            makeFinite<NV>(dim, p.e, p.g);
        }
    }

    /// Metropolis' decision; a change that is not a number counts as infinitely bad.
    [[gnu::always_inline]] inline Ints decide(int v, Floats energyError, Words word) {
        const Ints number = energyError <= kInf;
        const Floats error = number ? energyError : all(kInf);
        diverged[v] = diverged[v] - (Words)(error > 1000.0F);
        const Floats whole = exponential(-higher(Floats{}, error));
        const Floats chance = error < 80.0F ? whole : Floats{};
        acceptance[v] = acceptance[v] + chance;
        const Ints move = toUnit(word) < chance;  // below 1, whatever the word
        accepted[v] = accepted[v] - (Words)move;
        return move;
    }

    [[gnu::always_inline]] inline void take(int v, Ints move, const Here& next) {
        for (int i = 0; i < dim; ++i) {
            now.x[i][v] = move ? next.x[i][v] : now.x[i][v];
            now.g[i][v] = move ? next.g[i][v] : now.g[i][v];
        }
        now.e[v] = move ? next.e[v] : now.e[v];
    }

    /// x - eta g / 2 + sqrt(eta) xi.
    [[gnu::always_inline]] inline void propose(const StepDraws<NV, kDim>& draws, Rows& x) const {
        const float drift = -0.5F * job.kernel.stepSize, root = job.kernel.noise;
        for (int i = 0; i < dim; ++i) {
            for (int v = 0; v < NV; ++v) {
                x[i][v] = mulAdd(all(root), draws.normal[i][v],
                                 mulAdd(all(drift), now.g[i][v], now.x[i][v]));
            }
        }
    }
    /// |back|^2 - |xi|^2 of the noise that leads back, -(xi - sqrt(eta) (g + g') / 2).
    /// Ref: roberts1996.
    [[gnu::always_inline]] inline Floats kineticOf(const StepDraws<NV, kDim>& draws, const Rows& g,
                                                   int v) const {
        Floats kinetic{};
        for (int i = 0; i < dim; ++i) {
            const Floats xi = draws.normal[i][v];
            const Floats back = mulAdd(all(-0.5F * job.kernel.noise), now.g[i][v] + g[i][v], xi);
            kinetic = mulAdd(back, back, mulAdd(-xi, xi, kinetic));
        }
        return kinetic;
    }

    template <bool Adjusted>
    [[gnu::always_inline]] inline void langevin(const StepDraws<NV, kDim>& draws) {
        Here next;
        propose(draws, next.x);
        evaluate(next);
        for (int v = 0; v < NV; ++v) {
            const Floats error =
                mulAdd(all(0.5F), kineticOf(draws, next.g, v), next.e[v] - now.e[v]);
            if constexpr (Adjusted) {
                take(v, decide(v, error, draws.accept[v]), next);
            } else {
                const Ints fine = next.e[v] < kInf;
                accepted[v] = accepted[v] - (Words)fine;
                diverged[v] = diverged[v] - (Words) ~(error <= 1000.0F);
                acceptance[v] = acceptance[v] + (fine ? all(1.0F) : Floats{});
                take(v, fine, next);
            }
        }
    }

    /// p -= eps g, of a vector of step sizes.
    [[gnu::always_inline]] inline void kick(Rows& p, const Rows& g, const Floats (&eps)[NV]) const {
        for (int i = 0; i < dim; ++i) {
            for (int v = 0; v < NV; ++v) {
                p[i][v] = mulAdd(-eps[v], g[i][v], p[i][v]);
            }
        }
    }

    [[gnu::always_inline]] inline void hamiltonian(const StepDraws<NV, kDim>& draws) {
        const Kernel& k = job.kernel;
        Here next = now;
        Rows p;
        Floats eps[NV], half[NV], before[NV];
        for (int v = 0; v < NV; ++v) {
            const Floats sway = mulAdd(all(2.0F), toUnit(draws.spare[v]), all(-1.0F));
            eps[v] = k.stepSize * mulAdd(all(k.jitter), sway, all(1.0F));
            half[v] = 0.5F * eps[v];
            before[v] = Floats{};
        }
        for (int i = 0; i < dim; ++i) {
            const float sd = k.momentumSd != nullptr ? k.momentumSd[i] : 1.0F;
            for (int v = 0; v < NV; ++v) {
                const Floats xi = draws.normal[i][v];
                before[v] = mulAdd(xi, xi, before[v]);
                p[i][v] = xi * sd;
            }
        }
        for (int l = 0; l < k.leapfrogs; ++l) {
            kick(p, next.g, half);
            for (int i = 0; i < dim; ++i) {
                const float inverse = k.inverseMass != nullptr ? k.inverseMass[i] : 1.0F;
                for (int v = 0; v < NV; ++v) {
                    next.x[i][v] = mulAdd(eps[v] * inverse, p[i][v], next.x[i][v]);
                }
            }
            evaluate(next);
            kick(p, next.g, half);
        }
        for (int v = 0; v < NV; ++v) {
            Floats after{};
            for (int i = 0; i < dim; ++i) {
                const float inverse = k.inverseMass != nullptr ? k.inverseMass[i] : 1.0F;
                after = mulAdd(p[i][v] * inverse, p[i][v], after);
            }
            const Floats error = mulAdd(all(0.5F), after - before[v], next.e[v] - now.e[v]);
            take(v, decide(v, error, draws.accept[v]), next);
        }
    }

    /// B half a kick, A half a drift, O Ornstein-Uhlenbeck, A, B. Ref: leimkuhler2013.
    [[gnu::always_inline]] inline void underdamped(const StepDraws<NV, kDim>& draws) {
        const Kernel& k = job.kernel;
        const Floats half = all(0.5F * k.stepSize);
        Here next;
        Rows p;
        Floats gain[NV];  // twice the kinetic energy won but for what the bath gave
        for (int v = 0; v < NV; ++v) {
            gain[v] = Floats{};
            for (int i = 0; i < dim; ++i) {
                const Floats before = momentum[i][v];
                const Floats q = mulAdd(-half, now.g[i][v], before);
                const Floats stirred = mulAdd(all(k.noise), draws.normal[i][v], q * k.decay);
                next.x[i][v] = mulAdd(half, q + stirred, now.x[i][v]);
                gain[v] = mulAdd(q, q, mulAdd(-before, before, gain[v]));
                gain[v] = mulAdd(-stirred, stirred, gain[v]);
                p[i][v] = stirred;
            }
        }
        evaluate(next);
        for (int v = 0; v < NV; ++v) {
            const Ints fine = next.e[v] < kInf;
            for (int i = 0; i < dim; ++i) {
                const Floats q = mulAdd(-half, next.g[i][v], p[i][v]);
                gain[v] = mulAdd(q, q, gain[v]);
                momentum[i][v] = fine ? q : -momentum[i][v];
            }
            const Floats error = mulAdd(all(0.5F), gain[v], next.e[v] - now.e[v]);
            accepted[v] = accepted[v] - (Words)fine;
            diverged[v] = diverged[v] - (Words) ~(fine & (error <= 1000.0F));
            acceptance[v] = acceptance[v] + (fine ? all(1.0F) : Floats{});
            take(v, fine, next);
        }
    }

    template <Step S>
    [[gnu::always_inline]] inline void step(const StepDraws<NV, kDim>& draws) {
        if constexpr (S == Step::Ula) {
            langevin<false>(draws);
        } else if constexpr (S == Step::Mala) {
            langevin<true>(draws);
        } else if constexpr (S == Step::Hmc) {
            hamiltonian(draws);
        } else {
            underdamped(draws);
        }
    }

    /// The numbers of a step are drawn before the step in front of it is made: neither waits for
    /// the other, and the processor works on both at once.
    template <Step S>
    [[gnu::always_inline]] inline void steps(std::uint32_t chain) {
        StepDraws<NV, kDim> draws[2];
        const auto draw = [&](std::int64_t s) [[gnu::always_inline]] {
            drawStep(job.key, chain, job.firstStep + static_cast<std::uint64_t>(s), dim,
                     draws[s % 2]);
        };
        if (job.steps > 0) {
            draw(0);
        }
        std::int64_t s = 0;
        if constexpr (S == Step::Ula && Field::kFinite) {
            s = withoutEnergies(draws, draw);
            if (s < job.steps) {
                draw(s);
            }
        }
        for (; s < job.steps; ++s) {
            if (s + 1 < job.steps) {
                draw(s + 1);
            }
            step<S>(draws[s % 2]);
        }
    }

    /// Unadjusted Langevin steps want no energies but for what diverges, and an energy costs a
    /// logarithm. Makes steps until a chain leaves where energies lie within 100 nats of each other
    /// or could have diverged; returns how many.
    template <class Draw>
    [[gnu::always_inline]] inline std::int64_t withoutEnergies(StepDraws<NV, kDim> (&draws)[2],
                                                               const Draw& draw) {
        constexpr float kHarmless = 2 * (1000 - 100);  // of twice the change of kinetic energy
        Floats sum[NV];
        std::int64_t s = 0;
        for (; s < job.steps; ++s) {
            if (s + 1 < job.steps) {
                draw(s + 1);
            }
            Rows x, g;
            Floats next[NV];
            propose(draws[s % 2], x);
            bool harmless = field.template slopes<NV>(x, g, next);
            for (int v = 0; v < NV; ++v) {
                harmless = harmless && !anyNotAbove(-kineticOf(draws[s % 2], g, v), -kHarmless);
            }
            if (!harmless) [[unlikely]] {
                break;
            }
            for (int v = 0; v < NV; ++v) {
                for (int i = 0; i < dim; ++i) {
                    now.x[i][v] = x[i][v];
                    now.g[i][v] = g[i][v];
                }
                sum[v] = next[v];
            }
        }
        for (int v = 0; v < NV && s > 0; ++v) {
            now.e[v] = field.energyOf(sum[v]);
            accepted[v] = accepted[v] + static_cast<std::uint32_t>(s);
            acceptance[v] = acceptance[v] + static_cast<float>(s);
        }
        return s;
    }
};

/// Vectors first .. first + NV - 1 of the arrays of a job.
template <int NV, class Rows>
LX_LANES void load(const float* from, std::int64_t first, int dim, Rows& to) {
    for (int v = 0; v < NV; ++v) {
        for (int i = 0; i < dim; ++i) {
            to[i][v] = reinterpret_cast<const Floats*>(from)[(first + v) * dim + i];
        }
    }
}
template <int NV, class Rows>
LX_LANES void store(const Rows& from, std::int64_t first, int dim, float* to) {
    for (int v = 0; v < NV; ++v) {
        for (int i = 0; i < dim; ++i) {
            reinterpret_cast<Floats*>(to)[(first + v) * dim + i] = from[i][v];
        }
    }
}

template <Step S, int NV, class Field>
[[gnu::noinline]] void advanceTile(const Field& field, const Job& job, std::int64_t first) {
    Tile<Field, NV> tile(field, job);
    load<NV>(job.position, first, tile.dim, tile.now.x);
    load<NV>(job.gradient, first, tile.dim, tile.now.g);
    if constexpr (S == Step::Underdamped) {
        load<NV>(job.momentum, first, tile.dim, tile.momentum);
    }
    for (int v = 0; v < NV; ++v) {
        tile.now.e[v] = reinterpret_cast<const Floats*>(job.energy)[first + v];
        tile.acceptance[v] = reinterpret_cast<const Floats*>(job.acceptance)[first + v];
        tile.accepted[v] = reinterpret_cast<const Words*>(job.accepted)[first + v];
        tile.diverged[v] = reinterpret_cast<const Words*>(job.diverged)[first + v];
    }
    tile.template steps<S>(job.firstChain + static_cast<std::uint32_t>(first * kWidth));
    store<NV>(tile.now.x, first, tile.dim, job.position);
    store<NV>(tile.now.g, first, tile.dim, job.gradient);
    if constexpr (S == Step::Underdamped) {
        store<NV>(tile.momentum, first, tile.dim, job.momentum);
    }
    for (int v = 0; v < NV; ++v) {
        reinterpret_cast<Floats*>(job.energy)[first + v] = tile.now.e[v];
        reinterpret_cast<Floats*>(job.acceptance)[first + v] = tile.acceptance[v];
        reinterpret_cast<Words*>(job.accepted)[first + v] = tile.accepted[v];
        reinterpret_cast<Words*>(job.diverged)[first + v] = tile.diverged[v];
    }
}

template <int NV, class Field>
void evaluateTile(const Field& field, const Job& job, std::int64_t first) {
    Tile<Field, NV> tile(field, job);
    load<NV>(job.position, first, tile.dim, tile.now.x);
    tile.evaluate(tile.now);
    store<NV>(tile.now.g, first, tile.dim, job.gradient);
    for (int v = 0; v < NV; ++v) {
        reinterpret_cast<Floats*>(job.energy)[first + v] = tile.now.e[v];
    }
}

/// Calls work.run<NV>(first) on tiles that cover `vectors` vectors, the widest first.
template <int NV, class Work>
void cover(std::int64_t first, std::int64_t vectors, const Work& work) {
    for (; vectors >= NV; vectors -= NV, first += NV) {
        work.template run<NV>(first);
    }
    if constexpr (NV > 1) {
        cover<NV - 1>(first, vectors, work);
    }
}

}  // namespace lx::executors::fused::LX_LEVEL
