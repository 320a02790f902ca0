// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_images.h"

#include "core/base/philox.h"
#include "tests/support/fake_experiment.h"

#include <algorithm>
#include <cmath>

namespace lx::test {
namespace {

constexpr Index kPixels = kFakeImage * kFakeImage;
constexpr float kPi = 3.14159265F;

float sigmoid(float x) {
    return 1.0F / (1.0F + std::exp(-x));
}

/// One superellipse: z0 sets its aspect, z1 its tilt, their sum the hole; further units its size.
void paint(const float* z, Index dim, float sharpness, float* image) {
    const float z1 = dim > 1 ? z[1] : 0.0F;
    const float aspect = std::exp(0.25F * z[0]);
    float size = 0.55F;
    for (Index i = 2; i < dim; ++i) {
        size *= std::exp(0.1F * std::tanh(z[i]));
    }
    const float c = std::cos(0.6F * z1), s = std::sin(0.6F * z1);
    const float hole = 0.5F * sigmoid(2.0F * (z[0] + z1));
    const float edge = 4.0F + 14.0F * sharpness;
    for (Index row = 0; row < kFakeImage; ++row) {
        for (Index column = 0; column < kFakeImage; ++column) {
            const float x = (static_cast<float>(column) - 13.5F) / 14.0F;
            const float y = (static_cast<float>(row) - 13.5F) / 14.0F;
            const float u = (c * x + s * y) / (size * aspect);
            const float v = (c * y - s * x) / (size / aspect);
            const float r = std::pow(u * u * u * u + v * v * v * v, 0.25F);
            image[row * kFakeImage + column] = sigmoid(edge * (1.0F - r)) *
                                               (1.0F - sigmoid(edge * (hole - r))) *
                                               (0.75F + 0.25F * std::cos(3.0F * v));
        }
    }
}

Array images(std::vector<float> pixels) {
    const Index count = static_cast<Index>(pixels.size()) / kPixels;
    return {{count, kFakeImage, kFakeImage}, pixels};
}

const Array& required(const cmd::Probe& probe, const std::string& name) {
    const auto found = probe.arrays.find(name);
    if (found == probe.arrays.end() || found->second.dtype() != DType::F32) {
        throw UsageError("probe '" + probe.kind + "' needs the float32 array '" + name + "'");
    }
    return found->second;
}

class DecodeTask : public Task {
public:
    DecodeTask(const cmd::Probe& probe, FakeCodes codes, Index step)
        : m_z(required(probe, "z")), m_codes(std::move(codes)), m_step(step) {
        if (m_z.shape().size() != 2 || m_z.dim(1) != m_codes.dim) {
            throw UsageError("probe 'decode' needs z [B, " + std::to_string(m_codes.dim) + "]");
        }
    }
    bool advance(Budget, std::stop_token, SnapshotBuilder& out) override {
        const auto z = m_z.values<float>();
        const Index dim = m_codes.dim, batch = m_z.dim(0);
        std::vector<float> logp;
        std::vector<Index> nearest;
        for (Index b = 0; b < batch; ++b) {
            float square = 0;
            for (Index i = 0; i < dim; ++i) {
                square += z[b * dim + i] * z[b * dim + i];
            }
            logp.push_back(-0.5F * (square + static_cast<float>(dim) * std::log(2.0F * kPi)));
            nearest.push_back(nearestCode(&z[b * dim]));
        }
        out.set("x", images(fakeDecode(z, dim, fakeProgress(m_step))));
        out.set("logp", Array({batch}, logp));
        out.set("nearest", Array({batch}, nearest));
        out.set("z", m_z);
        return true;
    }

private:
    Index nearestCode(const float* z) const {
        Index best = 0;
        float bestSquare = INFINITY;
        for (Index n = 0; n < static_cast<Index>(m_codes.labels.size()); ++n) {
            float square = 0;
            for (Index i = 0; i < m_codes.dim; ++i) {
                const float gap = z[i] - m_codes.codes[n * m_codes.dim + i];
                square += gap * gap;
            }
            if (square < bestSquare) {
                bestSquare = square;
                best = n;
            }
        }
        return best;
    }

