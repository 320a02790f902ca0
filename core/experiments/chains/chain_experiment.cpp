// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/chain_experiment.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::chains {
namespace {

constexpr Index kSeriesPoints = 2000;
constexpr std::size_t kDivergencesKept = 2000;

/// The distance from the mean tells most where the density depends on it alone, and where there are
/// too many coordinates to look at.
bool wantsRadius(const ParamSet& params, Index dim) {
    const auto condition = params.find("energy.condition");
    return dim > 3 || (condition != params.end() && std::get<double>(condition->second) == 1);
}

ChainTruth withoutUnknown(ChainTruth truth) {
    const auto finite = [](const std::vector<double>& values) {
        return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
    };
    if (!finite(truth.mean)) {
        truth.mean.clear();
    }
    if (!finite(truth.sd)) {
        truth.sd.clear();
    }
    return truth;
}

}  // namespace

ChainExperiment::ChainExperiment(const ParamSet& params, Key key, Index threads,
                                 const GpuChains& gpu, SaveChains saveNetCdf, Energies energies,
                                 const LogSink& log)
    : m_key(key),
      m_run(params, key, threads, gpu, std::move(energies)),
      m_tally(*m_run.energy(), wantsRadius(params, m_run.dim())),
      m_saveNetCdf(std::move(saveNetCdf)),
      m_worker({.published = [shared = m_shared] { ++shared->results; }}) {
    const Index planned = integer(params, "sampler.warmup") + integer(params, "sampler.draws");
    m_interval = std::max<Index>(1, planned / kSeriesPoints);
    if (log && !m_run.executorNote().empty()) {
        log(LogLevel::Warning, m_run.executorNote());
    }
    startOver();
    m_worker.pause();
}

ChainExperiment::~ChainExperiment() = default;

ChainLayout ChainExperiment::layoutOf() const {
    ChainLayout out;
    out.chains = m_run.chains();
    out.names = m_run.energy()->names();
    for (const auto& axis : m_tally.axes()) {
        if (axis.name == "radius") {
            out.names.push_back(axis.name);
            ++out.derived;
        }
    }
    out.scalars = {"lp__", "accept_stat__", "divergent__"};
    if (kernelFamily(m_run.spec().id) == "hamiltonian") {
        out.scalars.insert(out.scalars.end(), {"energy__", "n_leapfrog__", "stepsize__"});
    }
    if (m_run.spec().id == "nuts") {
        out.scalars.emplace_back("treedepth__");
        out.maxDepth = integer(m_run.params(), "sampler.max_depth");
    }
    out.kernel = m_run.spec().id;
    const ParamSet& params = m_run.params();
    // Of tempering the rungs decide together, and only the cold one is counted.
    if (const auto wanted = params.find("sampler.target_accept");
        wanted != params.end() && diagnostics::wantedAcceptance(out.kernel) &&
        params.contains("sampler.adapt") && flag(params, "sampler.adapt")) {
        out.acceptance = std::get<double>(wanted->second);
    }
    // As computed, where the memory for it is no question.
    out.dtype = m_run.chains() * m_run.dim() <= 20'000 ? DType::F64 : DType::F32;
    out.title = m_run.spec().title;
    return out;
}

ChainTruth ChainExperiment::truth() const {
    return withoutUnknown(truthOf(m_run.energy()));
}

/// An empty history; the chains stay where they are.
void ChainExperiment::startOver() {
    m_store = &m_chains->restart(layoutOf());
    m_tally.clear();
    m_sums = {0, 0, 0, m_sums.gradients};
    m_diverged.clear();
    m_cache.clear();
    m_modes = m_run.energy()->modes().size();
    m_seconds = 0;
    if (sampling()) {
        m_store->markWarmup();
    }
    follow();
}

void ChainExperiment::follow() {
    m_worker.setSource(m_chains, truth());
    if (m_focus.empty()) {
        m_focus = firstFocus(m_store->layout());
    }
    m_worker.setFocus(m_focus);
}

