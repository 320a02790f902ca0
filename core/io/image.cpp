// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/image.h"

#include <algorithm>
#include <array>
#include <cmath>
// jpeglib.h needs these two before it.
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>
#include <png.h>
#include <csetjmp>

namespace lx {
namespace {

void requireExtents(Index width, Index height, Index channels, std::size_t packed,
                    const std::string& name) {
    if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide ||
        width * height > kMaxImagePixels) {
        throw InputError(name, "image header",
                         "is " + std::to_string(width) + " x " + std::to_string(height) +
                             " pixels; up to 16384 a side and 64 million in all are read");
    }
    const auto raw = static_cast<std::uint64_t>(width * height * channels);
    if (raw > std::max(std::uint64_t{1} << 20, packed * kMaxUnpackRatio)) {
        throw InputError(name, "image header",
                         "claims pixels of more than 1000 times its size, which no real picture "
                         "has");
    }
}

struct PngImage {
    png_image state{};
    PngImage() { state.version = PNG_IMAGE_VERSION; }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
    ~PngImage() { png_image_free(&state); }
};

Image8 beginPng(PngImage& png, std::span<const std::byte> bytes, const std::string& name) {
    if (png_image_begin_read_from_memory(&png.state, bytes.data(), bytes.size()) == 0) {
        throw InputError(name, "PNG header", png.state.message);
    }
    Image8 image;
    image.width = png.state.width;
    image.height = png.state.height;
    image.channels = (png.state.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1;
    requireExtents(image.width, image.height, image.channels, bytes.size(), name);
    return image;
}

Image8 decodePng(std::span<const std::byte> bytes, const std::string& name) {
    PngImage png;
    Image8 image = beginPng(png, bytes, name);
    png.state.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png.state.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    image.pixels.resize(PNG_IMAGE_SIZE(png.state));
    const png_color black{0, 0, 0};
    if (png_image_finish_read(&png.state, &black, image.pixels.data(), 0, nullptr) == 0) {
        throw InputError(name, "PNG data", png.state.message);
    }
    return image;
}

/// libjpeg reports errors by a call that must not return; warnings mean damaged data.
struct JpegErrors {
    jpeg_error_mgr manager;
    jpeg_progress_mgr progress;
    std::jmp_buf jump;
    std::array<char, JMSG_LENGTH_MAX> message;
};

void jpegFail(j_common_ptr info) {
    auto* errors = static_cast<JpegErrors*>(info->client_data);
    info->err->format_message(info, errors->message.data());
    std::longjmp(errors->jump, 1);
}

void jpegMessage(j_common_ptr info, int level) {
    if (level < 0) {
        jpegFail(info);
    }
}

/// A progressive file can repeat its scans without end.
void jpegProgress(j_common_ptr info) {
    constexpr int kMaxScans = 500;
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
        auto* errors = static_cast<JpegErrors*>(info->client_data);
        std::snprintf(errors->message.data(), errors->message.size(), "too many scans");
        std::longjmp(errors->jump, 1);
    }
}

/// One libjpeg call sequence without any C++ object that a longjmp would skip. Without
/// `pixels` it opens `bytes` and reads the header. False: errors.message says why.
bool jpegStep(jpeg_decompress_struct& info, JpegErrors& errors, std::span<const std::byte> bytes,
              std::uint8_t* pixels) {
    if (setjmp(errors.jump) != 0) {
        return false;
    }
    if (pixels == nullptr) {
        jpeg_create_decompress(&info);
        info.progress = &errors.progress;
        jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
        jpeg_read_header(&info, TRUE);
        return true;
    }
    info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info);
    const std::size_t stride = static_cast<std::size_t>(info.output_width) *
                               static_cast<std::size_t>(info.output_components);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = pixels + stride * info.output_scanline;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
}

struct JpegReader {
    jpeg_decompress_struct info{};
    JpegErrors errors{};

    JpegReader() {
        info.err = jpeg_std_error(&errors.manager);
        errors.manager.error_exit = jpegFail;
        errors.manager.emit_message = jpegMessage;
        errors.progress.progress_monitor = jpegProgress;
        info.client_data = &errors;
    }
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { jpeg_destroy_decompress(&info); }
};

