// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/chain_probe.h"

#include "core/io/chain_table.h"
#include "core/io/file.h"
#include "core/io/probe.h"

#include <QFileInfo>

#include <algorithm>
#include <array>

namespace lx::ui {
namespace {

constexpr std::uint64_t kPrefix = std::uint64_t{64} << 10;

bool startsWith(const Bytes& bytes, std::initializer_list<unsigned char> magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](unsigned char a, std::byte b) { return std::byte{a} == b; });
}

}  // namespace

bool looksLikeChains(const QString& path) {
    const QFileInfo info(path);
    if (!info.isFile()) {
        return false;
    }
    const std::filesystem::path file(path.toStdString());
    try {
        Bytes bytes = readPrefix(file, kPrefix);
        // NetCDF 4 is HDF5; the classic format begins with its own letters.
        if (startsWith(bytes, {0x89, 'H', 'D', 'F'}) || startsWith(bytes, {'C', 'D', 'F'})) {
            return true;
        }
        const FileKind kind = probeFile(file).kind;
        if (kind == FileKind::Npy || kind == FileKind::Npz) {
            const QString name = info.fileName().toLower();
            return name.contains(QLatin1String("chain")) || name.contains(QLatin1String("draws"));
        }
        if (isGzip(bytes)) {
            bytes = gunzipPrefix(bytes, path.toStdString(), kPrefix);
        } else if (kind != FileKind::Csv && kind != FileKind::Unknown) {
            return false;
        }
        ChainTable table(path.toStdString());
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        table.feed(text.substr(0, text.rfind('\n') + 1));
        static constexpr std::array<std::string_view, 4> kNumbers{"chain", ".chain", "chain_id",
                                                                  ".draw"};
        return table.cmdStan() || table.internals() ||
               std::ranges::any_of(table.columns(), [](const std::string& column) {
                   return std::ranges::find(kNumbers, column) != kNumbers.end();
               });
    } catch (const std::exception&) {
        return false;  // whatever it is, it is opened as before and told about there
    }
}

}  // namespace lx::ui