    Array m_z;
    FakeCodes m_codes;
    Index m_step;
};

/// Refines: the first answer repeats an 8 x 8 sheet, then each slice fills further rows.
class SheetTask : public Task {
public:
    SheetTask(const cmd::Probe& probe, Index dim, Index step)
        : m_dim(dim),
          m_step(step),
          m_columns(integer(probe.args, "columns")),
          m_rows(integer(probe.args, "rows")),
          m_rest(static_cast<std::size_t>(dim), 0.0F) {
        if (m_columns < 1 || m_rows < 1 || m_columns > 256 || m_rows > 256) {
            throw UsageError("probe 'sheet': columns and rows must be 1 to 256");
        }
        for (const char* name : {"x0", "y0", "x1", "y1"}) {
            m_extent.push_back(static_cast<float>(number(probe.args, name)));
        }
        if (probe.arrays.contains("rest")) {
            const auto rest = required(probe, "rest").values<float>();
            std::copy_n(rest.begin(), std::min(rest.size(), m_rest.size()), m_rest.begin());
        }
        m_pixels.resize(static_cast<std::size_t>(m_columns * m_rows * kPixels));
    }
    bool advance(Budget budget, std::stop_token stop, SnapshotBuilder& out) override {
        const auto start = std::chrono::steady_clock::now();
        if (m_row == 0 && m_columns * m_rows > 64 && !m_coarse) {
            m_coarse = true;
            for (Index row = 0; row < m_rows; ++row) {
                for (Index column = 0; column < m_columns; ++column) {
                    fill(row, column, snapped(row, m_rows), snapped(column, m_columns));
                }
            }
        } else {
            do {
                for (Index column = 0; column < m_columns; ++column) {
                    fill(m_row, column, m_row, column);
                }
                ++m_row;
            } while (m_row < m_rows && !stop.stop_requested() &&
                     (budget.maxTime.count() == 0 ||
                      std::chrono::steady_clock::now() - start < budget.maxTime));
        }
        out.set("x", Array({m_rows * m_columns, kFakeImage, kFakeImage}, m_pixels));
        out.set("extent", Array({4}, m_extent));
        return m_row == m_rows;
    }

private:
    static Index snapped(Index at, Index count) {
        const Index block = (count + 7) / 8;
        return std::min(at / block * block + block / 2, count - 1);
    }
    void fill(Index row, Index column, Index fromRow, Index fromColumn) {
        const auto part = [](Index at, Index count) {
            return count > 1 ? static_cast<float>(at) / static_cast<float>(count - 1) : 0.5F;
        };
        std::vector<float> z = m_rest;
        z[0] = m_extent[0] + (m_extent[2] - m_extent[0]) * part(fromColumn, m_columns);
        if (m_dim > 1) {
            z[1] = m_extent[1] + (m_extent[3] - m_extent[1]) * part(fromRow, m_rows);
        }
        paint(z.data(), m_dim, fakeProgress(m_step),
              &m_pixels[static_cast<std::size_t>((row * m_columns + column) * kPixels)]);
    }

