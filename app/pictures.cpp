// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of views and of the window for the command line, painted offscreen by the code that
// paints the screen.
#include "app/films.h"
#include "app/offscreen.h"
#include "app/start_time.h"
#include "core/io/file.h"
#include "core/render/bench.h"
#include "core/render/renderer.h"
#include "ui/shell/theme.h"
#include "ui/shell/view_host.h"
#include "ui/views/figure_view.h"

#include <QBuffer>
#include <QImage>
#include <QPainter>

#include <algorithm>

namespace lx::app {
namespace {

constexpr int kChannelsMs = 60'000;  // evaluating a channel may take many steps' time
void savePicture(QImage picture, const cli::Texts& texts, const std::filesystem::path& file) {
    for (const auto& [key, text] : texts) {
        picture.setText(QString::fromStdString(key), QString::fromStdString(text));
    }
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!picture.save(&buffer, "PNG")) {
        throw Error(file.string() + ": the picture is too large; choose a smaller --size or --dpi");
    }
    writeFileAtomically(file,
                        std::as_bytes(std::span(bytes.constData(), std::size_t(bytes.size()))));
}

std::vector<std::filesystem::path> paintFigures(Program& program, const std::stop_token& stop,
                                                const cli::FigureRequest& request) {
    requireApplication(program);
    const ui::Theme& theme = ui::themeOf(request.dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light);
    ui::applyTheme(theme);
    ui::SessionBridge bridge;
    bridge.setRendererFactory(rendererFactory(program));
    bridge.setUnhurried(true);
    bridge.addRun(replayed(request.session, request.series), QString::fromStdString(request.title));
    bridge.poll();
    const auto description = request.session->description();
    const QSize size(request.width, request.height);
    std::vector<std::filesystem::path> files;
    for (const ui::ViewSpec& spec : ui::viewSpecs()) {
        const std::string id = spec.id.toStdString();
        // A comparison has nothing to show of a single run.
        const bool wanted = request.views.empty()
                                ? !spec.compared
                                : std::ranges::find(request.views, id) != request.views.end();
        if (!wanted || !description || !ui::fits(spec, *description)) {
            continue;
        }
        ui::ViewHost host(spec, bridge, false);
        host.setTheme(theme);
        host.resize(size);
        host.show();
        // A view may ask for more than this run declares (labels of data that have none).
        QStringList channels = host.view()->channels();
        channels.removeIf([&](const QString& channel) {
            return std::ranges::none_of(description->channels, [&](const ChannelDecl& decl) {
                return decl.id == channel.toStdString();
            });
        });
        // A run need not have at every moment what it declares (the modes of a target with one).
        std::vector<std::string> names;
        for (const QString& channel : channels) {
            names.push_back(channel.toStdString());
        }
        const auto have = request.session->exportChannels(names, stop, Detail::Screen);
        const auto there = [&] {
            const ui::Frame* frame = bridge.activeFrame();
            return frame != nullptr && std::ranges::all_of(have, [&](const auto& channel) {
                       return ui::channel(*frame, channel.first) != nullptr;
                   });
        };
        pumpUntil(there, kChannelsMs, stop);
        host.view()->fit();
        settle(bridge, stop);
        if (stop.stop_requested()) {
            break;
        }
        const auto* figure = dynamic_cast<const ui::FigureView*>(host.view());
        if (figure != nullptr && !figure->showsContent()) {
            // What a run declares need not come: the modes of a target that has none.
            if (!request.views.empty()) {
                throw Error("shot: '" + id + "' has nothing to show of this run after so many " +
                            "steps; choose more --steps or another --view");
            }
            continue;
        }
        files.push_back(request.file(id));
        ui::ExportOptions options{.size = QSizeF(size), .dpi = request.dpi, .title = {}};
        options.title = QString::fromStdString(request.title);
        options.texts = request.texts;
        ui::exportView(*host.view(), QString::fromStdString(files.back().string()), options);
    }
    return files;
}

std::vector<std::filesystem::path> paintWindow(Program& program, const std::stop_token& stop,
                                               const cli::WindowRequest& request) {
    OffscreenWindow window(program, request);
    if (!window.runTo(request.steps, stop)) {
        return {};
    }
    savePicture(window.picture(), request.texts, request.file);
    return {request.file};
}

constexpr int kSheetCell = 640, kSheetColumns = 5, kSheetMargin = 24;
constexpr int kSheetCaption = 26, kSheetHeading = 48;
constexpr int kSheetWidth = kSheetMargin + kSheetColumns * (kSheetCell + kSheetMargin);
constexpr int kSheetRow = kSheetCell * 3 / 4 + kSheetCaption;
constexpr double kSheetPage = 1.414;  ///< height by width of a sheet of paper

int heightOf(const cli::SheetRequest::Group& group) {
    const int rows = (int(group.pictures.size()) + kSheetColumns - 1) / kSheetColumns;
    return kSheetHeading + rows * kSheetRow + kSheetMargin;
}

/// Groups that share a page; one that is higher than a page has its own.
std::vector<std::span<const cli::SheetRequest::Group>> pagesOf(const cli::SheetRequest& request) {
    std::vector<std::span<const cli::SheetRequest::Group>> pages;
    const std::span all(request.groups);
    std::size_t first = 0;
    int height = kSheetMargin;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i > first && height + heightOf(all[i]) > int(kSheetPage * kSheetWidth)) {
            pages.push_back(all.subspan(first, i - first));
            first = i;
            height = kSheetMargin;
        }
        height += heightOf(all[i]);
    }
    pages.push_back(all.subspan(first));
    return pages;
}

