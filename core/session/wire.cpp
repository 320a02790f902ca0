// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/wire.h"

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

namespace lx::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");

enum class Kind : std::uint8_t { Command = 1, Snapshot = 2 };
constexpr std::size_t kHeader = 3 + 1 + 1 + 8;
constexpr std::size_t kMaxRank = 32;

class Writer {
public:
    explicit Writer(Kind kind) {
        raw("LXW", 3);
        put(kVersion);
        put(kind);
        put(std::uint64_t{0});
    }
    std::vector<std::byte> finish() {
        const std::uint64_t length = m_bytes.size() - kHeader;
        std::memcpy(m_bytes.data() + kHeader - sizeof length, &length, sizeof length);
        return std::move(m_bytes);
    }

    template <class T>
        requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
    void put(T value) {
        raw(&value, sizeof value);
    }
    void put(const std::string& text) {
        put(std::uint64_t{text.size()});
        raw(text.data(), text.size());
    }
    template <class T>
    void put(const std::vector<T>& list) {
        put(std::uint64_t{list.size()});
        for (const T& entry : list) {
            put(entry);
        }
    }
    template <class T, std::size_t n>
    void put(const std::array<T, n>& list) {
        for (const T& entry : list) {
            put(entry);
        }
    }
    template <class T>
    void put(const std::map<std::string, T, std::less<>>& map) {
        put(std::uint64_t{map.size()});
        for (const auto& [name, value] : map) {
            put(name);
            put(value);
        }
    }
    void put(const ParamValue& value) {
        put(static_cast<std::uint8_t>(value.index()));
        std::visit([this](const auto& held) { put(held); }, value);
    }
    void put(const Array& array) {
        put(array.dtype());
        put(array.defined());
        if (array.defined()) {
            put(static_cast<std::uint8_t>(array.shape().size()));
            for (const Index extent : array.shape()) {
                put(extent);
            }
            raw(array.bytes().data(), array.bytes().size());
        }
    }
    void put(const Channel& channel) {
        put(channel.version);
        put(channel.array);
    }

private:
    void raw(const void* from, std::size_t size) {
        const std::size_t at = m_bytes.size();
        m_bytes.resize(at + size);
        if (size > 0) {
            std::memcpy(m_bytes.data() + at, from, size);
        }
    }

    std::vector<std::byte> m_bytes;
};

class Reader {
public:
    Reader(std::span<const std::byte> bytes, Kind kind) : m_bytes(bytes) {
        char magic[3];
        std::memcpy(magic, take(3).data(), 3);
        if (std::memcmp(magic, "LXW", 3) != 0) {
            refuse("does not begin with LXW");
        }
        if (const auto version = get<std::uint8_t>(); version != kVersion) {
            refuse("has format version " + std::to_string(version) + ", this program reads " +
                   std::to_string(kVersion));
        }
        if (get<std::uint8_t>() != static_cast<std::uint8_t>(kind)) {
            refuse("is a message of another kind");
        }
        if (get<std::uint64_t>() != left()) {
            refuse("states another length than it has");
        }
    }
    void requireEnd() const {
        if (left() != 0) {
            refuse(std::to_string(left()) + " bytes too many");
        }
    }
    [[noreturn]] void refuse(const std::string& what) const {
        throw InputError("message", "byte " + std::to_string(m_at), what);
    }

