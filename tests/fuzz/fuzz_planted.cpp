// SPDX-License-Identifier: GPL-3.0-or-later
// The broken twin of the targets: a reader that trusts the length it is told. tests/fuzz/run
// demands that the fuzzer finds it.
#include "fuzz.h"

#include <cstring>
#include <vector>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4 || std::memcmp(data, "LX", 2) != 0) {
        return 0;
    }
    const std::size_t claimed = data[2];
    const std::vector<std::uint8_t> body(data + 3, data + size);
    unsigned sum = 0;
    for (std::size_t i = 0; i < claimed; ++i) {
        sum += body.data()[i];
    }
    return sum == 0xFFFFFFFFU ? 1 : 0;
}
