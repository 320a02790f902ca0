// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/philox.h"
#include "core/session/wire.h"

#include <QtTest>
#include <limits>

using namespace lx;

namespace {

State someState() {
    State state;
    state["empty"] = Array({0, 3}, std::vector<float>{});
    state["flags"] = Array({2}, std::vector<std::uint8_t>{0, 255});
    state["scalar"] = Array({}, std::vector<Index>{-7});
    state["walk"] = Array(
        {2, 2}, std::vector<double>{0.1, -0.0, std::numeric_limits<double>::quiet_NaN(), 1e-310});
    state["undefined"] = Array{};
    return state;
}

std::vector<Command> everyCommand() {
    cmd::Probe probe{77, "decode", {{"x0", -1.5}, {"rows", Index{8}}}, someState()};
    return {cmd::Load{"vae-fashion",
                      {{"a", true},
                       {"b", Index{-3}},
                       {"c", 0.1},
                       {"d", std::string("prior.normal")},
                       {"e", std::vector<double>{1, 2.5}}},
                      ~std::uint64_t{0}},
            cmd::Run{Clock::Sample, 1000},
            cmd::Pause{Clock::Diffuse},
            cmd::Step{Clock::Train, 3, "encoder"},
            cmd::Speed{Clock::Train, 12.5},
            cmd::Scrub{Clock::Train, 44},
            cmd::Reset{true},
            cmd::Restore{std::make_shared<const State>(someState())},
            cmd::Restore{},
            cmd::SetParam{"objective.beta", 4.0},
            cmd::Observe{{"codes", "labels", ""}, true},
            probe,
            cmd::Cancel{9},
            cmd::Capture{10}};
}

Snapshot someSnapshot() {
    Snapshot s;
    s.epoch = 3;
    s.sequence = 99;
    s.step = {1, 2, 3};
    s.running = {true, false, true};
    s.stepsPerSecond = {10.5, 0, 1e9};
    s.state = RunState::Failed;
    s.failure = Failure{"advance train", "loss is not finite", 12, ExitCode::Numerical};
    for (const auto& [name, array] : someState()) {
        s.channels[name] = {5, array};
    }
    s.scrubbed = true;
    s.head = {4, 5, 6};
    s.note = "refused";
    s.notes = 2;
    return s;
}

}  // namespace

class TestWire : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void commandsComeBack() {
        for (const Command& command : everyCommand()) {
            const auto bytes = wire::encode(command);
            const Command back = wire::decodeCommand(bytes);
            QCOMPARE(back.index(), command.index());
            QVERIFY(wire::encode(back) == bytes);
        }
        const auto load = std::get<cmd::Load>(wire::decodeCommand(wire::encode(everyCommand()[0])));
        QCOMPARE(load.recipe, std::string("vae-fashion"));
        QVERIFY(load.params == std::get<cmd::Load>(everyCommand()[0]).params);
        QCOMPARE(load.seed, ~std::uint64_t{0});
        const auto probe =
            std::get<cmd::Probe>(wire::decodeCommand(wire::encode(everyCommand()[11])));
        QCOMPARE(probe.arrays.at("scalar").values<Index>()[0], Index{-7});
        QVERIFY(!probe.arrays.at("undefined").defined());
    }

    void snapshotsComeBack() {
        for (const Snapshot& s : {Snapshot{}, someSnapshot()}) {
            const auto bytes = wire::encode(s);
            const Snapshot back = wire::decodeSnapshot(bytes);
            QVERIFY(wire::encode(back) == bytes);
            QCOMPARE(back.step, s.step);
            QCOMPARE(back.head, s.head);
            QCOMPARE(back.note, s.note);
            QCOMPARE(back.channels.size(), s.channels.size());
            QCOMPARE(back.failure.has_value(), s.failure.has_value());
        }
    }

    void everyTruncationIsRefused() {
        for (const Command& command : everyCommand()) {
            const auto bytes = wire::encode(command);
            for (std::size_t size = 0; size < bytes.size(); ++size) {
                QVERIFY_EXCEPTION_THROWN(wire::decodeCommand(std::span(bytes).first(size)),
                                         InputError);
            }
        }
        auto longer = wire::encode(someSnapshot());
        longer.push_back(std::byte{0});
        QVERIFY_EXCEPTION_THROWN(wire::decodeSnapshot(longer), InputError);
        QVERIFY_EXCEPTION_THROWN(wire::decodeCommand(wire::encode(someSnapshot())), InputError);
    }

    void damageIsRefusedOrHarmless() {
        // Every single bit flipped: refused with an offset, or another valid message; never a crash
        // and never an allocation by an unchecked length.
        std::size_t refused = 0, read = 0;
        std::vector<std::vector<std::byte>> messages;
        for (const Command& command : everyCommand()) {
            messages.push_back(wire::encode(command));
        }
        for (auto& bytes : messages) {
            for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
                bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
                try {
                    wire::encode(wire::decodeCommand(bytes));
                    ++read;
                } catch (const InputError& error) {
                    ++refused;
                    QVERIFY(std::string(error.what()).find("byte ") != std::string::npos);
                }
                bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            }
        }
        qInfo("%zu flips refused, %zu read as another message", refused, read);
        QVERIFY(refused > 1000);
    }

    void snapshotDamage() {
        auto bytes = wire::encode(someSnapshot());
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            try {
                wire::decodeSnapshot(bytes);
            } catch (const InputError&) {
            }
            bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        }
        QVERIFY(wire::encode(wire::decodeSnapshot(bytes)) == bytes);
    }
};

QTEST_APPLESS_MAIN(TestWire)
#include "tst_wire.moc"
