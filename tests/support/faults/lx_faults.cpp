// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a process, makes the nth call of one kind fail on files below a folder:
//   LX_FAULT_DIR    the folder
//   LX_FAULT_CALL   open, write, fsync, close, fchmod, rename or any
//   LX_FAULT_AT     n, from 1
//   LX_FAULT_ERRNO  the error number; 0 makes a write come back after half of its bytes
// A line "lx_faults: <call>" on standard error tells that the fault was met.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

namespace {

std::array<std::atomic<bool>, 4096> watched{};
std::atomic<int> met{0};

template <class F>
F real(const char* name) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

bool below(const char* path) {
    const char* folder = std::getenv("LX_FAULT_DIR");
    return folder != nullptr && path != nullptr &&
           std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool isWatched(int fd) {
    return fd >= 0 && static_cast<std::size_t>(fd) < watched.size() &&
           watched[static_cast<std::size_t>(fd)];
}

/// Closing a folder that was only synced loses nothing, so it is left out.
bool isFolder(int fd) {
    struct stat info{};
    return ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

int faultNumber() {
    const char* text = std::getenv("LX_FAULT_ERRNO");
    return text != nullptr ? std::atoi(text) : EIO;
}

/// Counts a call and says whether this is the one to fail.
bool due(const char* call) {
    const char* wanted = std::getenv("LX_FAULT_CALL");
    const char* at = std::getenv("LX_FAULT_AT");
    if (wanted == nullptr || at == nullptr ||
        (std::strcmp(wanted, call) != 0 && std::strcmp(wanted, "any") != 0)) {
        return false;
    }
    if (++met != std::atoi(at)) {
        return false;
    }
    const auto say = real<ssize_t (*)(int, const void*, std::size_t)>("write");
    for (const char* part : {"lx_faults: ", call, "\n"}) {
        static_cast<void>(say(2, part, std::strlen(part)));
    }
    errno = faultNumber();
    return true;
}

int opened(int fd, const char* path) {
    if (fd >= 0 && static_cast<std::size_t>(fd) < watched.size()) {
        watched[static_cast<std::size_t>(fd)] = below(path);
    }
    return fd;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (below(path) && due("open")) {
        return -1;
    }
    return opened(real<int (*)(const char*, int, ...)>("open")(path, flags, mode), path);
}

int open64(const char* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return open(path, flags, mode);
}

ssize_t write(int fd, const void* bytes, std::size_t count) {
    const auto next = real<ssize_t (*)(int, const void*, std::size_t)>("write");
    if (isWatched(fd) && due("write")) {
        return faultNumber() == 0 ? next(fd, bytes, (count + 1) / 2) : -1;
    }
    return next(fd, bytes, count);
}

int fsync(int fd) {
    return isWatched(fd) && due("fsync") ? -1 : real<int (*)(int)>("fsync")(fd);
}

int fdatasync(int fd) {
    return isWatched(fd) && due("fsync") ? -1 : real<int (*)(int)>("fdatasync")(fd);
}

int fchmod(int fd, mode_t mode) {
    return isWatched(fd) && due("fchmod") ? -1 : real<int (*)(int, mode_t)>("fchmod")(fd, mode);
}

int close(int fd) {
    const bool fail = isWatched(fd) && !isFolder(fd) && due("close");
    if (fd >= 0 && static_cast<std::size_t>(fd) < watched.size()) {
        watched[static_cast<std::size_t>(fd)] = false;
    }
    const int error = errno;
    const int result = real<int (*)(int)>("close")(fd);
    if (fail) {
        errno = error;
        return -1;
    }
    return result;
}

int rename(const char* from, const char* to) {
    return below(to) && due("rename") ? -1
                                      : real<int (*)(const char*, const char*)>("rename")(from, to);
}

}  // extern "C"
