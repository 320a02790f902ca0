// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/chain_mechanism.h"

#include "ui/shell/numbers.h"
#include "ui/views/chain_channels.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Chains", text);
}

bool finite(QPointF p) {
    return std::isfinite(p.x()) && std::isfinite(p.y());
}

/// First two coordinates of row `row` of [rows, D]; the second is 0 in one dimension.
QPointF planeAt(const Array& points, Index row) {
    const Index d = points.shape().back();
    const auto v = points.values<float>();
    const auto at = static_cast<std::size_t>(row * d);
    return {v[at], d > 1 ? v[at + 1] : 0.0F};
}

std::optional<QPointF> vectorAt(const Frame& frame, const char* id, Index row) {
    const Array* found = floats(frame, id, 2);
    if (!found || row >= found->dim(0)) {
        return {};
    }
    const QPointF p = planeAt(*found, row);
    return finite(p) ? std::optional(p) : std::nullopt;
}

bool flagAt(const Frame& frame, const char* id, Index row) {
    const Array* found = floats(frame, id, 1);
    return found && row < found->dim(0) &&
           found->values<float>()[static_cast<std::size_t>(row)] > 0;
}

bool isHamiltonian(const Mechanism& m) {
    return m.family == QLatin1String("hamiltonian") || (m.family.isEmpty() && !m.momenta.empty());
}

/// Number of doublings; 0 without a tree.
Index depthOf(const Mechanism& m) {
    Index depth = 0;
    for (const Mechanism::Edge& edge : m.tree) {
        depth = std::max(depth, edge.doubling + 1);
    }
    return depth;
}

void curve(std::vector<OverlayItem>& out, std::vector<QPointF> points, const QColor& ink,
           const QColor& halo, double width, Qt::PenStyle style = Qt::SolidLine) {
    out.push_back(CurveItem{points, halo, width + 1.8, Qt::SolidLine});
    out.push_back(CurveItem{std::move(points), ink, width, style});
}

void arrow(std::vector<OverlayItem>& out, QPointF from, QPointF by, const QColor& ink,
           const QColor& halo, Qt::PenStyle style, bool filled, double width = 1.8) {
    const QPointF to = from + by;
    out.push_back(
        ArrowItem{from.x(), from.y(), to.x(), to.y(), halo, width + 2, Qt::SolidLine, filled});
    out.push_back(ArrowItem{from.x(), from.y(), to.x(), to.y(), ink, width, style, filled});
}

QString point(QPointF p) {
    return QStringLiteral("(%1, %2)").arg(formatFixed(p.x(), 2), formatFixed(p.y(), 2));
}

QString verdictCaption(const Mechanism& m) {
    if (m.diverged) {
        return tr(
            "Rejected as divergent: the energy error left the range that a healthy path "
            "keeps. Make the step smaller.");
    }
    const QString alpha = std::isfinite(m.logAlpha)
                              ? formatFixed(std::min(1.0, std::exp(m.logAlpha)), 2)
                              : QStringLiteral("0");
    if (m.family == QLatin1String("underdamped") || m.family == QLatin1String("unadjusted")) {
        return tr("The new state is taken as it is: this kernel corrects nothing.");
    }
    return m.accepted ? tr("Accepted with probability %1: the chain will move to %2 (solid arrow).")
                            .arg(alpha, point(m.proposal))
                      : tr("Rejected (acceptance probability %1): the chain will stay at %2 "
                           "(dashed arrow).")
                            .arg(alpha, point(m.from));
}

}  // namespace

std::optional<Mechanism> mechanismOf(const Frame& frame, Index row) {
    const Array* alpha = floats(frame, "mechanism", 1);
    const auto from = vectorAt(frame, "mechanism.from", row);
    const auto proposal = vectorAt(frame, "mechanism.proposal", row);
    if (!alpha || row < 0 || row >= alpha->dim(0) || !from || !proposal) {
        return {};
    }
    Mechanism m;
    m.family = factOf(frame, QStringLiteral("family"));
    m.from = *from;
    m.proposal = *proposal;
    m.logAlpha = alpha->values<float>()[static_cast<std::size_t>(row)];
    m.accepted = flagAt(frame, "mechanism.accepted", row);
    m.diverged = flagAt(frame, "mechanism.diverged", row);
    m.drift = vectorAt(frame, "mechanism.drift", row);
    m.noise = vectorAt(frame, "mechanism.noise", row);
    const Array* path = floats(frame, "mechanism.path", 3);
    if (!path || row >= path->dim(0)) {
        return m;
    }
    const Index points = path->dim(1);
    const auto rowsOf = [&](const char* id) {
        const Array* found = floats(frame, id, 3);
        return found && found->dim(0) == path->dim(0) && found->dim(1) == points ? found : nullptr;
    };
    const Array* momenta = rowsOf("mechanism.momenta");
    const Array* error = floats(frame, "mechanism.energy_error", 2);
    const bool errors = error && error->dim(0) == path->dim(0) && error->dim(1) == points;
    for (Index i = 0; i < points; ++i) {
        const QPointF at = planeAt(*path, row * points + i);
        if (!finite(at)) {
            break;  // rows after the end of the path
        }
        m.path.push_back(at);
        m.position0.push_back(at.x());
        if (momenta) {
            m.momenta.push_back(planeAt(*momenta, row * points + i));
            m.momentum0.push_back(m.momenta.back().x());
        }
        if (errors) {
            m.energyError.push_back(
                error->values<float>()[static_cast<std::size_t>(row * points + i)]);
        }
    }
    const Array* tree = channel(frame, "mechanism.tree");
    if (tree && tree->dtype() == DType::I64 && tree->shape().size() == 2 && tree->dim(1) == 4) {
        const auto v = tree->values<Index>();
        const auto inside = [&](Index i) { return i >= 0 && i < std::ssize(m.path); };
        for (std::size_t e = 0; e + 3 < v.size(); e += 4) {
            if (v[e] == row && inside(v[e + 1]) && inside(v[e + 2])) {
                m.tree.push_back({static_cast<std::size_t>(v[e + 1]),
                                  static_cast<std::size_t>(v[e + 2]), v[e + 3]});
            }
        }
    }
    return m;
}

