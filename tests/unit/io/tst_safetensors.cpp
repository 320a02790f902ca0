// SPDX-License-Identifier: GPL-3.0-or-later
// Every guard of the format has a file that only this guard refuses, next to one that is read.
#include "core/io/project.h"
#include "io_support.h"

#include <QtTest>
#include <cstring>

using namespace lx;
using namespace lx::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A file as another program writes it: length, header, values 0, 1, 2, ...
Bytes file(const std::string& header, std::size_t values) {
    Bytes bytes;
    for (int i = 0; i < 8; ++i) {
        bytes.push_back(static_cast<std::byte>(header.size() >> (8 * i)));
    }
    const Bytes text = bytesOf(header);
    bytes.insert(bytes.end(), text.begin(), text.end());
    for (std::size_t i = 0; i < values; ++i) {
        bytes.push_back(static_cast<std::byte>(i));
    }
    return bytes;
}

std::string why(const std::string& header, std::size_t values) {
    return refusal([&] { readSafetensors(file(header, values), "t"); });
}

}  // namespace

class TestSafetensors : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void foreignFile() {
        const Bytes bytes = file(
            R"({"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[2,2],"data_offsets":[4,8]},)"
            R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},)"
            R"("none":{"dtype":"F32","shape":[0,9],"data_offsets":[8,8]},)"
            R"("scalar":{"dtype":"I16","shape":[],"data_offsets":[8,10]}}   )",
            10);
        const Safetensors read = readSafetensors(bytes, "t");
        QCOMPARE(read.metadata.at("format"), std::string("pt"));
        QVERIFY(same(read.tensors.at("b"), Array({2, 2}, std::vector<std::uint8_t>{4, 5, 6, 7})));
        QVERIFY(same(read.tensors.at("scalar"), Array({}, std::vector<Index>{0x0908})));
        QCOMPARE(read.tensors.at("none").count(), Index{0});
        std::uint32_t first = 0;
        std::memcpy(&first, read.tensors.at("a").bytes().data(), 4);
        QCOMPARE(first, 0x01000000U);
    }

    void guards_data() {
        QTest::addColumn<QString>("header");
        QTest::addColumn<int>("values");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const char* header, int values, const char* reason) {
            QTest::newRow(name) << header << values << reason;
        };
        row("good", R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3, "");
        row("gap", R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3,
            "begins at byte 1");
        row("trailing", R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 4, "4 follow");
        row("too short", R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 2, "2 follow");
        row("overlap",
            R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
            3, "begins at byte 1");
        row("shape", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}})", 3, "needs 4");
        row("overflow",
            R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
            "impossibly large");
        row("duplicate tensor",
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
            2, "appears twice");
        row("duplicate field",
            R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
            "appears twice");
        row("duplicate metadata", R"({"__metadata__":{"k":"1","k":"2"}})", 0, "appears twice");
        row("unknown field", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1,
            "unknown");
        row("missing field", R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1, "is missing");
        row("type", R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1, "F8_E4M3");
        row("backwards", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1,
            "not above");
        row("three offsets", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1,
            "two numbers");
        row("fraction", R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", 1, "whole");
        row("negative", R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, "negative");
        row("63 bits", R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}})",
            1, "63 bits");
        row("nested list", R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", 1, "list");
        row("metadata of numbers", R"({"__metadata__":{"k":1}})", 0, "number");
        row("text as tensor", R"({"a":"b"})", 0, "text");
        row("list first", R"([1])", 0, "brace");
        row("broken", R"({"a":)", 0, "JSON");
        row("two values", R"({}{})", 0, "JSON");
        row("not UTF-8", "{\"\xFF\":{}}", 0, "JSON");
    }

    void guards() {
        QFETCH(QString, header);
        QFETCH(int, values);
        QFETCH(QString, reason);
        const std::string text = QString(QTest::currentDataTag()) == "not UTF-8"
                                     ? std::string("{\"\xFF\":{}}")
                                     : header.toStdString();
        const std::string message = why(text, static_cast<std::size_t>(values));
        QCOMPARE(message.empty(), reason.isEmpty());
        QVERIFY2(contains(message, reason.toStdString()), message.c_str());
    }

    void headerLengthIsNotTrusted() {
        QVERIFY(contains(refusal([] { readSafetensors(bytesOf({1, 2, 3}), "t"); }), "8 bytes"));
        QVERIFY(contains(refusal([] {
                             readSafetensors(bytesOf({255, 255, 255, 255, 255, 255, 255, 255, '{'}),
                                             "t");
                         }),
                         "16 MiB"));
        Bytes big(8 + kMaxSafetensorsHeader + 1, std::byte{' '});
        const Bytes start = bytesOf({1, 0, 0, 1, 0, 0, 0, 0, '{', '}'});
        std::copy(start.begin(), start.end(), big.begin());
        QVERIFY(contains(refusal([&] { readSafetensors(big, "t"); }), "16 MiB"));
        big[0] = std::byte{0};
        big.pop_back();
        QVERIFY(readSafetensors(big, "t").tensors.empty());
    }

    void paddingIsOfBlanks() {
        const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
        QVERIFY(why(header + "   ", 1).empty());
        for (const std::string& padding :
             {std::string(3, '\0'), std::string(" \0 ", 3), std::string("\0{}", 3)}) {
            const std::string message = why(header + padding, 1);
            QVERIFY2(contains(message, "zero byte"), message.c_str());
        }
        QVERIFY(contains(why(std::string("{\0}", 3), 0), "byte 9"));
        QVERIFY(contains(why(header + " x", 1), "JSON"));
    }

    void deepNestingIsRefusedAtOnce() {
        QVERIFY(!why("{\"a\":" + std::string(1'000'000, '['), 0).empty());
        QVERIFY(!why("{\"a\":{\"shape\":" + std::string(1'000'000, '{'), 0).empty());
    }

    void writerIsCanonical() {
        State state;
        state["byte"] = Array({1}, std::vector<std::uint8_t>{9});
        state["wide"] = Array({1}, std::vector<double>{1});
        state["single"] = Array({1}, std::vector<float>{2});
        const Bytes bytes = encodeSafetensors(state, {{"k", "v"}});
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        QVERIFY(text.find("wide") < text.find("single"));
        QVERIFY(text.find("single") < text.find("byte"));
        QCOMPARE(std::to_integer<int>(bytes[0]) % 8, 0);
        QCOMPARE(bytes, encodeSafetensors(state, {{"k", "v"}}));
        const Safetensors read = readSafetensors(bytes, "t");
        QVERIFY(same(read.tensors, state));
        QCOMPARE(read.metadata.at("k"), std::string("v"));
        QVERIFY(readSafetensors(encodeSafetensors({}), "t").tensors.empty());
    }

    void writerRefuses() {
        QVERIFY_EXCEPTION_THROWN(encodeSafetensors({{"a", Array()}}), UsageError);
        const Array one({1}, std::vector<float>{1});
        QVERIFY_EXCEPTION_THROWN(encodeSafetensors({{"__metadata__", one}}), UsageError);
        QVERIFY_EXCEPTION_THROWN(encodeSafetensors({{"\xFF", one}}), UsageError);
        QVERIFY_EXCEPTION_THROWN(encodeProject({{}, {{"lx.format", "1"}}}), UsageError);
    }

    void projectReadsBack() {
        const Project project = sampleProject(7, 2);
        QVERIFY(same(loadProject(encodeProject(project), "t"), project));
        QVERIFY(same(loadProject(encodeProject({}), "t"), Project{}));
    }

    void projectNamesTheDamagedTensor() {
        Bytes bytes = encodeProject(sampleProject(7, 2));
        bytes.back() ^= std::byte{1};
        QVERIFY(contains(refusal([&] { loadProject(bytes, "t"); }), "tensor 'mask'"));
    }

    void projectNeedsItsDigests() {
        const Project project = sampleProject(7, 1);
        const Safetensors whole = readSafetensors(encodeProject(project), "t");
        // Foreign weights carry no digest at all.
        QVERIFY(contains(refusal([&] { loadProject(encodeSafetensors(whole.tensors), "t"); }),
                         "lx.format"));
        // A tensor taken out together with its digest is noticed by the digest over everything.
        Safetensors less = whole;
        less.tensors.erase("mask");
        less.metadata.erase("lx.sha256/mask");
        QVERIFY(contains(
            refusal([&] { loadProject(encodeSafetensors(less.tensors, less.metadata), "t"); }),
            "settings"));
        Safetensors reshaped = whole;
        const Array& order = whole.tensors.at("order");
        reshaped.tensors["order"] = Array(order.dtype(), {2, order.count() / 2}, order.bytes());
        QVERIFY(contains(refusal([&] {
                             loadProject(encodeSafetensors(reshaped.tensors, reshaped.metadata),
                                         "t");
                         }),
                         "shapes"));
    }

    void newerFormatIsRefusedNamingBoth() {
        Safetensors next = readSafetensors(encodeProject(sampleProject(7, 1)), "t");
        next.metadata["lx.format"] = "2";
        const std::string message =
            refusal([&] { loadProject(encodeSafetensors(next.tensors, next.metadata), "t"); });
        QVERIFY(contains(message, "format 2") && contains(message, "format 1"));
    }
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
