// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/golden.h"

#include "tests/support/render_support.h"

#include <QDir>

#include <algorithm>
#include <cstdlib>

namespace lx::render::test {
namespace {

const QString kExpected = QStringLiteral(LX_SOURCE_DIR "/tests/golden/expected/");
const QString kActual = QStringLiteral(LX_BINARY_DIR "/golden/");

/// Channel by channel, eight times amplified, on black.
QImage differenceOf(const Image& a, const Image& b) {
    std::vector<std::uint8_t> bytes(a.pixels->size(), 255);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i % 4 != 3) {
            const int d = std::abs((*a.pixels)[i] - (*b.pixels)[i]);
            bytes[i] = static_cast<std::uint8_t>(std::min(255, 8 * d));
        }
    }
    return toQImage({a.size, std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))});
}

}  // namespace

Image fromQImage(const QImage& picture) {
    const QImage image = picture.convertToFormat(QImage::Format_RGBA8888);
    std::vector<std::uint8_t> bytes;
    for (int y = 0; y < image.height(); ++y) {
        bytes.insert(bytes.end(), image.constScanLine(y),
                     image.constScanLine(y) + std::ptrdiff_t{4} * image.width());
    }
    return {{image.width(), image.height()},
            std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))};
}

Image approved(const QString& name) {
    return fromQImage(QImage(kExpected + name + ".png"));
}

QString compare(const Image& image, const QString& name, bool exact) {
    const Image expected = approved(name);
    if (expected.pixels->empty()) {
        return name + " has no approved picture; look at " + kActual + name +
               ".png and run tests/golden/approve";
    }
    const int difference = largestDifference(image, expected);
    const double similarity = ssim(image, expected);
    if (exact ? difference == 0 : similarity >= 0.95) {
        return {};
    }
    return QString("%1 drifted: largest difference %2, SSIM %3; see %4%1*.png")
        .arg(name)
        .arg(difference)
        .arg(similarity)
        .arg(kActual);
}

QString judge(const Image& image, const QString& name, bool exact) {
    QDir().mkpath(kActual);
    toQImage(image).convertToFormat(QImage::Format_RGB888).save(kActual + name + ".png", "PNG", 0);
    const QString problem = compare(image, name, exact);
    if (!problem.isEmpty()) {
        const Image expected = approved(name);
        if (largestDifference(image, expected) < 256) {
            differenceOf(image, expected).save(kActual + name + "_difference.png");
        }
    }
    return problem;
}

}  // namespace lx::render::test
