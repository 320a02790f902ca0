// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

namespace lx {
namespace {

/// strerror_r in the C locale's words would do as well; this one needs no buffer and no locale.
std::string reasonOf(int error) {
    const char* text = strerrordesc_np(error);
    return text != nullptr ? text : "error " + std::to_string(error);
}

std::string remedyFor(int error) {
    switch (error) {
        case EACCES:
        case EPERM: return "check the permissions of the file and its folder";
        case ENOENT: return "check the path";
        case ENOTDIR: return "a part of the path is a file, not a folder";
        case EISDIR: return "the path names a folder";
        case ENOSPC:
        case EDQUOT: return "free some space or choose another disk";
        case EFBIG: return "the size limit of files is reached; raise it or choose another disk";
        case EROFS: return "the disk is read-only; choose another folder";
        case EMFILE:
        case ENFILE: return "too many files are open; close some";
        case ENAMETOOLONG: return "choose a shorter name";
        case EIO: return "the disk reports a fault; save elsewhere";
        default: return "try another folder";
    }
}

class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (m_fd >= 0) {
            ::close(m_fd);
        }
    }
    int get() const noexcept { return m_fd; }
    int release() noexcept { return std::exchange(m_fd, -1); }

private:
    int m_fd;
};

[[noreturn]] void failRead(const std::filesystem::path& path, const char* call, int error) {
    throw InputError(path.string(), "",
                     std::string(call) + " failed: " + reasonOf(error) + "; " + remedyFor(error));
}

using Room = std::function<std::byte*(std::size_t bytes)>;

void readUpTo(const std::filesystem::path& path, std::uint64_t limit, bool whole,
              const Room& room) {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        failRead(path, "open", errno);
    }
    struct stat info{};
    if (::fstat(file.get(), &info) != 0) {
        failRead(path, "fstat", errno);
    }
    if (!S_ISREG(info.st_mode)) {
        throw InputError(path.string(), "",
                         S_ISDIR(info.st_mode) ? "is a folder; name a file in it"
                                               : "is a pipe or device, not a regular file");
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (whole && size > limit) {
        throw InputError(path.string(), "",
                         "has " + std::to_string(size) + " bytes, more than the " +
                             std::to_string(limit) +
                             " that are read here; split it or convert it to a smaller type");
    }
    const auto wanted = static_cast<std::size_t>(std::min(size, limit));
    std::byte* bytes = room(wanted);
    std::size_t done = 0;
    while (done < wanted) {
        const ssize_t got = ::read(file.get(), bytes + done, wanted - done);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            failRead(path, "read", errno);
        }
        if (got == 0) {
            throw InputError(path.string(), "byte " + std::to_string(done),
                             "became shorter while it was read; try again");
        }
        done += static_cast<std::size_t>(got);
    }
}

Bytes readBytes(const std::filesystem::path& path, std::uint64_t limit, bool whole) {
    Bytes bytes;
    readUpTo(path, limit, whole, [&](std::size_t count) {
        bytes.resize(count);
        return bytes.data();
    });
    return bytes;
}

[[noreturn]] void failWrite(const std::filesystem::path& path, const std::string& call, int error) {
    throw WriteError(path.string() + ": not saved, because " + call +
                     " failed: " + reasonOf(error) + "; " + remedyFor(error));
}

}  // namespace