    Index m_dim, m_step, m_columns, m_rows, m_row = 0;
    bool m_coarse = false;
    std::vector<float> m_rest, m_extent, m_pixels;
};

class EncodeTask : public Task {
public:
    EncodeTask(const cmd::Probe& probe, Index dim, Index step)
        : m_x(required(probe, "x")), m_dim(dim), m_step(step) {
        if (m_x.count() % kPixels != 0) {
            throw UsageError("probe 'encode' needs x [B, 28, 28]");
        }
    }
    bool advance(Budget, std::stop_token, SnapshotBuilder& out) override {
        const Index batch = m_x.count() / kPixels;
        std::vector<float> mean, sd;
        fakeEncode(m_x.values<float>(), m_dim, mean, sd);
        const auto decoded = fakeDecode(mean, m_dim, fakeProgress(m_step));
        std::vector<float> elbo;
        for (Index b = 0; b < batch; ++b) {
            float bound = -2.5F;
            for (Index i = 0; i < kPixels; ++i) {
                const float p = std::clamp(decoded[b * kPixels + i], 1e-4F, 1.0F - 1e-4F);
                const float x = m_x.values<float>()[b * kPixels + i];
                bound += x * std::log(p) + (1.0F - x) * std::log(1.0F - p);
            }
            elbo.push_back(bound);
        }
        out.set("x", images(decoded));
        out.set("mean", Array({batch, m_dim}, mean));
        out.set("sd", Array({batch, m_dim}, sd));
        out.set("elbo", Array({batch}, elbo));
        return true;
    }

private:
    Array m_x;
    Index m_dim, m_step;
};

}  // namespace

float fakeProgress(Index step) {
    return 1.0F - std::exp(-static_cast<float>(step + 10) / 250.0F);
}

std::vector<float> fakeDecode(std::span<const float> z, Index latentDim, float sharpness) {
    const Index batch = static_cast<Index>(z.size()) / latentDim;
    std::vector<float> pixels(static_cast<std::size_t>(batch * kPixels));
    for (Index b = 0; b < batch; ++b) {
        paint(&z[b * latentDim], latentDim, sharpness, &pixels[b * kPixels]);
    }
    return pixels;
}

FakeCodes fakeCodes(Key key, Index count, Index dim, Index step) {
    FakeCodes out{dim, {}, {}, {}};
    out.codes.resize(static_cast<std::size_t>(count * dim));
    out.labels.resize(static_cast<std::size_t>(count));
    fillNormal(derive(key, "codes"), out.codes);
    fillBelow(derive(key, "labels"), 10, out.labels);
    const float progress = fakeProgress(step);
    const float turn = 0.0004F * static_cast<float>(step % 20000);
    for (Index n = 0; n < count; ++n) {
        const float angle = turn + 2.0F * kPi * static_cast<float>(out.labels[n]) / 10.0F;
        const float radius = 1.6F * progress * (out.labels[n] % 2 == 0 ? 1.0F : 0.55F);
        for (Index i = 0; i < dim; ++i) {
            float& code = out.codes[n * dim + i];
            code *= 0.55F - 0.3F * progress;
            code += radius * (i == 0 ? std::cos(angle) : i == 1 ? std::sin(angle) : 0.0F);
            out.sds.push_back(0.35F - 0.25F * progress +
                              0.03F * std::abs(std::sin(static_cast<float>(n + i))));
        }
    }
    return out;
}

void fakeEncode(std::span<const float> x, Index dim, std::vector<float>& mean,
                std::vector<float>& sd) {
    for (std::size_t at = 0; at + kPixels <= x.size(); at += kPixels) {
        float mass = 1e-6F, xx = 1e-3F, yy = 1e-3F, xy = 0;
        for (Index row = 0; row < kFakeImage; ++row) {
            for (Index column = 0; column < kFakeImage; ++column) {
                const float w = x[at + static_cast<std::size_t>(row * kFakeImage + column)];
                const float u = (static_cast<float>(column) - 13.5F) / 14.0F;
                const float v = (static_cast<float>(row) - 13.5F) / 14.0F;
                mass += w;
                xx += w * u * u;
                yy += w * v * v;
                xy += w * u * v;
            }
        }
        for (Index i = 0; i < dim; ++i) {
            const float value = i == 0   ? std::log(xx / yy) / 1.4F
                                : i == 1 ? std::atan2(2.0F * xy, std::abs(xx - yy) + 1e-3F) / 1.2F
                                         : std::log(mass / 200.0F);
            mean.push_back(std::clamp(value, -3.0F, 3.0F));
            sd.push_back(0.15F);
        }
    }
}

std::unique_ptr<Task> fakeImageProbe(const cmd::Probe& probe, const FakeCodes& codes, Index step) {
    if (probe.kind == "decode") {
        return std::make_unique<DecodeTask>(probe, codes, step);
    }
    if (probe.kind == "sheet") {
        return std::make_unique<SheetTask>(probe, codes.dim, step);
    }
    if (probe.kind == "encode") {
        return std::make_unique<EncodeTask>(probe, codes.dim, step);
    }
    return nullptr;
}

}  // namespace lx::test
