// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/npz.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        static_cast<void>(lx::readNpz(std::as_bytes(std::span(data, size)), "fuzz"));
    } catch (const lx::InputError&) {
    }
    return 0;
}
