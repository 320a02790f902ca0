// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/vulkan_executor.h"

#include "core/base/philox.h"
#include "core/executors/step_numbers.h"
#include "core/executors/vulkan_program.h"
#include "core/gpu/device.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

namespace lx::executors {
namespace {

using gpu::Memory;
using gpu::Usage;

constexpr Usage kCopies = Usage::Storage | Usage::CopySource | Usage::CopyTarget;
constexpr std::uint32_t kGroup = 64;  ///< invocations of a workgroup
/// llvmpipe leaves every loop of an invocation, without a word, once all of them together have
/// taken 65535 turns (Mesa, LP_MAX_TGSI_LOOP_ITERATIONS).
constexpr std::uint64_t kSoftwareTurns = 60'000;

/// Mirrors the block Push of shaders/include/chains.glsl.
struct ChainPush {
    std::uint32_t chains, begin, count, firstChain;
    std::array<std::uint32_t, 2> key, step;
    std::uint32_t steps, leapfrogs, components, unused;
    float stepSize, jitter, noise, decay;
};
static_assert(sizeof(ChainPush) == 64);

std::array<std::uint32_t, 2> halves(std::uint64_t v) {
    return {static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(v >> 32)};
}

class VulkanExecutor final : public ChainExecutor {
public:
    VulkanExecutor(ProgramPtr program, const StepSettings& settings,
                   std::span<const float> positions, const VulkanOptions& options)
        : m_device(gpu::Device::create({.validation = options.validation,
                                        .hardwareOnly = !options.software,
                                        .log = options.log,
                                        .fault = {}})),
          m_key(options.key),
          m_offset(options.offset),
          m_dim(program->dim()),
          m_chains(static_cast<Index>(positions.size()) / m_dim),
          m_host(static_cast<std::size_t>(m_chains * (3 * m_dim + 4))) {
        const std::size_t bytes = m_host.size() * 4;
        if (options.log && m_device.info().type == gpu::DeviceType::Cpu) {
            options.log(LogLevel::Warning, "no graphics processor is here: chains step on " +
                                               m_device.info().name +
                                               ", which takes longer than the fused executor");
        }
        if (bytes > m_device.info().maxBufferBytes) {
            throw UsageError(std::to_string(m_chains) + " chains do not fit one buffer of " +
                             m_device.info().name + ": run fewer");
        }
        m_state = m_device.createBuffer({"chains", bytes, kCopies, Memory::Device});
        m_upload = m_device.createBuffer({"chains in", bytes, kCopies, Memory::Upload});
        m_readback = m_device.createBuffer({"chains out", bytes, kCopies, Memory::Readback});
        m_mass = m_device.createBuffer(
            {"mass", static_cast<std::size_t>(m_dim) * 8, Usage::Storage, Memory::Upload});
        setProgram(std::move(program));
        configure(settings);
        setPositions(positions);
        setMomenta(startMomenta(m_key, m_offset, m_chains, m_dim));
    }

    std::string name() const override { return "vulkan, " + m_device.info().name; }
    Index chains() const override { return m_chains; }
    Index dim() const override { return m_dim; }

    void configure(const StepSettings& s) override {
        m_most = mostSteps(s, m_shader);
        m_numbers = stepNumbers(s, *m_program);
        m_settings = s;
        auto* mass = reinterpret_cast<float*>(m_mass.mapped().data());
        std::ranges::copy(m_numbers.inverseMass, mass);
        std::ranges::copy(m_numbers.momentumSd, mass + m_dim);
        prepare();
    }

    void setProgram(ProgramPtr program) override {
        requireProgram(program, m_dim);
        if (m_program) {
            requireEnergy(*program, m_settings.method);
        }
        ShaderProgram shader = shaderProgram(*program);
        if (m_program) {
            m_most = mostSteps(m_settings, shader);
        }
        m_shader = std::move(shader);
        m_words = m_device.createBuffer(
            {"program", m_shader.words.size() * 4, Usage::Storage, Memory::Upload});
        std::memcpy(m_words.mapped().data(), m_shader.words.data(), m_shader.words.size() * 4);
        // Chains share scratch memory in turns when there are many.
        const std::uint64_t row = std::uint64_t{m_shader.scratchRows} * 4;
        const std::uint64_t most =
            std::min<std::uint64_t>(m_device.info().maxBufferBytes / row,
                                    std::uint64_t{m_device.info().maxGroups} * kGroup);
        m_turn = static_cast<Index>(std::min<std::uint64_t>(
            {static_cast<std::uint64_t>(m_chains), most, std::uint64_t{1} << 16}));
        m_scratch = m_device.createBuffer(
            {"scratch", static_cast<std::size_t>(row) * static_cast<std::size_t>(m_turn),
             Usage::Storage, Memory::Device});
        m_current = false;
        if (std::exchange(m_program, std::move(program))) {
            prepare();
        }
    }

