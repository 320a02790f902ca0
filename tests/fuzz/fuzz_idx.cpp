// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/idx.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const lx::Array array = lx::readIdx(std::as_bytes(std::span(data, size)), "fuzz");
        const lx::Array again = lx::readIdx(lx::encodeIdx(array), "fuzz");
        lx::fuzz::demand(lx::fuzz::same(array, again), "IDX reads back equal");
    } catch (const lx::InputError&) {
    }
    return 0;
}