Image8 readJpeg(std::span<const std::byte> bytes, const std::string& name, bool pixels) {
    JpegReader reader;
    if (!jpegStep(reader.info, reader.errors, bytes, nullptr)) {
        throw InputError(name, "JPEG header", reader.errors.message.data());
    }
    if (reader.info.num_components != 1 && reader.info.num_components != 3) {
        throw InputError(name, "JPEG header",
                         "has " + std::to_string(reader.info.num_components) +
                             " colour components (CMYK?); save it as gray or RGB");
    }
    Image8 image;
    image.width = reader.info.image_width;
    image.height = reader.info.image_height;
    image.channels = reader.info.num_components;
    requireExtents(image.width, image.height, image.channels, bytes.size(), name);
    if (pixels) {
        image.pixels.resize(static_cast<std::size_t>(image.width * image.height * image.channels));
        if (!jpegStep(reader.info, reader.errors, bytes, image.pixels.data())) {
            throw InputError(name, "JPEG data", reader.errors.message.data());
        }
    }
    return image;
}

/// Weights of the source cells under each target cell along one axis.
struct Cover {
    Index first = 0;
    std::vector<double> weights;  // sum 1
};

std::vector<Cover> coverage(Index from, Index to) {
    std::vector<Cover> covers;
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    for (Index i = 0; i < to; ++i) {
        const double begin = static_cast<double>(i) * scale;
        const double end = std::min(static_cast<double>(i + 1) * scale, static_cast<double>(from));
        Cover cover;
        cover.first = std::min(static_cast<Index>(begin), from - 1);
        for (Index k = cover.first; k < from && (static_cast<double>(k) < end || k == cover.first);
             ++k) {
            const double low = std::max(begin, static_cast<double>(k));
            const double high = std::min(end, static_cast<double>(k + 1));
            cover.weights.push_back(std::max(high - low, 0.0) / (end - begin));
        }
        covers.push_back(std::move(cover));
    }
    return covers;
}

}  // namespace

bool isPng(std::span<const std::byte> bytes) noexcept {
    constexpr std::array<unsigned char, 8> kMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    return bytes.size() >= kMagic.size() &&
           std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                      [](unsigned char a, std::byte b) { return std::byte{a} == b; });
}

bool isJpeg(std::span<const std::byte> bytes) noexcept {
    return bytes.size() >= 3 && bytes[0] == std::byte{0xFF} && bytes[1] == std::byte{0xD8} &&
           bytes[2] == std::byte{0xFF};
}

Image8 decodeImage(std::span<const std::byte> bytes, const std::string& name) {
    if (isPng(bytes)) {
        return decodePng(bytes, name);
    }
    if (isJpeg(bytes)) {
        return readJpeg(bytes, name, true);
    }
    throw InputError(name, "byte 0", "is neither PNG nor JPEG");
}

Image8 imageHeader(std::span<const std::byte> bytes, const std::string& name) {
    if (isPng(bytes)) {
        PngImage png;
        return beginPng(png, bytes, name);
    }
    if (isJpeg(bytes)) {
        return readJpeg(bytes, name, false);
    }
    throw InputError(name, "byte 0", "is neither PNG nor JPEG");
}

Array toGray(const Image8& image, Index height, Index width) {
    if (height < 1 || width < 1 || height > kMaxImageSide || width > kMaxImageSide) {
        throw UsageError("an image is scaled to between 1 and 16384 pixels a side");
    }
    const auto values = static_cast<std::uint64_t>(image.width) *
                        static_cast<std::uint64_t>(image.height) *
                        static_cast<std::uint64_t>(image.channels);
    if (image.width < 1 || image.height < 1 || (image.channels != 1 && image.channels != 3) ||
        image.pixels.size() != values) {
        throw UsageError("the decoded image is not gray or RGB of the size it claims");
    }
    const auto gray = [&](Index y, Index x) {
        const std::uint8_t* p = image.pixels.data() + (y * image.width + x) * image.channels;
        // Luma of ITU-R BT.601.
        return image.channels == 1 ? p[0] / 255.0
                                   : (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) / 255.0;
    };
    const auto columns = coverage(image.width, width);
    const auto rows = coverage(image.height, height);
    std::vector<float> out;
    out.reserve(static_cast<std::size_t>(height * width));
    std::vector<double> line(static_cast<std::size_t>(width));
    for (const Cover& row : rows) {
        std::fill(line.begin(), line.end(), 0.0);
        for (std::size_t k = 0; k < row.weights.size(); ++k) {
            const Index y = row.first + static_cast<Index>(k);
            for (std::size_t x = 0; x < line.size(); ++x) {
                const Cover& column = columns[x];
                double sum = 0;
                for (std::size_t j = 0; j < column.weights.size(); ++j) {
                    sum += column.weights[j] * gray(y, column.first + static_cast<Index>(j));
                }
                line[x] += row.weights[k] * sum;
            }
        }
        for (const double value : line) {
            out.push_back(static_cast<float>(std::clamp(value, 0.0, 1.0)));
        }
    }
    return Array({height, width}, out);
}

}  // namespace lx
