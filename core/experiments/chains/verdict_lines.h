// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/diagnostics_result.h"

namespace lx::chains {

/// Text of the channel `verdict` (resources/docs/channels.md): the headline, then a finding a line
/// with the action that answers it. `funnel`: the target has a non-centred form; `tempered`: the
/// kernel tempers already.
std::string verdictText(const DiagnosticsResult&, bool funnel, bool tempered);

/// "Converged.", "Not converged." or "Too few draws."
std::string headlineOf(std::span<const diagnostics::Finding>);

}  // namespace lx::chains
