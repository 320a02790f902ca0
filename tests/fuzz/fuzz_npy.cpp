// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const lx::Array array = lx::readNpy(std::as_bytes(std::span(data, size)), "fuzz");
        const lx::Array again = lx::readNpy(lx::encodeNpy(array), "fuzz");
        lx::fuzz::demand(lx::fuzz::same(array, again), "npy reads back equal");
    } catch (const lx::InputError&) {
    }
    return 0;
}