bool ChainExperiment::working() const noexcept {
    const auto result = m_worker.result();
    return !result || result->seen != m_store->view().seen() ||
           (result->draws > 0 && !result->exact);
}

void ChainExperiment::rest(bool still) {
    if (still) {
        m_worker.pause();
    } else {
        m_worker.resume();
    }
}

void ChainExperiment::advance(Clock, Budget budget, std::stop_token stop, SeriesSink& sink) {
    const auto start = std::chrono::steady_clock::now();
    std::optional<SamplerRun::Time> end;
    if (budget.maxTime.count() > 0) {
        end = start + budget.maxTime;
    }
    for (Index made = 0; made < budget.maxSteps;) {
        if (m_run.step(stop, end)) {
            ++made;
            record(sink);
        }
        if (stop.stop_requested() || (end && std::chrono::steady_clock::now() >= *end)) {
            break;
        }
    }
    if (sampling()) {
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        m_seconds += spent.count();
        m_worker.setSamplingSeconds(m_seconds);
    }
}

/// The step just made belongs to warm-up when its number is at most that of warm-up.
void ChainExperiment::record(SeriesSink& sink) {
    const Index step = m_run.steps(), warmup = m_run.warmup().iterations();
    if (step == warmup + 1) {
        beginDraws();
    }
    for (const StepInfo& info : m_run.info()) {
        m_sums.acceptance += info.acceptProb;
        m_sums.divergences += info.diverged ? 1 : 0;
        m_sums.gradients += info.gradients;
    }
    m_sums.transitions += m_run.chains();
    store();
    if (step > warmup) {
        m_tally.add(m_run.state().positions());
    }
    if (step % m_interval == 0 || step == 1) {
        publishSeries(sink);
    }
    publishMixing(sink);
}

void ChainExperiment::beginDraws() {
    if (m_run.warmup().iterations() > 0) {
        m_store->markWarmup();
    }
    m_tally.clear();
    m_sums = {0, 0, 0, m_sums.gradients};
    m_seconds = 0;
}

void ChainExperiment::store() {
    const auto& layout = m_store->layout();
    const auto chains = static_cast<std::size_t>(m_run.chains());
    const auto dim = static_cast<std::size_t>(m_run.dim());
    const auto width = layout.names.size(), scalars = layout.scalars.size();
    const auto x = m_run.state().positions();
    const auto info = m_run.info();
    m_row.resize(chains * (scalars + (width > dim ? width : 0)));
    std::span<const double> values = x;
    double* at = m_row.data() + chains * scalars;
    if (width > dim) {
        for (std::size_t c = 0; c < chains; ++c) {
            std::copy_n(x.data() + c * dim, dim, at + c * width);
            at[c * width + dim] = m_tally.radius(x.data() + c * dim);
        }
        values = {at, chains * width};
    }
    std::vector<std::span<const double>> columns;
    for (std::size_t s = 0; s < scalars; ++s) {
        double* column = m_row.data() + s * chains;
        const std::string& name = layout.scalars[s];
        const auto fill = [&](auto&& get) {
            for (std::size_t c = 0; c < chains; ++c) {
                column[c] = get(info[c]);
            }
        };
        if (name == "lp__") {
            fill([](const StepInfo& i) { return -i.energy; });
        } else if (name == "accept_stat__") {
            fill([](const StepInfo& i) { return i.acceptProb; });
        } else if (name == "divergent__") {
            fill([](const StepInfo& i) { return i.diverged ? 1.0 : 0.0; });
        } else if (name == "energy__") {
            fill([](const StepInfo& i) { return i.hamiltonian; });
        } else if (name == "n_leapfrog__") {
            fill([](const StepInfo& i) { return static_cast<double>(i.gradients); });
        } else if (name == "treedepth__") {
            fill([](const StepInfo& i) { return static_cast<double>(i.depth); });
        } else {
            fill([size = m_run.stepSize()](const StepInfo&) { return size; });
        }
        columns.push_back({column, chains});
    }
    m_store->append<double>(values, columns);
    if (m_writer && m_run.steps() > m_run.warmup().iterations()) {
        m_writer->append(x);
    }
    for (std::size_t c = 0; c < chains; ++c) {
        if (info[c].diverged) {
            m_diverged.push_back({m_run.steps(), static_cast<Index>(c)});
            if (m_diverged.size() > kDivergencesKept) {
                m_diverged.pop_front();
            }
        }
    }
}

