// SPDX-License-Identifier: GPL-3.0-or-later
// The parts an autoencoder is composed from. A new part is a class, and a row in parts.cpp.
#pragma once

#include "core/base/key.h"
#include "core/base/params.h"
#include "core/nn/network.h"

#include <functional>

namespace lx::autoencoder {

/// What the parts may know about the run.
struct Context {
    Index dim = 0;     ///< numbers in a row of data
    Index latent = 0;  ///< latent units
    bool image = false;
    Index height = 0, width = 0;
    std::string encoder;  ///< chosen ids, for defaults that depend on other choices
    Tensor anchors;       ///< rows of data [C, D] in units of the model, where a part wants them
    Placement placement;
};

/// Code of a batch: mean [B, d]; logVariance [B, d], undefined for a deterministic encoder.
struct Posterior {
    Tensor mean, logVariance;
};

class EncoderHead {
public:
    virtual ~EncoderHead() = default;
    /// Network outputs that `latent` units need.
    virtual Index outputs(Index latent) const = 0;
    virtual Posterior read(const Tensor& outputs) const = 0;
    virtual bool stochastic() const = 0;
};

class Likelihood {
public:
    virtual ~Likelihood() = default;
    /// log p(x | outputs) in nats, 2 pi constants included. [B, D], [B, D] -> [B].
    virtual Tensor logDensity(const Tensor& outputs, const Tensor& x) const = 0;
    /// E[x | outputs], [B, D].
    virtual Tensor mean(const Tensor& outputs) const = 0;
    /// Data are set to 0 and 1 at the threshold 0.5.
    virtual bool binary() const { return false; }
    /// Noise variance where it is one number, else 0.
    virtual double variance() const { return 0; }
    virtual void setSigma(double) {}
};

class Prior {
public:
    virtual ~Prior() = default;
    /// [B, d] -> [B], nats.
    virtual Tensor logDensity(const Tensor& z) const = 0;
    /// Rows first, first + 1, ... of the key, [count, latent]; row r depends on (key, r) alone.
    virtual Tensor sample(Key, Index count, Index latent, Index first = 0) const = 0;
    /// Divergence of the posterior per unit, [B, d], nats.
    virtual Tensor divergence(const Posterior&) const = 0;
};

/// log p(x, z) of a batch as a function of its codes, [B, d] -> [B], by operations that autograd
/// follows to any order.
using LogJoint = std::function<Tensor(const Tensor& z)>;

/// Rows of data [C, D] that a flow learns from, and their codes [C, d].
struct Anchors {
    Tensor rows, codes;
};

/// What moves codes on after the encoder has drawn them.
class CodeFlow {
public:
    virtual ~CodeFlow() = default;
    /// Standard normal numbers that a code needs beside the encoder's.
    virtual Index noise() const = 0;
    /// `correction` [B]: what log p(x, z) - log q(z_0 | x) lacks to be an unbiased bound on log
    /// p(x) at the new codes z.
    struct Moved {
        Tensor z, correction;
    };
    /// z [B, d], noise [B, noise()].
    virtual Moved move(const Tensor& z, const Tensor& noise, const Anchors&,
                       const LogJoint&) const = 0;
    /// G^-1(z) = sum_i L_i L_i' exp(-|z - c_i|^2 / temperature^2) + lambda I: centres c [C, d],
    /// factors L [C, d, d].
    struct Learned {
        Tensor centres, factors;
        double temperature = 1, lambda = 0.01;
    };
    virtual Learned learned(const Anchors&) const = 0;
};

class Objective {
public:
    virtual ~Objective() = default;
    /// reconstruction [B] = -log p(x | z), divergence [B] or undefined -> mean loss in nats.
    virtual Tensor loss(const Tensor& reconstruction, const Tensor& divergence,
                        Index step) const = 0;
    virtual bool needsPosterior() const = 0;
    virtual void set(const std::string& /*id*/, const ParamValue&) {}
};

/// One row of a registry of parts. `params` are declared only while the part is chosen.
template <class MakeFunction>
struct PartRow {
    std::string id, title;
    std::vector<ParamDecl> (*params)(const Context&);
    MakeFunction make;
};

using MakeEncoder = std::unique_ptr<EncoderHead> (*)(const ParamSet&);
using MakeLikelihood = std::unique_ptr<Likelihood> (*)(const ParamSet&, const Context&,
                                                       Parameters&);
/// Null: codes stay where the encoder has drawn them.
using MakeFlow = std::unique_ptr<CodeFlow> (*)(const ParamSet&, const Context&, Parameters&);
using MakePrior = std::unique_ptr<Prior> (*)(const ParamSet&);
using MakeObjective = std::unique_ptr<Objective> (*)(const ParamSet&);
/// `encoder`: from data to `features`; else from `features` to data.
using MakeNetwork = std::unique_ptr<Network> (*)(const ParamSet&, const Context&, Parameters&,
                                                 bool encoder, Index features);

std::span<const PartRow<MakeEncoder>> encoders();
std::span<const PartRow<MakeLikelihood>> likelihoods();
std::span<const PartRow<MakeFlow>> posteriors();
std::span<const PartRow<MakePrior>> priors();
std::span<const PartRow<MakeObjective>> objectives();
std::span<const PartRow<MakeNetwork>> networks();

/// The row of `id`, which describe() has checked.
template <class Make>
const PartRow<Make>& rowOf(std::span<const PartRow<Make>> rows, const std::string& id) {
    for (const auto& row : rows) {
        if (row.id == id) {
            return row;
        }
    }
    throw UsageError("unknown part '" + id + "'");
}

/// -log p of the Bernoulli law with its hand-written gradient: [B, D], [B, D] -> [B].
Tensor bernoulliLogDensity(const Tensor& logits, const Tensor& x);

}  // namespace lx::autoencoder
