// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/threads.h"

#include "core/nn/parameters.h"

#include <ATen/Parallel.h>

#include <dlfcn.h>
#include <algorithm>
#include <atomic>
#include <utility>

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

Pool poolOf(const Parameters& parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (parameters.options(i).shape.size() > 2) {
            return Pool::Operations;
        }
    }
    return Pool::Products;
}

void applyThreads(Pool pool) {
    thread_local std::pair<int, Pool> applied{0, pool};
    const std::pair<int, Pool> wanted{wantedThreads, pool};
    if (wanted == applied || wanted.first == 0) {
        return;
    }
    at::set_num_threads(pool == Pool::Operations ? wanted.first : 1);
    if (void* found = blasSymbol("openblas_set_num_threads")) {
        reinterpret_cast<void (*)(int)>(found)(pool == Pool::Products ? wanted.first : 1);
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
