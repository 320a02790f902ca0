// SPDX-License-Identifier: GPL-3.0-or-later
// Films decoded by readers that are not ours: Qt for GIF, libpng (through Qt) for the frames of an
// APNG, whose chunks are checked here against the specification.
#pragma once

#include "core/io/movie.h"

#include <QBuffer>
#include <QImage>
#include <QImageReader>
#include <QtEndian>

#include <zlib.h>

#include <cmath>
#include <functional>
#include <random>

namespace lx::test {

using FrameBytes = std::vector<std::uint8_t>;

inline FrameBytes bytesOfImage(const QImage& image) {
    const QImage rgb = image.convertToFormat(QImage::Format_RGB888);
    FrameBytes out;
    for (int y = 0; y < rgb.height(); ++y) {
        out.insert(out.end(), rgb.constScanLine(y), rgb.constScanLine(y) + 3 * rgb.width());
    }
    return out;
}

struct DecodedMovie {
    std::vector<FrameBytes> frames;
    std::vector<int> delays;  ///< milliseconds
    std::string problem;
};

inline DecodedMovie decodeGif(QByteArray bytes) {
    DecodedMovie out;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::ReadOnly);
    QImageReader reader(&buffer, "gif");
    for (QImage frame = reader.read(); !frame.isNull(); frame = reader.read()) {
        out.frames.push_back(bytesOfImage(frame));
        out.delays.push_back(reader.nextImageDelay());
    }
    if (bytes.isEmpty() || bytes.back() != 0x3B) {
        out.problem = "no trailer";
    }
    return out;
}

/// Checks signature, sums, order and sequence numbers, and composes the frames.
inline DecodedMovie decodeApng(const QByteArray& bytes) {
    DecodedMovie out;
    const auto refuse = [&](const std::string& why) {
        out.problem = why;
        return out;
    };
    const auto u32 = [](const QByteArray& b, qsizetype at) {
        return qFromBigEndian<quint32>(b.constData() + at);
    };
    const auto chunk = [](const QByteArray& type, const QByteArray& content) {
        QByteArray body = type + content, size(4, '\0'), sum(4, '\0');
        qToBigEndian(quint32(content.size()), size.data());
        qToBigEndian(quint32(::crc32(0, reinterpret_cast<const Bytef*>(body.constData()),
                                     uInt(body.size()))),
                     sum.data());
        return size + body + sum;
    };
    if (!bytes.startsWith("\x89PNG\r\n\x1a\n")) {
        return refuse("signature");
    }
    QByteArray header, control, data;
    quint32 sequence = 0, announced = 0;
    QImage canvas;
    bool ended = false;
    const auto flush = [&] {
        if (data.isEmpty()) {
            return control.isEmpty();
        }
        QByteArray own = header;
        own.replace(0, 8, control.mid(4, 8));
        QByteArray png = QByteArray("\x89PNG\r\n\x1a\n", 8) + chunk("IHDR", own) +
                         chunk("IDAT", data) + chunk("IEND", {});
        QImage part = QImage::fromData(png, "PNG").convertToFormat(QImage::Format_RGB888);
        const int x = int(u32(control, 12)), y = int(u32(control, 16));
        if (part.isNull() || x + part.width() > canvas.width() ||
            y + part.height() > canvas.height()) {
            return false;
        }
        for (int row = 0; row < part.height(); ++row) {
            std::memcpy(canvas.scanLine(y + row) + 3 * x, part.constScanLine(row),
                        std::size_t(3 * part.width()));
        }
        out.frames.push_back(bytesOfImage(canvas));
        const int num = qFromBigEndian<quint16>(control.constData() + 20);
        const int den = qFromBigEndian<quint16>(control.constData() + 22);
        out.delays.push_back(int(std::lround(1000.0 * num / (den == 0 ? 100 : den))));
        data.clear();
        return true;
    };
    for (qsizetype at = 8; at + 12 <= bytes.size();) {
        const auto size = qsizetype(u32(bytes, at));
        if (size > bytes.size() - at - 12) {
            return refuse("truncated");
        }
        const QByteArray type = bytes.mid(at + 4, 4), content = bytes.mid(at + 8, size);
        if (::crc32(0, reinterpret_cast<const Bytef*>(bytes.constData() + at + 4),
                    uInt(size + 4)) != u32(bytes, at + 8 + size)) {
            return refuse("crc of " + type.toStdString());
        }
        at += 12 + size;
        if (type == "IHDR") {
            header = content;
            canvas = QImage(int(u32(content, 0)), int(u32(content, 4)), QImage::Format_RGB888);
        } else if (type == "acTL") {
            announced = u32(content, 0);
        } else if (type == "fcTL" || type == "fdAT") {
            if (u32(content, 0) != sequence++) {
                return refuse("sequence");
            }
            if (type == "fcTL") {
                if (!flush()) {
                    return refuse("frame");
                }
                control = content;
            } else {
                data += content.mid(4);
            }
        } else if (type == "IDAT") {
            data += content;
        } else if (type == "IEND") {
            ended = at == bytes.size();
        }
    }
    if (!flush() || !ended) {
        return refuse("end");
    }
    if (announced != out.frames.size()) {
        return refuse("frame count");
    }
    return out;
}

/// A drawing that moves: flat background, a grid, a disc with soft edges, a ramp of many colours.
inline FrameBytes drawing(int width, int height, int step) {
    FrameBytes out(std::size_t(3 * width * height));
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            std::uint8_t* p = &out[std::size_t(3 * (y * width + x))];
            p[0] = 250;
            p[1] = 250;
            p[2] = 248;
            if (x % 20 == 0 || y % 20 == 0) {
                p[0] = p[1] = p[2] = 221;
            }
            if (y > height * 3 / 4) {
                p[0] = std::uint8_t(255 * x / width);
                p[1] = std::uint8_t((37 * y + x) & 255);
                p[2] = std::uint8_t(255 - 255 * x / width);
            }
            const double d = std::hypot(x - width / 4 - 2 * step, y - height / 3);
            const double cover = std::clamp(15.0 - d, 0.0, 1.0);
            p[0] = std::uint8_t(std::lround(p[0] + cover * (213 - p[0])));
            p[1] = std::uint8_t(std::lround(p[1] + cover * (94 - p[1])));
            p[2] = std::uint8_t(std::lround(p[2] + cover * (0 - p[2])));
        }
    }
    return out;
}

}  // namespace lx::test
