// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/experiments/autoencoder/parts.h"
#include "core/session/experiment.h"

#include <optional>

namespace lx::autoencoder {

/// Losses of a batch, per datum in nats.
struct Losses {
    Tensor reconstruction;  ///< [B], -log p(x | z)
    Tensor divergence;      ///< [B]; undefined for a deterministic encoder; of codes that move on
                            ///< one draw of it, which can be negative
};

/// Encoder, decoder and prior with their parameters in one flat buffer.
class Model {
public:
    Model(const ParamSet&, const Context&, at::ScalarType = at::kFloat);
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    Parameters& parameters() noexcept { return m_parameters; }
    const Parameters& parameters() const noexcept { return m_parameters; }
    const Context& context() const noexcept { return m_context; }
    bool stochastic() const { return m_head->stochastic(); }
    const Likelihood& likelihood() const { return *m_likelihood; }
    Likelihood& likelihood() { return *m_likelihood; }
    const Prior& prior() const { return *m_prior; }

    /// Rows as the likelihood expects them: binarised where it is binary.
    Tensor prepared(const Tensor& x) const;
    /// Standard normal numbers that a code is made from.
    Index noiseUnits() const;
    /// x [B, D], already prepared; noise [B, noiseUnits()] standard normal.
    Losses train(const Tensor& x, const Tensor& noise);
    /// The same values without a graph.
    Losses evaluate(const Tensor& x, const Tensor& noise) const;
    Posterior encode(const Tensor& x) const;
    /// Mean of the data given z [B, d] -> [B, D].
    Tensor decode(const Tensor& z) const;
    /// mean + sd * noise [B, d]; the mean itself for a deterministic encoder.
    Tensor codes(const Posterior&, const Tensor& noise) const;
    /// The metric that moves the codes on; nothing where they stay.
    std::optional<CodeFlow::Learned> learnedMetric() const;
    /// log p(x | z) + log p(z) - log q(z | x) for K codes of each row. x [B, D], noise
    /// [B, K, noiseUnits()] -> [B, K]. Needs a stochastic encoder. Codes that move on count with
    /// what their flow corrects.
    Tensor logWeights(const Tensor& x, const Tensor& noise) const;
    /// W and the offset of a linear decoder, or undefined tensors when it is not linear.
    std::pair<Tensor, Tensor> linearDecoder() const;
    void copyFrom(const Tensor& flat);

private:
    Losses losses(const Tensor& encoded, const Tensor& x, const Tensor& noise, bool training);
    CodeFlow::Moved moved(const Tensor& z, const Tensor& noise, const Tensor& x) const;
    Anchors anchors() const;

    Context m_context;
    Parameters m_parameters;
    std::unique_ptr<EncoderHead> m_head;
    std::unique_ptr<Likelihood> m_likelihood;
    std::unique_ptr<Prior> m_prior;
    std::unique_ptr<Network> m_encoder, m_decoder;
    std::unique_ptr<CodeFlow> m_flow;  ///< null: codes stay where they are drawn
};

/// Complete declarations, spaces, channels and series for the choices in `given`.
Description describe(const DataLibrary&, const ParamSet& given);
Context contextOf(const ParamSet& params, std::span<const Index> sampleShape);

}  // namespace lx::autoencoder
