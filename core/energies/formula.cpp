// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/formula.h"

#include "core/base/decls.h"
#include "core/energies/formula_parser.h"
#include "core/energies/line_table.h"
#include "core/energies/plane_table.h"
#include "core/energies/registry.h"

namespace lx {
namespace {

class Formula final : public FormulaEnergy {
public:
    Formula(Tape tape, Index dim, double extent)
        : m_tape(std::move(tape)), m_dim(dim), m_extent(extent) {}
    Index dim() const override { return m_dim; }
    const Tape& tape() const override { return m_tape; }

    std::optional<double> logNormaliser() const override {
        const Truth* t = truth();
        return t != nullptr ? std::optional(t->logZ) : std::nullopt;
    }
    std::optional<std::vector<double>> mean() const override {
        const Truth* t = truth();
        return t != nullptr ? std::optional(t->mean) : std::nullopt;
    }
    std::optional<std::vector<double>> covariance() const override {
        const Truth* t = truth();
        return t != nullptr ? std::optional(t->covariance) : std::nullopt;
    }
    std::optional<std::vector<double>> marginal(Index axis,
                                                std::span<const double> at) const override {
        if (m_dim != 1 || truth() == nullptr) {
            return Energy::marginal(axis, at);
        }
        std::vector<double> out;
        for (const double x : at) {
            out.push_back(std::exp(-Energy::at(std::span(&x, 1)) - truth()->logZ));
        }
        return out;
    }
    bool canSample() const override { return truth() != nullptr; }
    std::vector<double> sample(Key key, Index count) const override {
        const Truth* t = truth();
        if (t == nullptr) {
            return Energy::sample(key, count);
        }
        if (t->plane != nullptr) {
            return t->plane->sample(*this, key, count);
        }
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            out.push_back(t->line->draw(draws));
        }
        return out;
    }
    Box box() const override {
        const auto d = static_cast<std::size_t>(m_dim);
        return {std::vector<double>(d, -m_extent), std::vector<double>(d, m_extent)};
    }
    Box frame() const override { return box(); }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        runTape(m_tape, m_dim, x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        runTape(m_tape, m_dim, x, count, value, grad);
    }

private:
    struct Truth {
        double logZ = 0;
        std::vector<double> mean, covariance;
        std::unique_ptr<PlaneTable> plane;
        std::unique_ptr<LineTable> line;
    };

    const Truth* truth() const {
        std::call_once(m_once, [this] {
            m_truth = m_dim == 1 ? alongLine() : m_dim == 2 ? inPlane() : nullptr;
        });
        return m_truth.get();
    }
    std::unique_ptr<Truth> inPlane() const {
        auto t = std::make_unique<Truth>();
        t->plane = PlaneTable::make(*this, box());
        if (t->plane == nullptr) {
            return nullptr;
        }
        t->logZ = t->plane->logNormaliser();
        t->mean.assign(t->plane->mean().begin(), t->plane->mean().end());
        t->covariance.assign(t->plane->covariance().begin(), t->plane->covariance().end());
        return t;
    }
    std::unique_ptr<Truth> alongLine() const {
        const auto logDensity = [this](double x) { return -Energy::at(std::span(&x, 1)); };
        auto t = std::make_unique<Truth>();
        try {
            t->line = std::make_unique<LineTable>(logDensity, -m_extent, m_extent);
        } catch (const UsageError&) {
            return nullptr;  // the density is 0 all over the interval
        }
        t->logZ = t->line->logNormaliser();
        const double edge = std::max(logDensity(-m_extent), logDensity(m_extent));
        if (edge > t->logZ - std::log(2 * m_extent) - 20) {
            return nullptr;
        }
        const double centre = t->line->expect([](double x) { return x; });
        t->mean = {centre};
        t->covariance = {t->line->expect([&](double x) { return (x - centre) * (x - centre); })};
        return t;
    }

    Tape m_tape;
    Index m_dim;
    double m_extent;
    mutable std::once_flag m_once;
    mutable std::unique_ptr<Truth> m_truth;
};

}  // namespace

std::shared_ptr<const FormulaEnergy> formulaEnergy(std::string_view expression,
                                                   std::string_view constants, Index dim,
                                                   double extent) {
    const NamedConstants named = parseConstants(constants, "energy.constants");
    Tape tape = parseFormula(expression, named, "energy.expression");
    if (tape.dim == 0 && dim == 0) {
        throw FormulaError("energy.expression", 1,
                           "expected an expression in x, y or x1, x2, ...; this one is constant");
    }
    if (dim != 0 && dim < tape.dim) {
        throw UsageError("energy.dim is " + std::to_string(dim) +
                         ", but energy.expression names x" + std::to_string(tape.dim) +
                         ": raise energy.dim, or set it to 0");
    }
    const Index width = dim != 0 ? dim : tape.dim;
    return std::make_shared<Formula>(std::move(tape), width, extent);
}

namespace energies {

EnergySpec formula() {
    using namespace decl;
    return {
        "formula",
        "Formula",
        "-",
        {make("energy.expression", "Expression", std::string("(x^2+y-11)^2/20 + (x+y^2-7)^2/20"),
              "energy in nats, in x, y or x1, x2, ...: + - * / ^ and exp, log, sin, ..."),
         make("energy.constants", "Constants", std::string(), "such as a = 2, b = a/3"),
         within(make("energy.dim", "Dimension", Index{0}, "0: what the expression names"), 0, 1000),
         within(make("energy.extent", "Extent", 8.0,
                     "half width of the region shown and integrated over"),
                1e-3, 1e4, Scale::Log)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            return formulaEnergy(text(p, "energy.expression"), text(p, "energy.constants"),
                                 integer(p, "energy.dim"), number(p, "energy.extent"));
        }};
}

}  // namespace energies
}  // namespace lx
