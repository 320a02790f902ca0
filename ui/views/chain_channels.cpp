// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/chain_channels.h"

#include "ui/shell/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace lx::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Chains", text);
}

/// Categories in the order in which chains take them: green and the light blue, which drown in the
/// map of an energy, come last.
constexpr std::array<Index, 8> kOrder{0, 1, 3, 5, 6, 7, 4, 2};
/// More chains than these are drawn thin.
constexpr Index kManyChains = 16;

}  // namespace

const Array* floats(const Frame& frame, std::string_view id, std::size_t rank) {
    const Array* found = channel(frame, id);
    return found && found->dtype() == DType::F32 && found->shape().size() == rank &&
                   found->count() > 0
               ? found
               : nullptr;
}

std::vector<double> rowOf(const Array& array, Index row) {
    const Index width = array.shape().back();
    const auto values = array.values<float>().subspan(static_cast<std::size_t>(row * width),
                                                      static_cast<std::size_t>(width));
    return {values.begin(), values.end()};
}

QString textOf(const Frame& frame, std::string_view id) {
    const Array* found = channel(frame, id);
    if (!found || found->dtype() != DType::U8) {
        return {};
    }
    const auto bytes = found->values<std::uint8_t>();
    return QString::fromUtf8(reinterpret_cast<const char*>(bytes.data()),
                             static_cast<qsizetype>(bytes.size()));
}

bool areParticles(const Description& description) {
    return std::ranges::any_of(description.channels, [](const ChannelDecl& c) {
        return c.id == "chains_now" && c.clock == Clock::Diffuse;
    });
}

QColor chainColor(const Theme& theme, Index chain) {
    return theme.category(kOrder[static_cast<std::size_t>(chain) % kOrder.size()]);
}

render::Marker chainMarker(Index chain) {
    // The next eight chains have the same colours and other shapes.
    return Theme::marker(chain + chain / 8);
}

QColor divergenceColor() {
    return {240, 128, 32};
}

QString chainName(Index chain) {
    return tr("chain %1").arg(chain + 1);
}

std::vector<QColor> fieldColors(const Theme& theme) {
    constexpr int kColors = 256;
    const auto stops = theme.sequentialMap().stops;
    std::vector<QColor> out;
    for (int i = 0; i < kColors; ++i) {
        const double at = i / (kColors - 1.0) * static_cast<double>(stops.size() - 1);
        const auto below = std::min(static_cast<std::size_t>(at), stops.size() - 2);
        const auto share = static_cast<float>(at - static_cast<double>(below));
        const auto &a = stops[below], &b = stops[below + 1];
        out.push_back(QColor::fromRgbF(a.r + share * (b.r - a.r), a.g + share * (b.g - a.g),
                                       a.b + share * (b.b - a.b)));
    }
    return out;
}

std::vector<LegendEntry> chainLegend(const Theme& theme, std::span<const Index> chains,
                                     int chosen) {
    std::vector<LegendEntry> out;
    for (std::size_t i = 0; i < chains.size(); ++i) {
        const auto c = static_cast<Index>(i);
        out.push_back({chainName(chains[i]), chainColor(theme, c), chainMarker(c), Qt::SolidLine,
                       chosen >= 0 && chosen != c});
    }
    return out;
}

QColor chainInk(const Theme& theme, Index chain, Index count, int chosen) {
    QColor out = chainColor(theme, chain);
    const float all = count > kManyChains ? 0.55F : 1.0F;
    out.setAlphaF(chosen < 0 ? all : chosen == chain ? 1.0F : 0.16F);
    return out;
}

QStringList namesOf(const Frame& frame, const char* id, Index count) {
    QStringList names = textOf(frame, std::string(id) + ".names")
                            .split(QLatin1Char('\n'), Qt::SkipEmptyParts)
                            .mid(0, count);
    while (names.size() < count) {
        names << QStringLiteral("x%1").arg(names.size() + 1);
    }
    return names;
}

std::vector<Index> chainNumbers(const Frame& frame, const char* id, Index count) {
    const Array* found = channel(frame, std::string(id) + ".chains");
    if (found && found->dtype() == DType::I64 && found->count() == count) {
        const auto values = found->values<Index>();
        return {values.begin(), values.end()};
    }
    std::vector<Index> out(static_cast<std::size_t>(count));
    std::iota(out.begin(), out.end(), Index{0});
    return out;
}

QString factOf(const Frame& frame, const QString& key) {
    for (const QString& line : textOf(frame, "sampler").split(QLatin1Char('\n'))) {
        if (line.startsWith(key + QLatin1Char('\t'))) {
            return line.mid(key.size() + 1);
        }
    }
    return {};
}

Index chosenVariable(const ChainFocus& state, const QStringList& names) {
    return std::max<Index>(0, names.indexOf(state.variable()));
}

std::optional<Estimates> estimatesOf(const Frame& frame, const QString& variable) {
    const Array* table = floats(frame, "diagnostics", 2);
    if (!table || table->dim(1) != kEstimates) {
        return {};
    }
    const Index row = namesOf(frame, "diagnostics", table->dim(0)).indexOf(variable);
    if (row < 0) {
        return {};
    }
    Estimates out;
    static_assert(sizeof out == kEstimates * sizeof(float));
    std::memcpy(static_cast<void*>(&out), table->values<float>().data() + row * kEstimates,
                sizeof out);
    return out;
}

QString estimateText(const Frame& frame, const QString& variable, Index row) {
    const std::optional<Estimates> found = estimatesOf(frame, variable);
    const Array *rhats = floats(frame, "trace.rhat", 1), *sizes = floats(frame, "trace.ess", 1);
    const bool own = rhats && sizes && row < rhats->dim(0) && row < sizes->dim(0);
    if (!found && !own) {
        return variable;
    }
    const auto at = static_cast<std::size_t>(row);
    const float rhat = own ? rhats->values<float>()[at] : found->rhat;
    const float ess = own ? sizes->values<float>()[at] : found->essBulk;
    if (std::isnan(rhat) && std::isnan(ess)) {
        const QString why = found && found->sd == 0                ? tr("constant: no R-hat")
                            : found && !std::isfinite(found->mean) ? tr("not all finite: no R-hat")
                                                                   : tr("too few draws for R-hat");
        return variable + QStringLiteral("   ") + why;
    }
    return tr("%1   split R-hat %2   ESS %3")
        .arg(variable,
             std::isinf(rhat)   ? QStringLiteral("∞")
             : std::isnan(rhat) ? QStringLiteral("–")
                                : formatFixed(rhat, 2),
             std::isfinite(ess) ? formatInteger(static_cast<Index>(std::lround(ess)))
                                : QStringLiteral("–"));
}

VerdictText verdictOf(const Frame& frame) {
    const QStringList lines = textOf(frame, "verdict").split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    VerdictText out;
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QStringList parts = lines[i].split(QLatin1Char('\t'));
        if (i == 0) {
            out.headline = parts[0];
        } else {
            out.findings.push_back({parts[0], parts.value(1), parts.value(2), parts.value(3)});
        }
    }
    return out;
}

double warmupOf(const Frame& frame) {
    const Array* found = floats(frame, "trace.warmup", 1);
    const double steps = found ? found->values<float>()[0] : 0;
    return std::isfinite(steps) && steps > 0 ? steps : 0;
}

}  // namespace lx::ui
