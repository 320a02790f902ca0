// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/followed_file.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lx::detail {
namespace {

constexpr std::size_t kHead = 4096, kPiece = std::size_t{1} << 20;
constexpr std::size_t kMostChains = 1000;

class Descriptor {
public:
    explicit Descriptor(const std::filesystem::path& path)
        : m_number(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~Descriptor() {
        if (m_number >= 0) {
            close(m_number);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const noexcept { return m_number; }

private:
    int m_number;
};

/// Fills `out` as far as the file reaches.
std::size_t readAt(const Descriptor& file, std::uint64_t offset, std::span<std::byte> out,
                   const std::string& name) {
    std::size_t got = 0;
    while (got < out.size()) {
        const ssize_t n = pread(file.number(), out.data() + got, out.size() - got,
                                static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            throw InputError(name, "byte " + std::to_string(offset + got),
                             std::string("cannot be read (") + std::strerror(errno) + ")");
        }
        if (n == 0) {
            break;
        }
        got += static_cast<std::size_t>(n);
    }
    return got;
}

}  // namespace

FollowedFile::FollowedFile(std::filesystem::path path) : m_path(std::move(path)) {
    restart();
}

void FollowedFile::restart() {
    m_table = std::make_unique<ChainTable>(m_path.string());
    m_columns = {};
    m_chains.clear();
    m_device = m_inode = m_offset = 0;
    m_modified = 0;
    m_head.clear();
    m_taken = 0;
    m_caughtUp = false;
}

FollowedFile::Look FollowedFile::look(std::size_t most) {
    const std::string name = m_path.string();
    const Descriptor file(m_path);
    struct stat info{};
    if (file.number() < 0 || fstat(file.number(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return Look::Missing;
        }
        throw InputError(name, "", std::string("cannot be opened (") + std::strerror(errno) + ")");
    }
    if (!S_ISREG(info.st_mode)) {
        throw InputError(name, "", "is no regular file, so it cannot be followed");
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const std::int64_t modified =
        static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
    if (m_inode != 0) {
        bool anew = info.st_ino != m_inode || info.st_dev != m_device || size < m_offset;
        if (!anew && modified != m_modified) {
            Bytes head(m_head.size());
            anew = readAt(file, 0, head, name) != head.size() || head != m_head;
        }
        if (anew) {
            return Look::Anew;
        }
    }
    m_device = info.st_dev;
    m_inode = info.st_ino;
    m_modified = modified;
    if (m_offset >= size) {
        m_caughtUp = true;
        return Look::Same;
    }
    const std::uint64_t end = std::min<std::uint64_t>(size, m_offset + most);
    Bytes piece(std::min<std::size_t>(kPiece, static_cast<std::size_t>(end - m_offset)));
    while (m_offset < end) {
        const auto want = std::min<std::uint64_t>(piece.size(), end - m_offset);
        const std::size_t got =
            readAt(file, m_offset, std::span(piece).first(static_cast<std::size_t>(want)), name);
        if (got == 0) {
            break;  // cut meanwhile: the next look sees it
        }
        if (m_head.size() < kHead && m_offset == m_head.size()) {
            const std::size_t more = std::min(got, kHead - m_head.size());
            m_head.insert(m_head.end(), piece.begin(),
                          piece.begin() + static_cast<std::ptrdiff_t>(more));
        }
        m_offset += got;
        m_table->feed({reinterpret_cast<const char*>(piece.data()), got});
        take();
    }
    m_caughtUp = m_offset >= size;
    return Look::Grew;
}

/// Moves the rows of the table to their chains.
void FollowedFile::take() {
    if (m_table->columns().empty()) {
        return;
    }
    if (m_columns.names.empty() && !m_columns.chain) {
        m_columns = chainColumns(*m_table);
    }
    if (!m_columns.chain && m_chains.empty()) {
        m_chains.emplace_back();
    }
    const auto cells = m_table->values();
    const std::size_t width = m_table->columns().size();
    const Index rows = m_table->rows(), warmup = m_table->warmup();
    for (std::size_t at = 0; at < cells.size(); at += width, ++m_taken) {
        const double id = m_columns.chain ? cells[at + *m_columns.chain] : 1;
        if (!std::isfinite(id)) {
            throw InputError(m_path.string(), "data row " + std::to_string(m_taken + 1),
                             "names no chain");
        }
        auto chain = std::ranges::find(m_chains, id, &FollowedChain::id);
        if (chain == m_chains.end()) {
            if (m_chains.size() >= kMostChains) {
                throw InputError(m_path.string(), "data row " + std::to_string(m_taken + 1),
                                 "is of more than 1000 chains");
            }
            chain = m_chains.insert(std::ranges::lower_bound(m_chains, id, {}, &FollowedChain::id),
                                    FollowedChain{id, {}, {}, false});
        }
        std::vector<double> row;
        for (const std::size_t c : m_columns.cells) {
            row.push_back(cells[at + c]);
        }
        (m_taken < warmup ? chain->warmup : chain->draws).push_back(std::move(row));
    }
    m_table->forget();
    for (FollowedChain& chain : m_chains) {
        chain.warmedUp = !m_table->cmdStan() || rows > warmup || m_table->adapted();
    }
}

}  // namespace lx::detail