    template <class T>
        requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
    T get() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    bool getBool() {
        const auto value = get<std::uint8_t>();
        if (value > 1) {
            refuse("neither true nor false");
        }
        return value == 1;
    }
    template <class E>
    E getEnum(E last) {
        const auto value = get<std::underlying_type_t<E>>();
        if (value < 0 || value > static_cast<std::underlying_type_t<E>>(last)) {
            refuse("unknown value " + std::to_string(value));
        }
        return static_cast<E>(value);
    }
    Clock getClock() { return getEnum(Clock::Diffuse); }
    /// A count of things that take at least `least` bytes each.
    std::size_t getCount(std::size_t least) {
        const auto count = get<std::uint64_t>();
        if (count > left() / least) {
            refuse("a count of " + std::to_string(count) + " is more than fits");
        }
        return static_cast<std::size_t>(count);
    }
    std::string getText() {
        const auto bytes = take(getCount(1));
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    std::vector<std::string> getTexts() {
        std::vector<std::string> out(getCount(8));
        for (auto& text : out) {
            text = getText();
        }
        return out;
    }
    ParamValue getValue() {
        switch (get<std::uint8_t>()) {
            case 0: return getBool();
            case 1: return get<Index>();
            case 2: return get<double>();
            case 3: return getText();
            case 4: {
                std::vector<double> list(getCount(sizeof(double)));
                for (double& entry : list) {
                    entry = get<double>();
                }
                return list;
            }
            default: refuse("unknown type of parameter");
        }
    }
    Array getArray() {
        const DType dtype = getEnum(DType::U8);
        if (!getBool()) {
            return {};
        }
        const auto rank = get<std::uint8_t>();
        if (rank > kMaxRank) {
            refuse("array with " + std::to_string(rank) + " axes");
        }
        std::vector<Index> shape(rank);
        for (Index& extent : shape) {
            extent = get<Index>();
        }
        Index count = 0;
        try {
            count = elementCount(shape);
        } catch (const UsageError& error) {
            refuse(error.what());
        }
        if (static_cast<std::size_t>(count) > left() / sizeOf(dtype)) {
            refuse("array is larger than the message");
        }
        return {dtype, std::move(shape), take(static_cast<std::size_t>(count) * sizeOf(dtype))};
    }
    /// Entries must come in order, each name once.
    template <class T, class Read>
    std::map<std::string, T, std::less<>> getMap(Read read) {
        std::map<std::string, T, std::less<>> out;
        for (std::size_t left = getCount(8); left > 0; --left) {
            std::string name = getText();
            if (!out.empty() && name <= out.rbegin()->first) {
                refuse("name '" + name + "' is out of order");
            }
            T value = read();
            out.emplace_hint(out.end(), std::move(name), std::move(value));
        }
        return out;
    }
    ParamSet getParams() {
        return getMap<ParamValue>([this] { return getValue(); });
    }
    State getState() {
        return getMap<Array>([this] { return getArray(); });
    }

private:
    std::size_t left() const { return m_bytes.size() - m_at; }
    std::span<const std::byte> take(std::size_t size) {
        if (size > left()) {
            refuse("ends too early");
        }
        return m_bytes.subspan(std::exchange(m_at, m_at + size), size);
    }

    std::span<const std::byte> m_bytes;
    std::size_t m_at = 0;
};

void write(Writer& out, const cmd::Load& c) {
    out.put(c.recipe);
    out.put(c.params);
    out.put(c.seed);
}
void write(Writer& out, const cmd::Run& c) {
    out.put(c.clock);
    out.put(c.until);
}
void write(Writer& out, const cmd::Pause& c) {
    out.put(c.clock);
}
void write(Writer& out, const cmd::Step& c) {
    out.put(c.clock);
    out.put(c.count);
    out.put(c.phase);
}
void write(Writer& out, const cmd::Speed& c) {
    out.put(c.clock);
    out.put(c.stepsPerSecond);
}
void write(Writer& out, const cmd::Scrub& c) {
    out.put(c.clock);
    out.put(c.step);
}
void write(Writer& out, const cmd::Reset& c) {
    out.put(c.parameters);
}
void write(Writer& out, const cmd::Restore& c) {
    out.put(c.state != nullptr);
    if (c.state) {
        out.put(*c.state);
    }
}
void write(Writer& out, const cmd::SetParam& c) {
    out.put(c.id);
    out.put(c.value);
}
void write(Writer& out, const cmd::Observe& c) {
    out.put(c.channels);
    out.put(c.hidden);
}
void write(Writer& out, const cmd::Probe& c) {
    out.put(c.ticket);
    out.put(c.kind);
    out.put(c.args);
    out.put(c.arrays);
}
void write(Writer& out, const cmd::Cancel& c) {
    out.put(c.ticket);
}
void write(Writer& out, const cmd::Capture& c) {
    out.put(c.ticket);
}

void read(Reader& in, cmd::Load& c) {
    c.recipe = in.getText();
    c.params = in.getParams();
    c.seed = in.get<std::uint64_t>();
}
void read(Reader& in, cmd::Run& c) {
    c.clock = in.getClock();
    c.until = in.get<Index>();
}
void read(Reader& in, cmd::Pause& c) {
    c.clock = in.getClock();
}
void read(Reader& in, cmd::Step& c) {
    c.clock = in.getClock();
    c.count = in.get<Index>();
    c.phase = in.getText();
}
void read(Reader& in, cmd::Speed& c) {
    c.clock = in.getClock();
    c.stepsPerSecond = in.get<double>();
}
void read(Reader& in, cmd::Scrub& c) {
    c.clock = in.getClock();
    c.step = in.get<Index>();
}
void read(Reader& in, cmd::Reset& c) {
    c.parameters = in.getBool();
}
void read(Reader& in, cmd::Restore& c) {
    if (in.getBool()) {
        c.state = std::make_shared<const State>(in.getState());
    }
}
void read(Reader& in, cmd::SetParam& c) {
    c.id = in.getText();
    c.value = in.getValue();
}
void read(Reader& in, cmd::Observe& c) {
    c.channels = in.getTexts();
    c.hidden = in.getBool();
}
void read(Reader& in, cmd::Probe& c) {
    c.ticket = in.get<std::uint64_t>();
    c.kind = in.getText();
    c.args = in.getParams();
    c.arrays = in.getState();
}
void read(Reader& in, cmd::Cancel& c) {
    c.ticket = in.get<std::uint64_t>();
}
void read(Reader& in, cmd::Capture& c) {
    c.ticket = in.get<std::uint64_t>();
}

/// The alternative of `Command` with index `kind`.
template <std::size_t... i>
Command readKind(Reader& in, std::size_t kind, std::index_sequence<i...>) {
    Command command;
    const auto take = [&]<std::size_t at>() {
        if (at == kind) {
            read(in, command.emplace<at>());
        }
    };
    (take.template operator()<i>(), ...);
    return command;
}

}  // namespace

