// SPDX-License-Identifier: GPL-3.0-or-later
// Decoders copied out of LibTorch against autograd, and what they bring to a metric.
#include "core/experiments/autoencoder/decoder_map.h"
#include "core/geometry/rbf_map.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <QtTest>
#include <cmath>

using namespace lx;
using namespace lx::autoencoder;

namespace {

using Vector = std::vector<double>;

struct Made {
    ParamSet params;
    std::shared_ptr<RunData> data;
    std::shared_ptr<Model> model;
};

Made make(const ParamSet& more) {
    const auto library = std::make_shared<DataLibrary>(std::vector<std::string>{});
    ParamSet given{{"data.source", std::string("data.shapes16")},
                   {"data.count", Index{400}},
                   {"network.hidden", std::vector<double>{24, 17}}};
    for (const auto& [id, value] : more) {
        given[id] = value;
    }
    Made out;
    out.params = resolve(describe(*library, given).params, given);
    out.data =
        std::make_shared<RunData>(library->load(out.params, Key{1, 5}), out.params, Key{1, 6});
    out.model = std::make_shared<Model>(out.params, out.data->context, at::kDouble);
    out.model->parameters().initialise(Key{1, 7});
    return out;
}

/// E[x | z] by autograd, in double precision; Model::decode records no graph.
Tensor mean(const Made& m, const Tensor& z) {
    const Parameters& p = m.model->parameters();
    Tensor h = z;
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i < p.size(); ++i) {
        if (p.options(i).name.starts_with("decoder.") && p.options(i).name != "decoder.log_sigma") {
            tensors.push_back(p.value(i).detach().to(at::kFloat).to(at::kDouble));
        }
    }
    for (std::size_t l = 0; l + 1 < tensors.size(); l += 2) {
        h = at::linear(h, tensors[l], tensors[l + 1]);
        h = l + 2 < tensors.size() ? activate(h, activationOf(text(m.params, "network.activation")))
                                   : h;
    }
    return m.model->likelihood().binary() ? at::sigmoid(h) : h;
}

Vector plain(const Tensor& t) {
    const Tensor host = t.detach().to(at::kDouble).contiguous();
    return {host.data_ptr<double>(), host.data_ptr<double>() + host.numel()};
}

/// Columns J [N, d, P] by double backward: the derivative of u'J by u, times a unit tangent.
Vector doubleBackward(const Made& m, const Tensor& at) {
    const at::AutoGradMode on(true);
    std::vector<Tensor> columns;
    for (Index k = 0; k < at.size(1); ++k) {
        const Tensor z = at.detach().clone().requires_grad_(true);
        const Tensor y = mean(m, z);
        const Tensor u = at::zeros_like(y).requires_grad_(true);
        const Tensor pulled = torch::autograd::grad({y}, {z}, {u}, true, true)[0];
        Tensor tangent = at::zeros_like(z);
        tangent.select(1, k).fill_(1);
        columns.push_back(torch::autograd::grad({pulled}, {u}, {tangent})[0]);
    }
    return plain(at::stack(columns, 1));
}

double worst(const Vector& a, const Vector& b) {
    double most = a.size() == b.size() ? 0 : 1e300, size = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]));
        size = std::max(size, std::abs(b[i]));
    }
    return most / size;
}

}  // namespace

