// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/file_follower.h"

#include "core/chains/followed_file.h"
#include "core/io/chain_file.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace lx {
namespace {

/// Read of one file at one look, and rows that may wait for slower chains.
constexpr std::size_t kPiece = std::size_t{4} << 20;
constexpr std::size_t kMostWaiting = std::size_t{64} << 20;

}  // namespace

class FileFollower::Impl {
public:
    Impl(std::vector<std::filesystem::path> paths, FollowOptions options)
        : m_options(std::move(options)) {
        if (paths.empty()) {
            throw UsageError("name at least one file to follow");
        }
        for (auto& path : paths) {
            m_files.emplace_back(std::move(path));
        }
        m_thread = std::thread([this] { loop(); });
    }
    ~Impl() {
        {
            const std::scoped_lock lock(m_mutex);
            m_stop = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }

    std::shared_ptr<ChainStore> store() const {
        const std::scoped_lock lock(m_mutex);
        return m_store;
    }
    std::string message() const {
        const std::scoped_lock lock(m_mutex);
        return m_message;
    }
    std::atomic<bool> m_finished = false;

private:
    void loop();
    bool lookAtAll();
    void restart();
    void tell(const std::string& text);
    bool ready();
    void openStore();
    bool hand();
    std::string lagging() const;

    FollowOptions m_options;
    std::vector<detail::FollowedFile> m_files;
    std::vector<detail::FollowedChain*> m_chains;        // of the store, in its order
    std::vector<std::size_t> m_chainCounts;              // of each file when the store was opened
    std::vector<std::size_t> m_quantities, m_internals;  // among the columns
    std::size_t m_width = 0;
    bool m_warmupOver = false, m_failed = false;
    std::string m_restarted;
    std::uint64_t m_generation = 0;

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_stop = false;
    std::shared_ptr<ChainStore> m_store;
    std::string m_message;
    std::thread m_thread;
};

void FileFollower::Impl::tell(const std::string& text) {
    {
        const std::scoped_lock lock(m_mutex);
        if (m_message == text) {
            return;
        }
        m_message = text;
    }
    if (m_options.changed) {
        m_options.changed();
    }
}

void FileFollower::Impl::restart() {
    for (auto& file : m_files) {
        file.restart();
    }
    m_chains.clear();
    m_chainCounts.clear();
    m_warmupOver = m_failed = false;
    m_finished = false;
}

void FileFollower::Impl::loop() {
    std::unique_lock lock(m_mutex);
    while (!m_stop) {
        lock.unlock();
        bool more = false;
        try {
            more = lookAtAll();
        } catch (const std::exception& error) {
            // A later version of the file may be right: keep looking.
            m_failed = true;
            tell(error.what());
        }
        lock.lock();
        if (!more) {
            m_wake.wait_for(lock, m_options.interval, [this] { return m_stop; });
        }
    }
}

/// One look at every file; true when there is more to read at once.
bool FileFollower::Impl::lookAtAll() {
    using Look = detail::FollowedFile::Look;
    std::string missing;
    for (auto& file : m_files) {
        std::size_t waiting = 0;
        for (const auto& chain : file.chains()) {
            waiting += (chain.warmup.size() + chain.draws.size()) * file.columns().names.size() *
                       sizeof(double);
        }
        // After an error only another file helps; a chain far ahead waits for the others.
        const Look look = file.look(m_failed || waiting > kMostWaiting ? 0 : kPiece);
        if (look == Look::Anew) {
            m_restarted = file.path().string() +
                          " was replaced or written anew: the chains are "
                          "read from its beginning.";
            restart();
            tell(m_restarted);
            return true;
        }
        if (look == Look::Missing && missing.empty()) {
            missing = file.path().string() +
                      (file.hasHeader() ? " was removed; its draws are kept until it comes back."
                                        : " does not exist yet; it is waited for.");
        }
    }
    if (m_failed) {
        return false;
    }
    if (!missing.empty()) {
        tell(missing);
    }
    const bool opened = !m_chains.empty();
    const bool grown = opened && std::ranges::any_of(m_files, [&](auto& file) {
                           const auto i = static_cast<std::size_t>(&file - m_files.data());
                           return file.chains().size() != m_chainCounts[i];
                       });
    if (grown) {
        m_restarted = "Another chain has begun: all are read again.";
        // What was handed over lies in the store only, so the files are read once more, now that
        // the number of chains is known to be larger.
        restart();
        tell(m_restarted);
        return true;
    }
    if (!opened) {
        if (!ready()) {
            if (missing.empty()) {
                tell(lagging());
            }
            return std::ranges::any_of(
                m_files, [](const auto& f) { return f.hasHeader() && !f.caughtUp(); });
        }
        openStore();
    }
    const bool handed = hand();
    m_finished = std::ranges::all_of(
        m_files, [](const auto& file) { return file.table().complete() && file.caughtUp(); });
    if (missing.empty()) {
        const std::string late = lagging();
        tell(!late.empty() ? late : m_restarted);
    }
    if (handed && m_options.changed) {
        m_options.changed();
    }
    return std::ranges::any_of(m_files, [](const auto& f) { return !f.caughtUp(); }) && handed;
}

/// Every file names its columns, and those with a chain column have been read to their end, so that
/// the chains are known.
bool FileFollower::Impl::ready() {
    return std::ranges::all_of(m_files, [](auto& file) {
        return file.hasHeader() && !file.chains().empty() &&
               (!file.columns().chain || file.caughtUp());
    });
}

std::string FileFollower::Impl::lagging() const {
    if (m_files.size() < 2) {
        return {};
    }
    for (const auto& file : m_files) {
        if (file.table().rows() == 0) {
            return file.path().string() + " has no draws yet; the other chains wait for it.";
        }
    }
    return {};
}

void FileFollower::Impl::openStore() {
    const auto& first = m_files.front().columns();
    ChainLayout layout;
    m_quantities.clear();
    m_internals.clear();
    m_width = first.names.size();
    for (std::size_t c = 0; c < m_width; ++c) {
        if (isInternal(first.names[c])) {
            m_internals.push_back(c);
            layout.scalars.push_back(first.names[c]);
        }
        if (!isInternal(first.names[c]) || first.names[c] == "lp__") {
            m_quantities.push_back(c);
            layout.names.push_back(first.names[c]);
        }
    }
    for (std::size_t q = layout.names.size(); q-- > 0;) {
        if (repeatsScalar(layout.names, layout.scalars, q)) {
            m_quantities.erase(m_quantities.begin() + static_cast<std::ptrdiff_t>(q));
            layout.names.erase(layout.names.begin() + static_cast<std::ptrdiff_t>(q));
        }
    }
    for (auto& file : m_files) {
        if (file.columns().names != first.names) {
            throw InputError(file.path().string(), "header",
                             "names other columns than " + m_files.front().path().string() +
                                 "; files followed together are chains of one model");
        }
        for (auto& chain : file.chains()) {
            m_chains.push_back(&chain);
        }
        m_chainCounts.push_back(file.chains().size());
    }
    if (layout.names.empty()) {
        throw InputError(m_files.front().path().string(), "header", "names no quantity");
    }
    layout.chains = std::ssize(m_chains);
    layout.dtype = DType::F64;
    layout.maxDepth = first.maxDepth.value_or(10);
    layout.title = m_files.front().path().filename().string();
    auto store = std::make_shared<ChainStore>(
        std::move(layout),
        ChainStoreOptions{.bytes = m_options.bytes, .generation = ++m_generation});
    const std::scoped_lock lock(m_mutex);
    m_store = std::move(store);
}

/// Hands the draws that every chain has to the store.
bool FileFollower::Impl::hand() {
    const std::size_t chains = m_chains.size();
    std::vector<double> row(chains * m_quantities.size()), cells(chains * m_internals.size());
    std::vector<std::span<const double>> scalars;
    for (std::size_t s = 0; s < m_internals.size(); ++s) {
        scalars.push_back(std::span(cells).subspan(s * chains, chains));
    }
    bool handed = false;
    const auto move = [&](std::deque<std::vector<double>> detail::FollowedChain::* queue) {
        while (std::ranges::none_of(m_chains, [&](auto* c) { return (c->*queue).empty(); })) {
            for (std::size_t m = 0; m < chains; ++m) {
                const std::vector<double> draw = std::move((m_chains[m]->*queue).front());
                (m_chains[m]->*queue).pop_front();
                for (std::size_t q = 0; q < m_quantities.size(); ++q) {
                    row[m * m_quantities.size() + q] = draw[m_quantities[q]];
                }
                for (std::size_t s = 0; s < m_internals.size(); ++s) {
                    cells[s * chains + m] = draw[m_internals[s]];
                }
            }
            m_store->append<double>(row, scalars);
            handed = true;
        }
    };
    if (!m_warmupOver) {
        move(&detail::FollowedChain::warmup);
        m_warmupOver = std::ranges::all_of(m_chains, &detail::FollowedChain::warmedUp);
        if (m_warmupOver) {
            // A chain with a longer warm-up than the others: the rest of it is of no use.
            for (auto* chain : m_chains) {
                chain->warmup.clear();
            }
            if (m_store->view().rows() > 0) {
                m_store->markWarmup();
            }
        }
    }
    if (m_warmupOver) {
        move(&detail::FollowedChain::draws);
    }
    return handed;
}

FileFollower::FileFollower(std::vector<std::filesystem::path> paths, FollowOptions options)
    : m_impl(std::make_unique<Impl>(std::move(paths), std::move(options))) {}

FileFollower::~FileFollower() = default;

ChainView FileFollower::view() const {
    const auto store = m_impl->store();
    return store ? store->view() : ChainView();
}

bool FileFollower::finished() const {
    return m_impl->m_finished;
}

std::string FileFollower::message() const {
    return m_impl->message();
}

std::optional<std::vector<diagnostics::ChainMoments>> FileFollower::moments(Index q) const {
    const auto store = m_impl->store();
    return store ? store->moments(q) : std::nullopt;
}

std::shared_ptr<ChainSource> openChains(std::span<const std::filesystem::path> paths,
                                        FollowOptions options) {
    const bool text = std::ranges::all_of(paths, [](const std::filesystem::path& path) {
        std::error_code error;
        if (!std::filesystem::is_regular_file(path, error)) {
            // A file to come is followed; a folder is a run.
            return !std::filesystem::exists(path, error);
        }
        const Bytes head = readPrefix(path, 4);
        const auto begins = [&head](std::string_view magic) {
            return head.size() >= magic.size() &&
                   std::ranges::equal(magic, std::span(head).first(magic.size()), {},
                                      [](char c) { return static_cast<std::byte>(c); });
        };
        return !isGzip(head) && !begins("\x93NUM") && !begins("PK\x03\x04") && !begins("\x89HDF") &&
               !begins("CDF");
    });
    if (text && !paths.empty()) {
        return std::make_shared<FileFollower>(
            std::vector<std::filesystem::path>(paths.begin(), paths.end()), std::move(options));
    }
    return std::make_shared<FileChains>(readChains(paths));
}

}  // namespace lx
