// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for each instruction set with its own flags; LX_LEVEL names the copy. Includes no
// standard header but <cstdint>: see job.h.
#include "core/executors/fused/mixture.h"
#include "core/executors/fused/network.h"
#include "core/executors/fused/steps.h"
#include "core/executors/fused/tape.h"

namespace lx::executors::fused {
namespace LX_LEVEL {
namespace {

template <class T>
struct Bare {
    using type = T;
};
template <class T>
struct Bare<const T&> {
    using type = T;
};

template <class Field>
struct Evaluation {
    const Field& field;
    const Job& job;
    template <int NV>
    void run(std::int64_t first) const {
        evaluateTile<NV>(field, job, first);
    }
};

template <Step S, class Field>
struct Advance {
    const Field& field;
    const Job& job;
    template <int NV>
    void run(std::int64_t first) const {
        advanceTile<S, NV>(field, job, first);
    }
};

/// Calls work(field) with what the job steps on.
template <class Work>
void withField(const Job& job, void* scratch, const Work& work) {
    auto* memory = static_cast<Floats*>(scratch);
    switch (job.kind) {
        case FieldKind::Mixture: {
            const auto& f = *static_cast<const MixtureField*>(job.field);
            if (f.dim == 2) {
                return f.shrunk != nullptr ? work(Mixture<2, true>{f, memory})
                                           : work(Mixture<2>{f, memory});
            }
            return work(Mixture<kMaxDim>{f, memory});
        }
        case FieldKind::Tape: {
            const auto& f = *static_cast<const TapeField*>(job.field);
            return work(Formula{f, memory, memory + f.length * Formula::kMaxVectors});
        }
        case FieldKind::MlpEnergy:
        case FieldKind::MlpScore: {
            const auto& f = *static_cast<const MlpField*>(job.field);
            return work(Network{f, job.kind == FieldKind::MlpScore, memory, Network::widestOf(f)});
        }
    }
}

std::int64_t scratchBytes(const Job& job) {
    std::int64_t vectors = 0;
    switch (job.kind) {
        case FieldKind::Mixture:
            vectors = Mixture<2>::scratch(*static_cast<const MixtureField*>(job.field));
            break;
        case FieldKind::Tape:
            vectors = Formula::scratch(*static_cast<const TapeField*>(job.field));
            break;
        case FieldKind::MlpEnergy:
        case FieldKind::MlpScore:
            vectors = Network::scratch(*static_cast<const MlpField*>(job.field));
            break;
    }
    return vectors * static_cast<std::int64_t>(sizeof(Floats));
}

void evaluate(const Job& job, std::int64_t first, std::int64_t vectors, void* scratch) {
    withField(job, scratch, [&](const auto& field) {
        using Field = typename Bare<decltype(field)>::type;
        cover<Field::kMaxVectors>(first, vectors, Evaluation<Field>{field, job});
    });
}

void advance(const Job& job, std::int64_t first, std::int64_t vectors, void* scratch) {
    withField(job, scratch, [&](const auto& field) {
        using Field = typename Bare<decltype(field)>::type;
        const auto with = [&]<Step S>() {
            cover<Field::kMaxVectors>(first, vectors, Advance<S, Field>{field, job});
        };
        switch (job.kernel.step) {
            case Step::Ula: return with.template operator()<Step::Ula>();
            case Step::Mala: return with.template operator()<Step::Mala>();
            case Step::Hmc: return with.template operator()<Step::Hmc>();
            case Step::Underdamped: return with.template operator()<Step::Underdamped>();
        }
    });
}

}  // namespace
}  // namespace LX_LEVEL

extern const Level LX_TABLE;
const Level LX_TABLE{LX_NAME, LX_LEVEL::kWidth, LX_LEVEL::scratchBytes, LX_LEVEL::evaluate,
                     LX_LEVEL::advance};

}  // namespace lx::executors::fused