    void setPositions(std::span<const float> x) override {
        requireRows(x.size(), m_chains, m_dim);
        putRows(0, x);
        m_current = false;
    }
    void setMomenta(std::span<const float> p) override {
        requireRows(p.size(), m_chains, m_dim);
        putRows(2 * m_dim, p);
    }
    std::uint64_t step() const override { return m_step; }
    void setStep(std::uint64_t step) override { m_step = step; }

    Index advance(Index steps, std::stop_token stop) override {
        refresh();
        Index done = 0;
        while (done < steps && !stop.stop_requested()) {
            // A submission of some tens of milliseconds: no driver loses patience, a stop is heard.
            const Index block = std::min({m_block, m_most, steps - done});
            const auto start = std::chrono::steady_clock::now();
            dispatch(m_stepping, block);
            const auto time = std::chrono::steady_clock::now() - start;
            if (time < std::chrono::milliseconds(20)) {
                m_block = std::max(m_block, std::min<Index>(2 * block, 1 << 16));
            } else if (time > std::chrono::milliseconds(80)) {
                m_block = std::max<Index>(1, block / 2);
            }
            m_step += static_cast<std::uint64_t>(block);
            m_counted += static_cast<std::uint64_t>(block);
            done += block;
            m_fetched = false;
        }
        return done;
    }

