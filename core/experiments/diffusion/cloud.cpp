// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/diffusion/cloud.h"

#include "core/base/philox.h"

#include <algorithm>

namespace lx::diffusion {

std::vector<double> noiseRows(const ReverseProcess& process, const NoiseLaw& law, Key round,
                              Index count, Index dim, Index first) {
    std::vector<double> z = process.start(round, count, dim, law.spread, first);
    if (law.box) {
        std::vector<float> uniform(z.size());
        fillUniform(derive(round, "box"), uniform, static_cast<std::uint64_t>(first * dim));
        for (std::size_t i = 0; i < z.size(); ++i) {
            const std::size_t k = i % static_cast<std::size_t>(dim);
            z[i] = std::lerp(law.box->lower[k], law.box->upper[k], static_cast<double>(uniform[i]));
        }
    }
    return z;
}

Key roundKey(Key particles, Index round) {
    return derive(derive(particles, "round"), static_cast<std::uint64_t>(round));
}

Cloud::Cloud(ReverseProcess process, Key key, Index particles, Index dim, NoiseLaw noise)
    : m_process(std::move(process)),
      m_key(key),
      m_particles(particles),
      m_dim(dim),
      m_recorded(std::clamp<Index>(kRecordNumbers / (kLeastTimes * dim), 1, particles)),
      m_noise(std::move(noise)) {
    const Index times = std::clamp<Index>(kRecordNumbers / (m_recorded * dim), 2, kRecordTimes);
    m_stride = (m_process.steps() + times - 2) / (times - 1);
    begin(0);
}

Index Cloud::within() const {
    const Index all = m_process.steps();
    return m_steps == 0 ? 0 : (m_steps - 1) % all + 1;
}

void Cloud::begin(Index round) {
    m_z = noiseRows(m_process, m_noise, roundKey(m_key, round), m_particles, m_dim);
    m_frames.clear();
    m_times.clear();
    m_evaluationsAt.clear();
    m_evaluations = 0;
    keep();
}

void Cloud::addFrame() {
    m_frames.push_back(std::make_shared<const std::vector<float>>(
        m_z.begin(), m_z.begin() + static_cast<std::ptrdiff_t>(m_recorded * m_dim)));
    m_evaluationsAt.push_back(m_evaluations);
}

void Cloud::keep() {
    addFrame();
    m_times.push_back(m_steps % m_process.steps() == 0 && m_frames.size() == 1
                          ? m_process.timeBefore(0)
                          : time());
    m_keptAt = m_steps;
}

std::vector<double> Cloud::recordTimes() const {
    std::vector<double> out = m_times;
    if (m_keptAt != m_steps) {
        out.push_back(time());
    }
    return out;
}

std::vector<Index> Cloud::recordEvaluations() const {
    std::vector<Index> out = m_evaluationsAt;
    if (m_keptAt != m_steps) {
        out.push_back(m_evaluations);
    }
    return out;
}

void Cloud::step(const Denoiser& denoiser) {
    const Index all = m_process.steps();
    const Index round = m_steps / all, i = m_steps % all;
    if (i == 0 && m_steps > 0) {
        begin(round);
    }
    m_evaluations += m_process.step(denoiser, roundKey(m_key, round), i, m_z);
    ++m_steps;
    if ((i + 1) % m_stride == 0 || i + 1 == all) {
        keep();
    }
}

void Cloud::places(Index at, std::span<float> out) const {
    if (at < std::ssize(m_frames)) {
        std::copy_n(m_frames[static_cast<std::size_t>(at)]->begin(), out.size(), out.begin());
    } else {
        std::transform(m_z.begin(), m_z.begin() + std::ssize(out), out.begin(),
                       [](double v) { return static_cast<float>(v); });
    }
}

Array Cloud::record(Index count) const {
    count = std::min(count, m_recorded);
    const auto width = static_cast<std::size_t>(count * m_dim);
    const Index times = std::ssize(m_frames) + (m_keptAt != m_steps ? 1 : 0);
    std::vector<float> out(static_cast<std::size_t>(times) * width);
    for (Index t = 0; t < times; ++t) {
        places(t, std::span(out).subspan(static_cast<std::size_t>(t) * width, width));
    }
    return {{times, count, m_dim}, out};
}

void Cloud::capture(State& state) const {
    state["cloud"] = Array({m_particles, m_dim}, m_z);
    state["cloud.clock"] = Array({2}, std::vector<Index>{m_steps, m_evaluations});
}

void Cloud::restore(const State& state) {
    const auto rows = state.find("cloud"), clock = state.find("cloud.clock");
    if (rows == state.end() || clock == state.end() || rows->second.dtype() != DType::F64 ||
        rows->second.count() != std::ssize(m_z) || clock->second.dtype() != DType::I64 ||
        clock->second.count() != 2 || clock->second.values<Index>()[0] < 0) {
        throw UsageError("the particles of the saved state belong to another run");
    }
    const auto z = rows->second.values<double>();
    m_z.assign(z.begin(), z.end());
    m_steps = clock->second.values<Index>()[0];
    m_evaluations = clock->second.values<Index>()[1];
    m_frames.clear();
    m_times.clear();
    m_evaluationsAt.clear();
    addFrame();
    m_times.push_back(time());
    m_keptAt = m_steps;
}

}  // namespace lx::diffusion
