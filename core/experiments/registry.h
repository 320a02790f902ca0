// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/engine_module.h"

#include <memory>
#include <vector>

namespace lx {

class DataLibrary;

/// Every family, in the order in which it is offered.
std::vector<ExperimentSpec> experimentSpecs(std::shared_ptr<const DataLibrary>,
                                            const HostServices& = {});

}  // namespace lx
