// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/threads.h"

#include <ATen/Parallel.h>

#include <dlfcn.h>
#include <algorithm>
#include <atomic>

namespace lx {
namespace {

std::atomic<int> wantedThreads{0};  // the module's own: it is loaded once

/// A function of the BLAS that is already loaded; null when it has none of that name.
void* blasSymbol(const char* symbol) {
    for (const char* library : {"libopenblas.so.0", "libblas.so.3"}) {
        if (void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD)) {
            if (void* found = dlsym(handle, symbol)) {
                return found;
            }
        }
    }
    return nullptr;
}

}  // namespace

void setThreads(int threads) {
    wantedThreads = std::max(1, threads);
    applyThreads();
}

int computeThreads() {
    return std::max(1, wantedThreads.load());
}

void applyThreads() {
    thread_local int applied = 0;
    const int wanted = wantedThreads;
    if (wanted == applied || wanted == 0) {
        return;
    }
    at::set_num_threads(wanted);
    if (void* found = blasSymbol("openblas_set_num_threads")) {
        reinterpret_cast<void (*)(int)>(found)(wanted);
    }
    applied = wanted;
}

std::string blasName() {
    if (void* found = blasSymbol("openblas_get_corename")) {
        return std::string("OpenBLAS ") + reinterpret_cast<char* (*)()>(found)();
    }
    return "BLAS without a name";
}

}  // namespace lx
