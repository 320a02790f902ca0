// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"
#include "core/energies/tape.h"

namespace lx {

/// An energy the user typed. On a line and in the plane its truth comes from quadrature over
/// [-extent, extent], where the density vanishes at the ends.
class FormulaEnergy : public Energy {
public:
    virtual const Tape& tape() const = 0;
};

/// dim 0: as many coordinates as the expression names. Throws FormulaError, or UsageError when
/// `dim` is too small for the names or nothing is left to move.
std::shared_ptr<const FormulaEnergy> formulaEnergy(std::string_view expression,
                                                   std::string_view constants, Index dim = 0,
                                                   double extent = 8);

}  // namespace lx