class TestDecoderMap : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithAutograd_data() {
        QTest::addColumn<QString>("decoder");
        QTest::addColumn<QString>("activation");
        for (const char* decoder : {"dec.gauss", "dec.bernoulli"}) {
            for (const char* activation : {"relu", "leaky_relu", "silu", "tanh", "identity"}) {
                QTest::addRow("%s %s", decoder, activation) << decoder << activation;
            }
        }
    }
    void agreesWithAutograd() {
        QFETCH(QString, decoder);
        QFETCH(QString, activation);
        const Made m = make(
            {{"decoder", decoder.toStdString()}, {"network.activation", activation.toStdString()}});
        const SmoothMapPtr map = decoderMap(*m.model, m.params);
        const Tensor at = normal(Key{2, 1}, {100, 2}).to(at::kDouble);
        const Vector z = plain(at);
        const auto outputs = static_cast<std::size_t>(map->outputs());
        QCOMPARE(outputs, std::size_t{256});
        Vector value(100 * outputs), columns(200 * outputs);
        map->value(z, value);
        map->jacobian(z, columns);
        const Vector truth = doubleBackward(m, at);
        QVERIFY(worst(value, plain(mean(m, at))) < 1e-10);
        QVERIFY(worst(columns, truth) < 1e-10);
        // Pull-backs: J'J, and with the weights of the Fisher metric 1 / (p (1 - p)).
        const bool binary = m.model->likelihood().binary();
        MetricInputs in;
        (binary ? in.probabilities : in.mean) = map;
        const MetricPtr metric = makeMetric(binary ? "pullback-bernoulli" : "pullback", {}, in);
        Vector g(400), expected(400);
        metric->at(z, g);
        for (std::size_t i = 0; i < 100; ++i) {
            for (std::size_t ab = 0; ab < 4; ++ab) {
                for (std::size_t p = 0; p < outputs; ++p) {
                    const double y = std::clamp(value[i * outputs + p], 0.01, 0.99);
                    expected[4 * i + ab] += truth[(2 * i + ab / 2) * outputs + p] *
                                            truth[(2 * i + ab % 2) * outputs + p] /
                                            (binary ? y * (1 - y) : 1);
                }
            }
        }
        QVERIFY2(worst(g, expected) < 1e-6, qPrintable(QString::number(worst(g, expected))));
        // Broken twin: a weight that has moved since the copy.
        m.model->parameters().initialise(Key{1, 8});
        QVERIFY(worst(columns, doubleBackward(m, at)) > 1e-2);
    }
    void onlyFullLayers() {
        Made m = make({});
        m.params["network"] = std::string("net.conv");
        QVERIFY(decoderMap(*m.model, m.params) == nullptr);
    }
    /// Uncertainty is the model's error at the data and far larger off them.
    void uncertaintyGrowsOffTheData() {
        Vector codes, squares;
        const Vector draws = plain(normal(Key{2, 2}, {600, 3}));
        for (std::size_t i = 0; i < 600; ++i) {
            // Two clumps of codes with errors of 0.1 and 0.3.
            const double side = i % 2 == 0 ? -1 : 1, sd = i % 2 == 0 ? 0.1 : 0.3;
            codes.push_back(side + 0.2 * draws[3 * i]);
            codes.push_back(0.2 * draws[3 * i + 1]);
            squares.push_back(std::pow(sd * draws[3 * i + 2], 2));
        }
        RbfParts parts = rbfCentres(codes, 2, 8);
        parts.floor = 1e-2;
        const auto likelihood = [&](Index iterations) {
            const SmoothMapPtr sigma =
                rbfDeviation(fitPrecision(parts, codes, squares, iterations));
            Vector s(squares.size());
            sigma->value(codes, s);
            double sum = 0;
            for (std::size_t i = 0; i < s.size(); ++i) {
                sum -= 2 * std::log(s[i]) + squares[i] / (s[i] * s[i]);
            }
            return sum;
        };
        QVERIFY(likelihood(20) > likelihood(5));
        QVERIFY(likelihood(100) >= likelihood(20));
        const SmoothMapPtr sigma = rbfDeviation(fitPrecision(parts, codes, squares));
        Vector at(4);
        sigma->value(Vector{-1, 0, 1, 0, 0, 3, 4, 0}, at);
        qInfo("sigma at the clumps %.3f %.3f, off them %.3f %.3f", at[0], at[1], at[2], at[3]);
        QVERIFY(std::abs(at[0] / 0.1 - 1) < 0.3 && std::abs(at[1] / 0.3 - 1) < 0.3);
        QVERIFY(at[2] > 5 && at[3] > 5 && at[2] <= 10 + 1e-9);
        squares[3] = -1;
        QVERIFY_EXCEPTION_THROWN(fitPrecision(parts, codes, squares), UsageError);
        squares.pop_back();
        QVERIFY_EXCEPTION_THROWN(fitPrecision(parts, codes, squares), UsageError);
    }
    void precisionIsDeclared() {
        const ParamSet usual = resolve(metricSpec("pullback").params, {});
        QCOMPARE(integer(usual, "metric.bumps"), Index{48});
        QCOMPARE(number(usual, "metric.bump_width"), 1.5);
        QCOMPARE(number(usual, "metric.precision_floor"), 0.01);
        QVERIFY_EXCEPTION_THROWN(
            resolve(metricSpec("pullback").params, {{"metric.precision_floor", 0.0}}), UsageError);
    }
    /// The inputs of a moment suffice for every metric that its model should offer.
    void inputsOfAMoment() {
        for (const char* decoder : {"dec.gauss", "dec.bernoulli"}) {
            const Made m = make({{"decoder", std::string(decoder)}});
            const auto model = std::make_shared<Model>(m.params, m.data->context);
            model->parameters().initialise(Key{1, 7});
            const MetricInputs in = metricInputs({m.data, model});
            const bool gauss = std::string(decoder) == "dec.gauss";
            for (const char* id :
                 {"pullback", "pullback-bernoulli", "enc-cov", "conformal-volume"}) {
                const std::string name = id;
                const bool fits = name == "pullback"             ? gauss
                                  : name == "pullback-bernoulli" ? !gauss
                                                                 : true;
                QCOMPARE(metricSpec(id).fits(in), fits);
                if (fits) {
                    Vector g(4);
                    makeMetric(id, {}, in)->at(Vector{0.1, -0.2}, g);
                    QVERIFY(g[0] > 0 && g[0] * g[3] > g[1] * g[2]);
                }
            }
            QCOMPARE(in.sigma != nullptr, gauss);
            // The decoder's whole standard deviation, far off as the least precision says.
            const Vector z{0.1, -0.2, 1e3, 0};
            const Vector spread = decoderDeviation(in, z);
            if (!gauss) {
                Vector p(2 * 256);
                in.probabilities->value(z, p);
                double sum = 0;
                for (std::size_t i = 0; i < 256; ++i) {
                    sum += p[i] * (1 - p[i]);
                }
                QVERIFY(std::abs(spread[0] - std::sqrt(sum)) < 1e-12);
                continue;
            }
            QVERIFY(std::abs(spread[1] / std::sqrt(256 / 0.01) - 1) < 1e-9);
            const MetricInputs keen =
                metricInputs({m.data, model}, {{"metric.precision_floor", 1e-4},
                                               {"metric.bumps", Index{7}},
                                               {"metric.bump_width", 0.5}});
            const Vector other = decoderDeviation(keen, z);
            QVERIFY(std::abs(other[1] / spread[1] - 10) < 1e-9);
            QVERIFY(std::abs(other[0] / spread[0] - 1) > 1e-6);
            // Broken twin: the parameters of nobody change nothing.
            const auto same =
                decoderDeviation(metricInputs({m.data, model}, {{"metric.lambda", 1e-4}}), z);
            QCOMPARE(same, spread);
        }
    }
};

QTEST_GUILESS_MAIN(TestDecoderMap)
#include "tst_decoder_map.moc"
