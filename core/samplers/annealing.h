// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/samplers/kernel.h"

namespace lx {

/// log Z of the bridge that AIS or SMC has come to, the target's own once all stages are done;
/// nats. Throws UsageError for the chains of another kernel.
double logEvidence(const ChainState&);
/// Effective number of chains by their weights, 1 to chains.
double effectiveChains(const ChainState&);

}  // namespace lx
