// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cli/host.h"
#include "core/recipes/session_file.h"

#include <chrono>
#include <optional>

namespace lx::cli {

struct HeadlessOptions {
    std::vector<std::string> set;
    std::optional<Index> steps;
    std::optional<std::uint64_t> seed;
    std::string device = "auto";
    int threads = 0;
    std::string resume;
};

/// One run of a recipe without a window, on the same engine that serves the window.
class HeadlessRun {
public:
    /// Loads the recipe, and the saved state when resuming. Throws Error.
    HeadlessRun(const Host&, Recipe, const HeadlessOptions&);

    using SeriesConsumer = std::function<void(std::span<const SeriesPoint>)>;
    /// Runs to the total number of steps; `consume` gets every series point, in order, on another
    /// thread but never at the same time as the caller runs. Returns false when interrupted.
    /// Throws the failure of the run.
    bool advance(const SeriesConsumer& consume);

    const Recipe& recipe() const noexcept { return m_recipe; }
    const ParamSet& params() const noexcept { return m_load.params; }
    std::uint64_t seed() const noexcept { return m_load.seed; }
    const std::shared_ptr<Session>& session() const noexcept { return m_session; }
    const Description& description() const { return *m_description; }
    Index step() const;  ///< on the recipe's clock
    Index firstStep() const noexcept { return m_first; }
    Index lastStep() const noexcept { return m_last; }
    double seconds() const noexcept { return m_seconds; }  ///< spent in advance()
    const std::string& device() const noexcept { return m_device; }
    int threads() const noexcept { return m_threads; }

    /// Streams the draws of chains into an npy file while the run advances. False when the run has
    /// no such thing to stream. Throws Error when the file cannot be begun.
    bool recordChains(const std::filesystem::path&);
    /// Ends that file, and writes chains.nc and cmdstan/ into `folder` unless they are too large.
    /// Throws Error when something could not be written whole.
    void finishChains(const std::filesystem::path& folder);

    SessionDocument document() const;
    std::shared_ptr<const State> capture() const;
    /// Key of the streams that evaluate and export; the run itself never uses it.
    Key viewKey() const { return derive(Key{m_load.seed, 0}, "view"); }

private:
    void throwFailure() const;
    bool ask(cmd::Probe) const;
    void showProgress(std::chrono::steady_clock::time_point start, double loss, bool last) const;

    const Host& m_host;
    Recipe m_recipe;
    cmd::Load m_load;
    std::string m_device;
    int m_threads = 1;
    Index m_first = 0, m_last = 0;
    double m_seconds = 0;
    std::unique_ptr<Engine> m_engine;
    std::shared_ptr<Session> m_session;
    std::shared_ptr<const Description> m_description;
};

}  // namespace lx::cli
