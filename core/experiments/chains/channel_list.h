// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

namespace lx::chains {

/// Channels that every source of chains publishes: traces, statistics, verdict.
std::vector<ChannelDecl> sharedChannels();
/// Those that need a kernel and an energy besides.
std::vector<ChannelDecl> ownChannels();

/// Views in the order in which a layout offers them.
std::vector<std::string> chainViews();

}  // namespace lx::chains