std::vector<std::byte> encode(const Command& command) {
    Writer out(Kind::Command);
    out.put(static_cast<std::uint8_t>(command.index()));
    std::visit([&](const auto& c) { write(out, c); }, command);
    return out.finish();
}

Command decodeCommand(std::span<const std::byte> bytes) {
    Reader in(bytes, Kind::Command);
    const auto kind = in.get<std::uint8_t>();
    constexpr std::size_t kKinds = std::variant_size_v<Command>;
    if (kind >= kKinds) {
        in.refuse("unknown command " + std::to_string(kind));
    }
    Command command = readKind(in, kind, std::make_index_sequence<kKinds>{});
    in.requireEnd();
    return command;
}

std::vector<std::byte> encode(const Snapshot& s) {
    Writer out(Kind::Snapshot);
    out.put(s.epoch);
    out.put(s.sequence);
    out.put(s.step);
    out.put(s.running);
    out.put(s.stepsPerSecond);
    out.put(s.state);
    out.put(s.failure.has_value());
    if (s.failure) {
        out.put(s.failure->where);
        out.put(s.failure->message);
        out.put(s.failure->step);
        out.put(s.failure->exitCode);
    }
    out.put(s.channels);
    out.put(s.scrubbed);
    out.put(s.head);
    out.put(s.note);
    out.put(s.notes);
    return out.finish();
}

Snapshot decodeSnapshot(std::span<const std::byte> bytes) {
    Reader in(bytes, Kind::Snapshot);
    Snapshot s;
    s.epoch = in.get<std::uint64_t>();
    s.sequence = in.get<std::uint64_t>();
    for (Index& step : s.step) {
        step = in.get<Index>();
    }
    for (bool& running : s.running) {
        running = in.getBool();
    }
    for (double& rate : s.stepsPerSecond) {
        rate = in.get<double>();
    }
    s.state = in.getEnum(RunState::Failed);
    if (in.getBool()) {
        Failure failure;
        failure.where = in.getText();
        failure.message = in.getText();
        failure.step = in.get<Index>();
        failure.exitCode = in.getEnum(ExitCode::Interrupted);
        s.failure = std::move(failure);
    }
    s.channels = in.getMap<Channel>([&in] {
        Channel channel;
        channel.version = in.get<std::uint64_t>();
        channel.array = in.getArray();
        return channel;
    });
    s.scrubbed = in.getBool();
    for (Index& step : s.head) {
        step = in.get<Index>();
    }
    s.note = in.getText();
    s.notes = in.get<std::uint64_t>();
    in.requireEnd();
    return s;
}

}  // namespace lx::wire