    void positions(std::span<float> x) override {
        requireRows(x.size(), m_chains, m_dim);
        takeRows(0, x);
    }
    void momenta(std::span<float> p) override {
        requireRows(p.size(), m_chains, m_dim);
        takeRows(2 * m_dim, p);
    }
    void energies(std::span<float> e) override {
        if (!m_program->hasEnergy()) {
            throw UsageError("a score network has no energy");
        }
        requireRows(e.size(), m_chains, 1);
        refresh();
        takeRows(3 * m_dim, e);
    }
    ChainCounts counts() override {
        const auto n = static_cast<std::size_t>(m_chains);
        ChainCounts out{m_counted, std::vector<std::uint32_t>(n), std::vector<std::uint32_t>(n),
                        std::vector<float>(n)};
        takeRows(3 * m_dim + 1, out.acceptance);
        std::ranges::copy(row(3 * m_dim + 2), out.accepted.begin());
        std::ranges::copy(row(3 * m_dim + 3), out.diverged.begin());
        return out;
    }
    void resetCounts() override {
        fetch();
        for (Index r = 3 * m_dim + 1; r < 3 * m_dim + 4; ++r) {
            std::ranges::fill(row(r), 0U);
        }
        m_counted = 0;
        m_sent = false;
    }

private:
    /// Steps that one dispatch may make. Throws UsageError when it cannot make a single one.
    Index mostSteps(const StepSettings& s, const ShaderProgram& shader) const {
        if (m_device.info().type != gpu::DeviceType::Cpu) {
            return 1 << 16;
        }
        const auto looks = static_cast<std::uint64_t>(s.method == Method::Hmc ? s.leapfrogs : 1);
        const std::uint64_t d = static_cast<std::uint64_t>(m_dim);
        const std::uint64_t turns = looks * (shader.turns + 2 * d + 1) + 6 * d + 1;
        if (turns > kSoftwareTurns) {
            throw UsageError("one step takes " + std::to_string(turns) +
                             " turns of a loop, more than software Vulkan makes in one piece: "
                             "choose the fused executor");
        }
        return static_cast<Index>(kSoftwareTurns / turns);
    }
    std::span<std::uint32_t> row(Index r) {
        return std::span(m_host).subspan(static_cast<std::size_t>(r * m_chains),
                                         static_cast<std::size_t>(m_chains));
    }
    /// rows [chains, k] into k rows of the state.
    void putRows(Index first, std::span<const float> rows) {
        fetch();
        const auto n = static_cast<std::size_t>(m_chains), k = rows.size() / n;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            row(first + static_cast<Index>(i % k))[i / k] = std::bit_cast<std::uint32_t>(rows[i]);
        }
        m_sent = false;
    }
    void takeRows(Index first, std::span<float> rows) {
        fetch();
        const auto n = static_cast<std::size_t>(m_chains), k = rows.size() / n;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] = std::bit_cast<float>(row(first + static_cast<Index>(i % k))[i / k]);
        }
    }
    /// Copies the device's state to the host's, where it is newer.
    void fetch() {
        if (m_fetched) {
            return;
        }
        gpu::CommandList list = m_device.record("fetch chains");
        list.copy(m_state, m_readback, m_host.size() * 4);
        m_device.wait(m_device.submit(std::move(list)));
        m_readback.invalidate();
        std::memcpy(m_host.data(), m_readback.mapped().data(), m_host.size() * 4);
        m_fetched = true;
    }
    /// Energies and gradients of the positions, where they are not known.
    void refresh() {
        if (!m_current) {
            dispatch(m_looking, 1);
            m_current = true;
            m_fetched = false;
        }
    }
    /// Pipelines for the program and the method, where they are not the ones there are.
    void prepare() {
        ChainConstants constants = m_shader.constants;
        constants.method = kLook;
        const bool known = m_spirv == m_shader.spirv.data() && constants == m_constants;
        const auto make = [&](std::uint32_t method) {
            constants.method = method;
            std::array<std::uint32_t, sizeof(ChainConstants) / 4> words{};
            std::memcpy(words.data(), &constants, sizeof constants);
            return m_device.createCompute({.label = "chains",
                                           .spirv = m_shader.spirv,
                                           .buffers = 4,
                                           .pushBytes = sizeof(ChainPush),
                                           .constants = words});
        };
        if (!known) {
            m_looking = make(kLook);
        }
        if (!known || m_method != m_settings.method) {
            m_stepping = make(static_cast<std::uint32_t>(m_settings.method));
        }
        constants.method = kLook;
        m_constants = constants;
        m_spirv = m_shader.spirv.data();
        m_method = m_settings.method;
    }
    void dispatch(const gpu::ComputePipeline& pipeline, Index steps) {
        gpu::CommandList list = m_device.record("chains");
        if (!m_sent) {
            std::memcpy(m_upload.mapped().data(), m_host.data(), m_host.size() * 4);
            list.copy(m_upload, m_state, m_host.size() * 4);
            list.barrier();
            m_sent = true;
        }
        const gpu::Buffer* buffers[] = {&m_state, &m_words, &m_scratch, &m_mass};
        for (Index begin = 0; begin < m_chains; begin += m_turn) {
            const auto count = static_cast<std::uint32_t>(std::min(m_turn, m_chains - begin));
            const ChainPush push{static_cast<std::uint32_t>(m_chains),
                                 static_cast<std::uint32_t>(begin),
                                 count,
                                 static_cast<std::uint32_t>(m_offset),
                                 halves(philoxKey(m_key)),
                                 halves(m_step),
                                 static_cast<std::uint32_t>(steps),
                                 static_cast<std::uint32_t>(m_settings.leapfrogs),
                                 m_shader.components,
                                 0,
                                 m_numbers.stepSize,
                                 m_numbers.jitter,
                                 m_numbers.noise,
                                 m_numbers.decay};
            list.dispatch(pipeline, buffers, std::as_bytes(std::span(&push, 1)),
                          (count + kGroup - 1) / kGroup);
            list.barrier();
        }
        m_device.wait(m_device.submit(std::move(list)));
    }

    gpu::Device m_device;
    Key m_key;
    Index m_offset, m_dim, m_chains;
    Index m_turn = 0;                   ///< chains of a dispatch
    std::vector<std::uint32_t> m_host;  ///< [3 dim + 4, chains], as in shaders/include/chains.glsl
    gpu::Buffer m_state, m_upload, m_readback, m_mass, m_words, m_scratch;
    gpu::ComputePipeline m_looking, m_stepping;
    ProgramPtr m_program;
    ShaderProgram m_shader;
    ChainConstants m_constants;  ///< of m_looking
    const std::uint32_t* m_spirv = nullptr;
    Method m_method{};  ///< of m_stepping
    StepSettings m_settings;
    StepNumbers m_numbers;
    std::uint64_t m_step = 0, m_counted = 0;
    Index m_block = 1;       ///< steps of a dispatch, by time
    Index m_most = 1;        ///< and at most
    bool m_current = false;  ///< energies and gradients belong to the positions
    bool m_fetched = true;   ///< the host's state is as new as the device's
    bool m_sent = false;     ///< the device has what the host changed
};

}  // namespace

std::unique_ptr<ChainExecutor> vulkanExecutor(ProgramPtr program, const StepSettings& settings,
                                              std::span<const float> positions,
                                              const VulkanOptions& options) {
    requireChains(program, positions.size(), options.offset);
    return std::make_unique<VulkanExecutor>(std::move(program), settings, positions, options);
}

}  // namespace lx::executors