void ChainExperiment::publishSeries(SeriesSink& sink) {
    const Index step = m_run.steps();
    const auto n = static_cast<double>(std::max<Index>(m_sums.transitions, 1));
    double energy = 0;
    for (const StepInfo& info : m_run.info()) {
        energy += info.energy;
    }
    const auto add = [&](std::uint32_t series, double value) {
        sink.add(series, Clock::Sample, step, value);
    };
    add(0, m_sums.acceptance / n);
    add(1, energy / static_cast<double>(m_run.chains()));
    add(2, static_cast<double>(m_sums.divergences));
    add(3, static_cast<double>(m_sums.gradients));
    if (const double size = m_run.stepSize(); std::isfinite(size)) {
        add(6, size);
    }
}

/// R-hat and ESS of what is shown, each time the draws have grown by a quarter: the work of all
/// these together is a few times that of the last one, and no clock plays a part.
void ChainExperiment::publishMixing(SeriesSink& sink) {
    constexpr Index kLeast = 20, kMostDraws = 16'384;
    const Index draws = m_run.steps() - m_run.warmup().iterations();
    const auto level = [](Index n) { return std::floor(std::log(n) / std::log(1.25)); };
    if (draws < kLeast || level(draws) == level(draws - 1)) {
        return;
    }
    const ChainView view = m_chains->view();
    const auto slots = shownSlots(view);
    const Index chains = std::ssize(slots), room = std::max<Index>(kMostDraws / chains, 8);
    const Index step = (view.draws() + room - 1) / room, count = view.draws() / step;
    std::vector<double> values(static_cast<std::size_t>(chains * count));
    diagnostics::ScalarDiagnostics scalar;
    double rhat = 0, ess = std::numeric_limits<double>::infinity();
    for (Index q = 0; q < std::min<Index>(m_run.dim(), 8); ++q) {
        for (Index c = 0; c < chains; ++c) {
            view.copy(q, slots[static_cast<std::size_t>(c)], view.rows() - count * step + step - 1,
                      step,
                      std::span(values).subspan(static_cast<std::size_t>(c * count),
                                                static_cast<std::size_t>(count)));
        }
        scalar.reset({values, chains, count});
        // One that is constant says nothing about the others.
        if (const double r = scalar.rhat().known(); !std::isnan(r)) {
            rhat = std::max(rhat, r);
            ess = std::min(ess, scalar.essBulk());
        }
    }
    if (rhat > 0) {
        sink.add(4, Clock::Sample, m_run.steps(), rhat);
        sink.add(5, Clock::Sample, m_run.steps(), ess);
    }
}

void ChainExperiment::set(const cmd::SetParam& change) {
    if (m_run.set(change.id, change.value)) {
        ++m_target;
        m_tally = Tally(*m_run.energy(), wantsRadius(m_run.params(), m_run.dim()));
        startOver();
    }
    ++m_news;
}

std::shared_ptr<const DiagnosticsResult> ChainExperiment::newest() const {
    const auto result = m_worker.result();
    return result && result->generation == m_store->view().generation() ? result : nullptr;
}

DiagnosticsResult ChainExperiment::exact() const {
    return diagnoseAll(*m_chains, truth(), m_focus);
}

bool ChainExperiment::funnel() const {
    const auto form = m_run.params().find("energy.form");
    return form != m_run.params().end() && std::get<std::string>(form->second) == "centred";
}

}  // namespace lx::chains
