// SPDX-License-Identifier: GPL-3.0-or-later
// What the child that reads NetCDF may answer.
#include "core/io/chain_pipe.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        const lx::ChainFile chains = lx::decodeChains(bytes, "fuzz");
        lx::fuzz::demand(chains.chains > 0 && chains.draws > 0, "there are draws");
        lx::fuzz::demand(
            chains.values.count() == std::ssize(chains.names) * chains.chains * chains.draws,
            "every quantity has all draws");
        const lx::Bytes again = lx::encodeChains(chains);
        lx::fuzz::demand(lx::fuzz::same(lx::decodeChains(again, "fuzz").values, chains.values),
                         "what was read is written alike");
    } catch (const lx::InputError&) {
    }
    return 0;
}
