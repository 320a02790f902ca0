// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cli/command_line.h"
#include "core/cli/host.h"

namespace lx::cli {

/// Executes a command other than the window. Every lx::Error becomes one sentence on `host.err`
/// and its exit status.
ExitCode execute(const Command&, const Host&);

/// Throws UsageError for an input of the window that is neither a recipe nor a file, naming the
/// commands there are and the nearest recipe.
void requireInputs(const WindowOptions&, const RecipeBook&);

/// Throws UsageError naming the nearest view when there is none of that id; "" is fine.
void requireView(const std::string& id, const Host&);

// One file each.
ExitCode listCommand(const ListOptions&, const Host&);
ExitCode runCommand(const RunOptions&, const Host&);
ExitCode generateCommand(const GenerateOptions&, const Host&);
ExitCode movieCommand(const MovieOptions&, const Host&);
ExitCode shotCommand(const ShotOptions&, const Host&);
ExitCode diagnoseCommand(const DiagnoseOptions&, const Host&);
ExitCode benchCommand(const BenchOptions&, const Host&);
ExitCode selfTestCommand(const SelfTestOptions&, const Host&);

}  // namespace lx::cli
