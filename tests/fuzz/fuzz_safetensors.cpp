// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/safetensors.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto file = lx::readSafetensors(std::as_bytes(std::span(data, size)), "fuzz");
        const auto again =
            lx::readSafetensors(lx::encodeSafetensors(file.tensors, file.metadata), "fuzz");
        lx::fuzz::demand(
            lx::fuzz::same(file.tensors, again.tensors) && file.metadata == again.metadata,
            "safetensors read back equal");
    } catch (const lx::InputError&) {
    }
    return 0;
}