/// A new file beside the target, removed again unless it was committed.
class AtomicFile::Temporary {
public:
    explicit Temporary(std::filesystem::path target)
        : m_target(std::move(target)), m_folder(m_target.parent_path()) {
        if (m_folder.empty()) {
            m_folder = ".";
        }
        struct stat old{};
        std::optional<mode_t> mode;
        if (::stat(m_target.c_str(), &old) == 0) {
            if (!S_ISREG(old.st_mode)) {
                throw WriteError(m_target.string() +
                                 ": not saved, because it is no regular file; choose another name");
            }
            // A rename would replace even a file that its owner protected.
            if (::access(m_target.c_str(), W_OK) != 0) {
                failWrite(m_target, "access", errno);
            }
            mode = old.st_mode & 07777;
        }
        create();
        if (mode && ::fchmod(m_fd, *mode) != 0) {
            const int error = errno;
            discard();
            failWrite(m_target, "fchmod", error);
        }
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() { discard(); }

    void put(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t done = ::write(m_fd, bytes.data(), bytes.size());
            if (done < 0 && errno == EINTR) {
                continue;
            }
            if (done <= 0) {
                failWrite(m_target, "write", done < 0 ? errno : ENOSPC);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
    }

    void putAt(std::uint64_t offset, std::span<const std::byte> bytes) {
        const ssize_t done = ::pwrite(m_fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done != static_cast<ssize_t>(bytes.size())) {
            failWrite(m_target, "pwrite", done < 0 ? errno : ENOSPC);
        }
    }

    const std::filesystem::path& path() const noexcept { return m_path; }

    void commit() {
        const Descriptor folder(::open(m_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (folder.get() < 0) {
            failWrite(m_target, "open of the folder", errno);
        }
        if (::fsync(m_fd) != 0) {
            failWrite(m_target, "fsync", errno);
        }
        if (::close(std::exchange(m_fd, -1)) != 0) {
            failWrite(m_target, "close", errno);
        }
        if (::rename(m_path.c_str(), m_target.c_str()) != 0) {
            failWrite(m_target, "rename", errno);
        }
        m_path.clear();
        // Some file systems cannot sync a folder and say so with EINVAL.
        if (::fsync(folder.get()) != 0 && errno != EINVAL) {
            throw WriteError(m_target.string() +
                             ": written, but fsync of its folder failed: " + reasonOf(errno) +
                             "; after a power cut the older version may return, so save again");
        }
    }

private:
    void create() {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        for (int attempt = 0; attempt < 100; ++attempt) {
            m_path = m_folder / (".lx-save-" + std::to_string(::getpid()) + "-" +
                                 std::to_string(now + attempt) + ".tmp");
            m_fd = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (m_fd >= 0) {
                return;
            }
            if (errno != EEXIST) {
                break;
            }
        }
        const int error = errno;
        m_path.clear();
        failWrite(m_target, "open of a temporary file in " + m_folder.string(), error);
    }

    void discard() noexcept {
        if (m_fd >= 0) {
            ::close(std::exchange(m_fd, -1));
        }
        if (!m_path.empty()) {
            ::unlink(m_path.c_str());
            m_path.clear();
        }
    }

    std::filesystem::path m_target, m_folder, m_path;
    int m_fd = -1;
};

namespace {

/// Through a link the file it names is replaced, not the link.
std::filesystem::path targetOf(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_symlink(path, ignored)) {
        const auto resolved = std::filesystem::weakly_canonical(path, ignored);
        if (!ignored) {
            return resolved;
        }
    }
    return path;
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path)
    : m_temporary(std::make_unique<Temporary>(targetOf(path))) {}
AtomicFile::~AtomicFile() = default;
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;

void AtomicFile::put(std::span<const std::byte> bytes) {
    m_temporary->put(bytes);
}

void AtomicFile::putAt(std::uint64_t offset, std::span<const std::byte> bytes) {
    m_temporary->putAt(offset, bytes);
}

void AtomicFile::commit() {
    m_temporary->commit();
}

const std::filesystem::path& AtomicFile::temporary() const noexcept {
    return m_temporary->path();
}

Bytes readFile(const std::filesystem::path& path, std::uint64_t limit) {
    return readBytes(path, limit, true);
}

void readFileInto(const std::filesystem::path& path, std::uint64_t limit,
                  const std::function<std::byte*(std::size_t bytes)>& room) {
    readUpTo(path, limit, true, room);
}

Bytes readPrefix(const std::filesystem::path& path, std::uint64_t count) {
    return readBytes(path, count, false);
}

void writeFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    writeFileAtomically(path, [&](const PutBytes& put) { put(bytes); });
}

void writeFileAtomically(const std::filesystem::path& path,
                         const std::function<void(const PutBytes&)>& produce) {
    AtomicFile file(path);
    produce([&](std::span<const std::byte> piece) { file.put(piece); });
    file.commit();
}

}  // namespace lx
