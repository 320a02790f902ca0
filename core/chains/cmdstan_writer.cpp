// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/chain_export.h"

#include "core/chains/view_samples.h"
#include "core/io/file.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lx {
namespace {

constexpr Index kPiece = 1024;

/// x[1,2] -> x.1.2; what would break a header line becomes an underscore.
std::string columnName(const std::string& name) {
    std::string out;
    for (const char c : name) {
        if (c == '[' || (c == ',' && !out.empty())) {
            out += '.';
        } else if (c == ']') {
            continue;
        } else {
            out += c == '"' || c == '\n' || c == '\r' || c == '#' || c == ' ' ? '_' : c;
        }
    }
    return out.empty() ? "_" : out;
}

/// The shortest text that reads back to the same bits, in Stan's spelling.
void appendNumber(std::string& out, double value, DType dtype) {
    if (!std::isfinite(value)) {
        out += std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        return;
    }
    char text[40];
    const auto end = dtype == DType::F32
                         ? std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr
                         : std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
}

std::string preamble(const ChainView& view, const ChainExport& about, Index chain) {
    const bool warmup = about.warmup && view.warmup() > 0;
    const std::string kernel = view.layout().kernel.empty() ? "unknown" : view.layout().kernel;
    // The keys that readers of CmdStan look for; the version is that of the format.
    return "# stan_version_major = 2\n# stan_version_minor = 31\n# stan_version_patch = 0\n"
           "# model = " +
           about.model +
           "\n# written_by = Latent Explorer\n# method = sample (Default)\n#   sample\n"
           "#     num_samples = " +
           std::to_string(view.draws()) + "\n#     num_warmup = " + std::to_string(view.warmup()) +
           "\n#     save_warmup = " + (warmup ? "1" : "0") +
           "\n#     thin = 1 (Default)\n#     adapt\n#       engaged = " +
           (view.warmup() > 0 ? "1" : "0") +
           "\n#     algorithm = " + (kernel == "nuts" || kernel == "hmc" ? "hmc" : kernel) +
           "\n#       hmc\n#         engine = " + kernel + "\n#           " + kernel +
           "\n#             max_depth = " + std::to_string(view.layout().maxDepth) +
           "\n#         metric = unit_e\n#     num_chains = 1 (Default)\n# id = " +
           std::to_string(chain) +
           "\n# data\n#   file = \n# random\n#   seed = " + std::to_string(about.seed) + "\n";
}

}  // namespace

std::vector<std::filesystem::path> writeCmdStan(const std::filesystem::path& folder,
                                                const std::string& stem, const ChainView& view,
                                                const ChainExport& about) {
    if (view.empty()) {
        throw UsageError("there are no draws to write");
    }
    const ChainLayout& layout = view.layout();
    struct Column {
        std::string name;
        std::optional<std::size_t> scalar;
        Index quantity = 0;
    };
    std::vector<Column> columns;
    // lp__ first, as Stan has it; it may be a quantity, a scalar or both.
    for (std::size_t s = 0; s < layout.scalars.size(); ++s) {
        const bool quantity =
            std::ranges::find(layout.names, layout.scalars[s]) != layout.names.end();
        if (!quantity) {
            const auto at = layout.scalars[s] == "lp__" ? columns.begin() : columns.end();
            columns.insert(at, {layout.scalars[s], s, 0});
        }
    }
    for (Index q = 0; q < layout.dim(); ++q) {
        const std::string& name = layout.names[static_cast<std::size_t>(q)];
        columns.insert(name == "lp__" ? columns.begin() : columns.end(),
                       {columnName(name), std::nullopt, q});
    }
    const Index from = about.warmup ? 0 : view.warmup();
    const auto stepSize = layout.scalar("stepsize__");
    std::vector<std::filesystem::path> files;
    for (Index slot = 0; slot < std::ssize(view.kept()); ++slot) {
        files.push_back(folder / (stem + "_" + std::to_string(slot + 1) + ".csv"));
        writeFileAtomically(files.back(), [&](const PutBytes& put) {
            const auto write = [&put](const std::string& text) {
                put(std::as_bytes(std::span(text)));
            };
            std::string text =
                preamble(view, about, view.kept()[static_cast<std::size_t>(slot)] + 1);
            for (std::size_t c = 0; c < columns.size(); ++c) {
                text += (c > 0 ? "," : "") + columns[c].name;
            }
            text += '\n';
            bool marked = view.warmup() == 0;
            std::vector<std::vector<double>> cells(columns.size());
            for (Index row = from; row < view.rows();) {
                const Index edge = row < view.warmup() ? view.warmup() : view.rows();
                const Index count = std::min(kPiece, edge - row);
                if (row >= view.warmup() && !marked) {
                    marked = true;
                    double size = std::nan("");
                    if (stepSize) {
                        view.copyScalar(*stepSize, slot, row, 1, {&size, 1});
                    }
                    text += "# Adaptation terminated\n# Step size = ";
                    appendNumber(text, size, layout.dtype);
                    text += "\n# No free parameters for unit metric\n";
                }
                for (std::size_t c = 0; c < columns.size(); ++c) {
                    cells[c].resize(static_cast<std::size_t>(count));
                    if (columns[c].scalar) {
                        view.copyScalar(*columns[c].scalar, slot, row, 1, cells[c]);
                    } else {
                        view.copy(columns[c].quantity, slot, row, 1, cells[c]);
                    }
                }
                for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
                    for (std::size_t c = 0; c < columns.size(); ++c) {
                        text += c > 0 ? "," : "";
                        appendNumber(text, cells[c][n], layout.dtype);
                    }
                    text += '\n';
                }
                row += count;
                write(text);
                text.clear();
            }
            text += "# \n#  Elapsed Time: 0 seconds (Warm-up)\n#                ";
            appendNumber(text, about.seconds, DType::F64);
            text += " seconds (Sampling)\n#                ";
            appendNumber(text, about.seconds, DType::F64);
            write(text + " seconds (Total)\n# \n");
        });
    }
    return files;
}

}  // namespace lx
