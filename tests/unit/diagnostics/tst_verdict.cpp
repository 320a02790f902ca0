// SPDX-License-Identifier: GPL-3.0-or-later
// What the numbers are said to mean.
#include "core/diagnostics/verdict.h"
#include "support.h"

#include <QTest>

#include <limits>

using namespace lx;
using namespace lx::diagnostics;
using namespace lx::test;

namespace {

using Findings = std::vector<Finding>;

Findings judge(const Chains& chains, const SamplerReport& sampler = {}) {
    ScalarDiagnostics scalar(chains.view());
    const std::vector<Summary> table{summarise("mu", scalar)};
    return verdict(table, chains.chains, chains.draws, sampler);
}

const Finding* find(const Findings& all, const std::string& id) {
    const auto at = std::ranges::find(all, id, &Finding::id);
    return at == all.end() ? nullptr : &*at;
}

bool warns(const Findings& all) {
    return std::ranges::any_of(all,
                               [](const Finding& f) { return f.severity == Severity::Warning; });
}

}  // namespace

class TestVerdict : public QObject {
    Q_OBJECT

    Chains m_good = autoregression(0.2, 4, 1000);

private Q_SLOTS:
    void everySentenceHasANextStep() {
        Chains bad = autoregression(0.95, 2, 80);
        SamplerReport sampler{160, 3, 2, {0.1, 0.9}, 0.3, 0.8, {3, 0}};
        const Findings all = judge(bad, sampler);
        QVERIFY(all.size() >= 6);
        bool warned = true;
        for (const Finding& f : all) {
            QVERIFY2(f.sentence.ends_with('.') && f.nextStep.ends_with('.'), f.sentence.c_str());
            QVERIFY(warned || f.severity != Severity::Warning);  // warnings first
            warned = f.severity == Severity::Warning;
        }
        QVERIFY(!find(all, "fine"));
    }

    void goodChainsAreFine() {
        const Findings all = judge(m_good);
        QVERIFY(all.size() == 1 && all[0].id == "fine" && all[0].severity == Severity::Good);
    }

    void shiftedChain() {
        Chains c = m_good;
        for (Index n = 0; n < c.draws; ++n) {
            c.at(3, n) += 1;
        }
        const Finding* f = nullptr;
        const Findings all = judge(c);
        QVERIFY((f = find(all, "rhat")));
        // sqrt(1 + 0.214), the variance of the means of the halves, a little less for normal scores
        QVERIFY2(f->sentence.find("mu is 1.09") != std::string::npos, f->sentence.c_str());
        QVERIFY(!find(all, "rhat_scale"));
    }

    void scaledChainIsNamedAsSuch() {
        Chains c = m_good;
        for (Index n = 0; n < c.draws; ++n) {
            c.at(0, n) *= 4;
        }
        const Findings all = judge(c);
        QVERIFY(find(all, "rhat_scale") && !find(all, "rhat"));
    }

    void slowChainsLackDraws() {
        const Finding* f = nullptr;
        const Findings all = judge(autoregression(0.97, 4, 2000));
        QVERIFY((f = find(all, "ess")));
        QVERIFY(f->nextStep.find("times as long") != std::string::npos);
        QVERIFY(!find(judge(autoregression(0.2, 4, 2000)), "ess"));
    }

    void tailsAlone() {
        // A scale that changes slowly: the signs, and so the centre, are independent.
        Chains c = autoregression(0, 4, 4000);
        const Chains slow = autoregression(0.998, 4, 4000, 2);
        for (std::size_t i = 0; i < c.values.size(); ++i) {
            c.values[i] *= std::exp(slow.values[i]);
        }
        const Findings all = judge(c);
        QVERIFY(find(all, "tail_ess") && !find(all, "ess"));
    }

    // A constant is no failure to converge: fixed, rounded, never left, or stuck.
    void constantNeverCounts() {
        Chains c = m_good;
        std::ranges::fill(c.values, 2.5);
        const Findings all = judge(c);
        QVERIFY(all.size() == 1 && all[0].id == "constant" && !warns(all));
        for (const char* reason : {"fixed", "rounded", "discrete", "stuck"}) {
            QVERIFY2(all[0].sentence.find(reason) != std::string::npos, reason);
        }
        // Two values: the folded one is constant, and so is an indicator of a quantile.
        for (std::size_t i = 0; i < c.values.size(); ++i) {
            c.values[i] = m_good.values[i] > 0 ? 1 : 0;
        }
        QVERIFY(!warns(judge(c)));
    }

    void stuckChains() {
        Chains c = m_good;
        for (Index m = 0; m < 4; ++m) {
            for (Index n = 0; n < c.draws; ++n) {
                c.at(m, n) = static_cast<double>(m);
            }
        }
        const Findings all = judge(c);
        QVERIFY(find(all, "stuck") && !find(all, "rhat"));
    }

    void notFinite() {
        Chains c = m_good;
        c.at(1, 3) = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(find(judge(c), "not_finite"));
        c.at(1, 3) = std::numeric_limits<double>::infinity();
        const Findings all = judge(c);
        QVERIFY(find(all, "not_finite") && !find(all, "fine"));
    }

    void fewDrawsAndOneChain() {
        QVERIFY(find(judge(autoregression(0, 4, 60)), "few_draws"));
        QVERIFY(!find(judge(autoregression(0, 4, 100)), "few_draws"));
        QVERIFY(find(judge(autoregression(0, 4, 3)), "few_draws"));
        const Findings one = judge(autoregression(0.1, 1, 2000));
        QVERIFY(find(one, "one_chain") && find(one, "fine"));
        QVERIFY(verdict({}, 0, 0)[0].id == "nothing");
    }

    void samplerFlags() {
        const auto flags = [&](const SamplerReport& s) { return judge(m_good, s); };
        const Findings all = flags({4000, 7, 12, {0.9, 0.2, 0.8, 1}, 0.99, 0.8, {0, 0, 7, 0}});
        QVERIFY(find(all, "divergences")->sentence.find("all of them in chain 3") !=
                std::string::npos);
        QVERIFY(find(all, "treedepth")->sentence.find("12 of 4000") != std::string::npos);
        QVERIFY(find(all, "ebfmi")->sentence.find("0.2 (chain 2;") != std::string::npos);
        QVERIFY(find(all, "acceptance")->nextStep == "Raise the step size.");
        QVERIFY(!find(all, "fine"));
        const Findings none = flags({4000, 0, 0, {0.9, 0.9, 0.8, 1}, 0.82, 0.8, {}});
        QVERIFY(none.size() == 1 && none[0].id == "fine");
        const double nan = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(!find(flags({10, {}, {}, {nan}, {}, {}, {}}), "ebfmi"));
        QCOMPARE(wantedAcceptance("mala"), std::optional(0.574));
        QVERIFY(!wantedAcceptance("ula"));
    }

    void manyQuantitiesAreCounted() {
        std::vector<Summary> table;
        for (int i = 0; i < 40; ++i) {
            Summary s;
            s.name = "x[" + std::to_string(i) + "]";
            s.sd = 1;
            s.mcseMean = 0.01;
            s.essBulk = s.essTail = 900;
            s.rhat = {i < 5 ? 1.1 + 0.1 * i : 1.0, 1.0};
            table.push_back(s);
        }
        const Findings all = verdict(table, 4, 1000);
        QVERIFY2(all[0].sentence.find("5 of 40 quantities (x[4], x[3], x[2], ...) is up to 1.50") !=
                     std::string::npos,
                 all[0].sentence.c_str());
    }
};

QTEST_GUILESS_MAIN(TestVerdict)
#include "tst_verdict.moc"