/// The pictures of a group under its title, rows of them; returns where the next group begins.
int paintGroup(QPainter& painter, const cli::SheetRequest::Group& group, int y) {
    const ui::Theme& theme = ui::currentTheme();
    const int cellHeight = kSheetRow - kSheetCaption;
    painter.setPen(theme.text);
    painter.setFont(theme.font(18, true));
    painter.drawText(QRect(kSheetMargin, y, kSheetWidth - 2 * kSheetMargin, kSheetHeading - 8),
                     Qt::AlignLeft | Qt::AlignVCenter, QString::fromStdString(group.title));
    painter.setPen(theme.border);
    painter.drawLine(kSheetMargin, y + kSheetHeading - 8, kSheetWidth - kSheetMargin,
                     y + kSheetHeading - 8);
    int column = 0, top = y + kSheetHeading;
    for (const auto& [file, caption] : group.pictures) {
        const QImage picture(QString::fromStdString(file.string()));
        const QRect cell(kSheetMargin + column * (kSheetCell + kSheetMargin), top, kSheetCell,
                         cellHeight);
        const QSize size = picture.size().scaled(cell.size(), Qt::KeepAspectRatio);
        QRect at(QPoint(), size);
        at.moveCenter(cell.center());
        painter.drawImage(at,
                          picture.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
        if (!caption.empty()) {
            painter.setPen(theme.border);
            painter.drawRect(at.adjusted(-1, -1, 0, 0));
            painter.setPen(theme.secondary);
            painter.setFont(theme.font(12));
            painter.drawText(QRect(at.left(), at.bottom() + 1, at.width(), kSheetCaption),
                             Qt::AlignHCenter | Qt::AlignVCenter, QString::fromStdString(caption));
        }
        if (++column == kSheetColumns) {
            column = 0;
            top += kSheetRow;
        }
    }
    return y + heightOf(group);
}

/// Thumbnails in which the type of the figures can be read, on as many pages as they need:
/// NAME.png, or NAME-1.png and so on.
std::vector<std::filesystem::path> paintSheet(const Program& program,
                                              const cli::SheetRequest& request) {
    requireApplication(program);
    const ui::Theme& theme = ui::themeOf(request.dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light);
    ui::applyTheme(theme);
    std::vector<std::filesystem::path> files;
    const auto pages = pagesOf(request);
    for (std::size_t i = 0; i < pages.size(); ++i) {
        int height = kSheetMargin;
        for (const auto& group : pages[i]) {
            height += heightOf(group);
        }
        QImage sheet(kSheetWidth, height, QImage::Format_RGB32);
        sheet.fill(theme.panel);
        QPainter painter(&sheet);
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        int y = kSheetMargin;
        for (const auto& group : pages[i]) {
            y = paintGroup(painter, group, y);
        }
        painter.end();
        files.push_back(request.file);
        if (pages.size() > 1) {
            files.back().replace_filename(request.file.stem().string() + "-" +
                                          std::to_string(i + 1) +
                                          request.file.extension().string());
        }
        savePicture(sheet, {}, files.back());
    }
    return files;
}

}  // namespace

void addPictures(Program& program, cli::Host& host) {
    for (const ui::ViewSpec& spec : ui::viewSpecs()) {
        cli::ViewInfo info{spec.id.toStdString(), spec.title.toStdString(), {}};
        for (const QString& kind : spec.channelKinds) {
            info.channelKinds.push_back(kind.toStdString());
        }
        host.views.push_back(std::move(info));
    }
    host.paintFigures = [&program, stop = host.interrupt](const cli::FigureRequest& request) {
        return paintFigures(program, stop, request);
    };
    host.paintWindow = [&program, stop = host.interrupt](const cli::WindowRequest& request) {
        return paintWindow(program, stop, request);
    };
    host.paintSheet = [&program](const cli::SheetRequest& request) {
        return paintSheet(program, request);
    };
    host.paintMovie = [&program, stop = host.interrupt](const cli::MovieRequest& request) {
        return paintMovie(program, stop, request);
    };
    for (const auto& names : {startBenchNames(), render::benchNames()}) {
        host.benchNames.insert(host.benchNames.end(), names.begin(), names.end());
    }
    host.bench = [log = program.log(), others = host.bench](std::span<const std::string> names,
                                                            int threads) {
        auto rows = others(names, threads);
        const auto chosen = [&](std::string_view head) {
            std::vector<std::string> out;
            std::ranges::copy_if(names, std::back_inserter(out),
                                 [&](const std::string& name) { return name.starts_with(head); });
            return out;
        };
        if (const auto starting = chosen("start."); !starting.empty()) {
            const auto more = startBench(starting);
            rows.insert(rows.end(), more.begin(), more.end());
        }
        const auto drawing = chosen("render.");
        if (drawing.empty()) {
            return rows;
        }
        const auto renderer = render::Renderer::create({.log = log});
        for (const render::BenchRow& row : render::bench(*renderer, drawing)) {
            rows.push_back({row.name, row.value, row.unit});
        }
        return rows;
    };
    host.drawnBy = [] { return render::Renderer::create({})->info().device; };
}

}  // namespace lx::app
