// SPDX-License-Identifier: GPL-3.0-or-later
// Every truncation and every flipped bit of a small file of each format: refused with a reason,
// or read. A project is refused or read exactly; so are the formats with a check sum.
#include "core/io/csv.h"
#include "core/io/idx.h"
#include "core/io/npy.h"
#include "core/io/npz.h"
#include "core/io/project.h"
#include "io_support.h"

#include <QtTest>

using namespace lx;
using namespace lx::test;

namespace {

// Under a sanitizer every 7th bit keeps this within a minute; all eight bits of a byte are met.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStride = 7;
#else
constexpr std::size_t kStride = 1;
#endif

struct Outcome {
    int cases = 0, refused = 0, exact = 0, silent = 0;
};

/// `reads` returns whether the content is exactly the original; InputError counts as refused.
Outcome damage(const Bytes& file, const std::function<bool(std::span<const std::byte>)>& reads) {
    Outcome outcome;
    const auto count = [&](const Bytes& damaged) {
        ++outcome.cases;
        try {
            ++(reads(damaged) ? outcome.exact : outcome.silent);
        } catch (const InputError& error) {
            ++outcome.refused;
            if (std::string(error.what()).find("sample") == std::string::npos) {
                throw Error("the message does not name the file");
            }
        }
    };
    for (std::size_t length = 0; length < file.size(); ++length) {
        count(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length)));
    }
    for (std::size_t bit = 0; bit < 8 * file.size(); bit += kStride) {
        Bytes damaged = file;
        damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        count(damaged);
    }
    return outcome;
}

void report(const char* format, const Outcome& o) {
    qInfo("%s: %d cases, %d refused, %d exact, %d silently different", format, o.cases, o.refused,
          o.exact, o.silent);
}

Array numbers() {
    std::vector<double> values;
    for (int i = 0; i < 100; ++i) {
        values.push_back(0.37 * i - 3);
    }
    return Array({25, 4}, values);
}

}  // namespace

class TestDamage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void project() {
        const Project original = sampleProject(3, 2);
        const Bytes file = encodeProject(original);
        QVERIFY(file.size() < 4096);
        const Outcome o = damage(file, [&](std::span<const std::byte> bytes) {
            return same(loadProject(bytes, "sample"), original);
        });
        report("project", o);
        QCOMPARE(o.silent, 0);
        QVERIFY(o.refused > 9 * o.cases / 10);
    }

    void projectWithoutDigestsIsCaught() {
        // Broken twin: the same reader with its digests left out.
        const Project original = sampleProject(3, 2);
        const Outcome o = damage(encodeProject(original), [&](std::span<const std::byte> bytes) {
            Safetensors file = readSafetensors(bytes, "sample");
            std::erase_if(file.metadata,
                          [](const auto& entry) { return entry.first.starts_with("lx."); });
            return same(Project{file.tensors, file.metadata}, original);
        });
        report("project without digests", o);
        QVERIFY(o.silent > 100);
    }

    void safetensors() {
        const State original{{"a", numbers()},
                             {"b", Array({3}, std::vector<std::uint8_t>{1, 2, 3})}};
        report("safetensors",
               damage(encodeSafetensors(original), [&](std::span<const std::byte> bytes) {
                   return same(readSafetensors(bytes, "sample").tensors, original);
               }));
    }

    void npy() {
        const Bytes file = encodeNpy(numbers());
        const Outcome o = damage(file, [&](std::span<const std::byte> bytes) {
            return same(readNpy(bytes, "sample"), numbers());
        });
        report("npy", o);
        // No truncation may pass, whatever the values say.
        QVERIFY(o.refused >= static_cast<int>(file.size()));
    }

    void npz() {
        for (const Bytes& file : {encodeNpz({{"a", numbers()}}), fixture("deflated.npz")}) {
            const State original = readNpz(file, "sample");
            const Outcome o = damage(file, [&](std::span<const std::byte> bytes) {
                return same(readNpz(bytes, "sample"), original);
            });
            report("npz", o);
            QCOMPARE(o.silent, 0);
        }
    }

    void idxGz() {
        const Bytes file = gzip(encodeIdx(numbers()));
        const Outcome o = damage(file, [&](std::span<const std::byte> bytes) {
            return same(readIdx(bytes, "sample"), numbers());
        });
        report("idx.gz", o);
        QCOMPARE(o.silent, 0);
    }

    void csv() {
        const Bytes file = encodeCsv({"a", "b", "c", "d"}, numbers());
        report("csv", damage(file, [&](std::span<const std::byte> bytes) {
                   return same(readTable(bytes, "sample").values, numbers());
               }));
        // Cut within a row, a table is refused: the row has too few cells.
        const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
        const std::size_t cut = text.rfind(',');
        QVERIFY(!refusal([&] { readTable(std::span(file).first(cut), "sample"); }).empty());
    }
};

QTEST_GUILESS_MAIN(TestDamage)
#include "tst_damage.moc"