QStringList mechanismCaptions(const Mechanism& m) {
    QStringList out;
    if (m.drift) {
        out << tr("Drift: half a step down the gradient of the energy, −(η/2) ∇E = %1.")
                   .arg(point(*m.drift));
    }
    if (m.noise) {
        out << tr("Noise: √η times a standard normal, %1. Both together are the proposal %2.")
                   .arg(point(*m.noise), point(m.proposal));
    }
    if (!m.path.empty()) {
        if (!m.momenta.empty()) {
            out << tr("A fresh momentum is drawn: %1.").arg(point(m.momenta.front()));
        }
        if (const Index depth = depthOf(m); depth > 0) {
            for (Index d = 0; d < depth; ++d) {
                const auto edges = std::ranges::count_if(
                    m.tree, [&](const Mechanism::Edge& e) { return e.doubling == d; });
                out << tr("Doubling %1: the tree grows by %2 leapfrog steps forwards or backwards "
                          "until its ends turn towards each other.")
                           .arg(d + 1)
                           .arg(edges);
            }
            out << tr("One point of the path is chosen with probability exp(−H): %1.")
                       .arg(point(m.proposal));
        } else {
            QString text =
                tr("%1 leapfrog steps at nearly constant energy.").arg(m.path.size() - 1);
            if (!m.energyError.empty() && std::isfinite(m.energyError.back())) {
                text += tr(" The energy is off by %1 nats at the end.")
                            .arg(formatShort(m.energyError.back(), 2));
            }
            out << text;
        }
    } else if (!m.drift && !m.noise) {
        out << tr("Proposal: a random move from %1 to %2.").arg(point(m.from), point(m.proposal));
    }
    if (depthOf(m) == 0) {
        out << verdictCaption(m);
    }
    return out;
}

ArrowItem proposalArrow(const Mechanism& m, const QColor& ink) {
    return {m.from.x(),
            m.from.y(),
            m.proposal.x(),
            m.proposal.y(),
            ink,
            1.6,
            m.accepted ? Qt::SolidLine : Qt::DashLine,
            m.accepted};
}

void addMechanism(std::vector<OverlayItem>& out, const Mechanism& m, int phase, const QColor& ink,
                  const QColor& halo) {
    int left = phase;  // sub-steps that are still to be shown after the present one
    if (m.drift && left >= 0) {
        arrow(out, m.from, *m.drift, ink, halo, Qt::DotLine, true, 1.5);
        --left;
    }
    if (m.noise && left >= 0) {
        arrow(out, m.from + m.drift.value_or(QPointF()), *m.noise, ink, halo, Qt::DashDotLine, true,
              1.5);
        --left;
    }
    const Index depth = depthOf(m);
    if (!m.path.empty()) {
        if (!m.momenta.empty() && left >= 0) {
            // As long as the first leap, so that it fits the picture whatever the mass.
            const QPointF p = m.momenta.front();
            const double size = std::hypot(p.x(), p.y());
            const QPointF leap = m.path.size() > 1 ? m.path[1] - m.path[0] : QPointF();
            const double reach = 3 * std::hypot(leap.x(), leap.y());
            if (size > 0 && reach > 0 && left == 0) {
                arrow(out, m.from, p * (reach / size), ink, halo, Qt::SolidLine, true);
            }
            --left;
        }
        if (depth > 0) {
            for (const Mechanism::Edge& edge : m.tree) {
                if (edge.doubling <= left) {
                    curve(out, {m.path[edge.from], m.path[edge.to]}, ink, halo,
                          1.0 + 0.25 * static_cast<double>(edge.doubling));
                }
            }
        } else if (left >= 0) {
            curve(out, m.path, ink, halo, 1.4);
        }
        if (left >= 0) {
            for (std::size_t i = 1; i < m.path.size(); ++i) {
                const bool seen =
                    depth == 0 || std::ranges::any_of(m.tree, [&](const Mechanism::Edge& e) {
                        return e.doubling <= left && (e.from == i || e.to == i);
                    });
                if (seen) {
                    out.push_back(MarkerItem{m.path[i].x(), m.path[i].y(), render::Marker::Circle,
                                             4.5, ink, halo});
                }
            }
        }
        left -= depth > 0 ? static_cast<int>(depth) : 1;
    } else if (!m.drift && !m.noise) {
        --left;
        if (left < 0) {
            arrow(out, m.from, m.proposal - m.from, ink, halo, Qt::DashLine, false);
        }
    }
    if (left >= 0) {
        if (!isHamiltonian(m) || depth > 0 || m.path.empty()) {
            const ArrowItem last = proposalArrow(m, ink);
            arrow(out, m.from, m.proposal - m.from, ink, halo, last.style, last.filled);
        }
        out.push_back(MarkerItem{m.proposal.x(), m.proposal.y(),
                                 m.diverged   ? render::Marker::Cross
                                 : m.accepted ? render::Marker::Circle
                                              : render::Marker::Cross,
                                 m.diverged ? 11.0 : 8.0, m.accepted ? ink : halo,
                                 m.accepted ? halo : ink});
    }
}

}  // namespace lx::ui
