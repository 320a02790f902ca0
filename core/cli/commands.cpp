// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"

#include <algorithm>
#include <ostream>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace lx::cli {

int availableCores() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

void prepareEngineThread(bool background) {
#if defined(__SSE2__)
    _mm_setcsr(_mm_getcsr() | 0x8040);  // flush to zero, denormals are zero
#endif
    if (background) {
        // On Linux the nice value belongs to the thread that is named here. Relative, so that a
        // program started with a nice value keeps the window ahead of the engine.
        const auto thread = static_cast<id_t>(syscall(SYS_gettid));
        setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + 5);
    }
}

void requireInputs(const WindowOptions& options, const RecipeBook& recipes) {
    std::error_code error;
    for (const auto& input : options.inputs) {
        if (recipes.find(input) != nullptr || std::filesystem::exists(input, error)) {
            continue;
        }
        std::vector<std::string> words = commandWords();
        for (const auto& recipe : recipes.all()) {
            words.push_back(recipe.id);
        }
        const std::string near = nearest(input, words);
        throw UsageError("'" + input + "' is neither a command (" + commandNames() +
                         "), a recipe nor a file" +
                         (near.empty() ? "" : "; the nearest is '" + near + "'"));
    }
}

void requireView(const std::string& id, const Host& host) {
    std::vector<std::string> ids;
    for (const auto& view : host.views) {
        ids.push_back(view.id);
    }
    if (!id.empty() && std::ranges::find(ids, id) == ids.end()) {
        const std::string near = nearest(id, ids);
        throw UsageError("--view: there is no view '" + id + "'" +
                         (near.empty() ? "" : "; the nearest is '" + near + "'"));
    }
}

ExitCode execute(const Command& command, const Host& host) {
    struct Visitor {
        const Host& host;
        ExitCode operator()(const WindowOptions&) const {
            throw UsageError("this build has no window; the commands are " + commandNames());
        }
        ExitCode operator()(const ListOptions& o) const { return listCommand(o, host); }
        ExitCode operator()(const RunOptions& o) const { return runCommand(o, host); }
        ExitCode operator()(const GenerateOptions& o) const { return generateCommand(o, host); }
        ExitCode operator()(const MovieOptions& o) const { return movieCommand(o, host); }
        ExitCode operator()(const ShotOptions& o) const { return shotCommand(o, host); }
        ExitCode operator()(const DiagnoseOptions& o) const { return diagnoseCommand(o, host); }
        ExitCode operator()(const BenchOptions& o) const { return benchCommand(o, host); }
        ExitCode operator()(const SelfTestOptions& o) const { return selfTestCommand(o, host); }
    };
    try {
        return std::visit(Visitor{host}, command);
    } catch (const Error& error) {
        host.err << "latent-explorer: " << error.what() << std::endl;
        return error.exitCode();
    } catch (const std::bad_alloc&) {
        host.err << "latent-explorer: memory is exhausted; choose a smaller model or batch\n";
        return ExitCode::Numerical;
    } catch (const std::exception& error) {
        host.err << "latent-explorer: " << error.what() << std::endl;
        return ExitCode::Numerical;
    }
}

}  // namespace lx::cli
