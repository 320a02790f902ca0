// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/image_folder.h"

#include <algorithm>

namespace lx {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxPictureFile = std::uint64_t{256} << 20;
constexpr std::size_t kMaxClasses = 10'000;

bool hasImageSuffix(const fs::path& path) {
    std::string suffix = path.extension().string();
    for (char& c : suffix) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg";
}

struct Listing {
    std::vector<std::string> images, folders;  // names in byte order
};

Listing list(const fs::path& folder, std::size_t maxImages) {
    Listing listing;
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        const std::string name = entries->path().filename().string();
        std::error_code ignored;
        const auto status = entries->symlink_status(ignored);
        if (fs::is_directory(status) && !name.starts_with('.')) {
            listing.folders.push_back(name);
        } else if (fs::is_regular_file(status) && hasImageSuffix(entries->path())) {
            listing.images.push_back(name);
        }
        if (listing.images.size() > maxImages || listing.folders.size() > kMaxClasses) {
            throw InputError(folder.string(), "",
                             "holds more than " + std::to_string(maxImages) +
                                 " pictures or 10000 sub-folders; take a part of it");
        }
    }
    if (error) {
        throw InputError(folder.string(), "",
                         "cannot be listed: " + error.message() +
                             "; check the path and its "
                             "permissions");
    }
    std::sort(listing.images.begin(), listing.images.end());
    std::sort(listing.folders.begin(), listing.folders.end());
    return listing;
}

}  // namespace

ImageFolderPreview previewImageFolder(const fs::path& folder, Index maxImages) {
    const auto limit = static_cast<std::size_t>(std::max<Index>(maxImages, 0));
    ImageFolderPreview preview;
    Listing top = list(folder, limit);
    for (const std::string& name : top.folders) {
        const Listing inside = list(folder / name, limit - preview.files.size());
        if (inside.images.empty()) {
            continue;
        }
        preview.classNames.push_back(name);
        preview.perClass.push_back(static_cast<Index>(inside.images.size()));
        for (const std::string& file : inside.images) {
            preview.files.push_back((fs::path(name) / file).string());
        }
    }
    if (!top.images.empty() && !preview.files.empty()) {
        throw InputError(folder.string(), "",
                         "has pictures both in itself and in sub-folders, so classes are unclear; "
                         "move either away");
    }
    if (preview.files.empty()) {
        preview.files = std::move(top.images);
    }
    if (preview.files.empty()) {
        throw InputError(folder.string(), "",
                         "holds no .png or .jpg file, nor does any sub-folder");
    }
    preview.images = static_cast<Index>(preview.files.size());
    return preview;
}

ImageFolder readImageFolder(const fs::path& folder, const ImageFolderOptions& options) {
    if (options.side < 1 || options.side > 1024) {
        throw UsageError("pictures of a folder are scaled to between 1 and 1024 pixels a side");
    }
    ImageFolderPreview preview = previewImageFolder(folder, options.maxImages);
    const Index area = options.side * options.side;
    if (static_cast<std::uint64_t>(preview.images * area) * sizeof(float) > kMaxFileBytes) {
        throw InputError(folder.string(), "",
                         std::to_string(preview.images) + " pictures of side " +
                             std::to_string(options.side) +
                             " take more than 2 GiB; choose a smaller side");
    }
    const ImageDecoder decode = options.decode ? options.decode : ImageDecoder(decodeImage);
    std::vector<float> pixels;
    for (const std::string& file : preview.files) {
        const fs::path path = folder / file;
        const Image8 image = decode(readFile(path, kMaxPictureFile), path.string());
        const Array gray = toGray(image, options.side, options.side);
        const auto values = gray.values<float>();
        pixels.insert(pixels.end(), values.begin(), values.end());
    }
    ImageFolder result;
    result.images = Array({preview.images, options.side, options.side}, pixels);
    if (!preview.classNames.empty()) {
        std::vector<Index> labels;
        for (std::size_t i = 0; i < preview.perClass.size(); ++i) {
            labels.insert(labels.end(), static_cast<std::size_t>(preview.perClass[i]),
                          static_cast<Index>(i));
        }
        result.labels = Array({preview.images}, labels);
    }
    result.classNames = std::move(preview.classNames);
    result.files = std::move(preview.files);
    return result;
}

}  // namespace lx
