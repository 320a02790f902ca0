// SPDX-License-Identifier: GPL-3.0-or-later
// The channels of Markov chains (resources/docs/channels.md) as views read them: what has another
// type or shape than agreed counts as absent.
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/shell/theme.h"
#include "ui/viewport/figure.h"

#include <optional>

namespace lx::ui {

/// A float32 array of `rank` axes, all at least 1 long; null otherwise.
const Array* floats(const Frame&, std::string_view id, std::size_t rank);
/// Its rows [from, from + count) of the last axis as doubles. `row` counts all axes but the last.
std::vector<double> rowOf(const Array&, Index row);
/// A uint8 array as text; empty when absent.
QString textOf(const Frame&, std::string_view id);

/// `chains_now` holds particles of a reverse process, not Markov chains.
bool areParticles(const Description&);

/// Colours and shapes of chains: those first that stay apart on the map of an energy.
QColor chainColor(const Theme&, Index chain);
render::Marker chainMarker(Index chain);
QString chainName(Index chain);  ///< "chain 1" for 0

/// Of every mark of a divergent transition, in all themes.
QColor divergenceColor();

/// The theme's sequential map for a ChartField.
std::vector<QColor> fieldColors(const Theme&);

/// Entries for these chains; the chosen one alone unfaded.
std::vector<LegendEntry> chainLegend(const Theme&, std::span<const Index> chains, int chosen);
/// The colour with the opacity that chain `chain` of `count` has while `chosen` is emphasised.
QColor chainInk(const Theme&, Index chain, Index count, int chosen);

/// The lines of the text `<id>.names`; numbered ones (x1, x2, ...) are added up to `count`.
QStringList namesOf(const Frame&, const char* id, Index count);
/// Numbers of the chains shown by `<id>.chains`; 0, 1, ... where it is absent.
std::vector<Index> chainNumbers(const Frame&, const char* id, Index count);
/// Facts of the sampler by key ("kernel", "warmup", ...); empty when unknown.
QString factOf(const Frame&, const QString& key);
/// Row of the chosen variable among `names`; 0 when it is not there.
Index chosenVariable(const ChainFocus&, const QStringList& names);

/// The numbers of `diagnostics` for one variable; not-a-number where undefined.
struct Estimates {
    float mean = 0, median = 0, sd = 0, mad = 0, q5 = 0, q95 = 0, rhat = 0, essBulk = 0,
          essTail = 0, mcseMean = 0, mcseSd = 0;
};
inline constexpr Index kEstimates = 11;
std::optional<Estimates> estimatesOf(const Frame&, const QString& variable);
/// "x1   split R-hat 1.88   ESS 43", with the reason where there are no numbers. Variable `row` of
/// `trace`.
QString estimateText(const Frame&, const QString& variable, Index row);

struct VerdictText {
    QString headline;  ///< empty: none yet
    struct Finding {
        QString text, action, label, severity;
    };
    std::vector<Finding> findings;
    bool good() const { return headline.startsWith(QLatin1String("Converged")); }
};
VerdictText verdictOf(const Frame&);

/// Steps of warm-up; 0 when unknown.
double warmupOf(const Frame&);

}  // namespace lx::ui
