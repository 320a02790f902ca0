// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace lx {

/// Calls `work`; a LibTorch error leaves as an Error that names `where`, without its stack trace.
template <class Work>
auto translated(const char* where, Index step, Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const c10::Error& error) {
        std::string text = error.what_without_backtrace();
        text = text.substr(0, text.find('\n'));
        if (text.find("alloc") != std::string::npos || text.find("memory") != std::string::npos) {
            throw Error(std::string(where) + " at step " + std::to_string(step) +
                        ": not enough memory; choose a smaller model or batch (" + text + ")");
        }
        throw Error(std::string(where) + " at step " + std::to_string(step) + ": " + text);
    } catch (const std::bad_alloc&) {
        throw Error(std::string(where) + " at step " + std::to_string(step) +
                    ": not enough memory; choose a smaller model or batch");
    }
}

}  // namespace lx
