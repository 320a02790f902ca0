// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/figure_view.h"

#include "core/render/colormap.h"
#include "ui/plot/figure_tables.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QMenu>
#include <QMessageBox>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {

FigureView::FigureView(SessionBridge& bridge, QWidget* parent)
    : View(parent),
      m_bridge(bridge),
      m_theme(&currentTheme()),
      m_stack(new QStackedLayout(this)),
      m_label(new QLabel),
      m_button(new QPushButton(tr("Play"))) {
    m_stack->setContentsMargins(0, 0, 0, 0);
    auto* empty = new QWidget;
    empty->setAutoFillBackground(true);
    empty->setBackgroundRole(QPalette::Base);
    auto* box = new QVBoxLayout(empty);
    m_label->setAlignment(Qt::AlignCenter);
    m_label->setWordWrap(true);
    box->addStretch();
    box->addWidget(m_label);
    box->addWidget(m_button, 0, Qt::AlignCenter);
    box->addStretch();
    m_stack->addWidget(empty);
    connect(m_button, &QPushButton::clicked, this, [this] {
        const Frame* frame = m_bridge.activeFrame();
        const bool told = frame && frame->description && !frame->description->clocks.empty();
        m_bridge.post(cmd::Run{told ? frame->description->clocks.front() : Clock::Train, 0});
    });
}

void FigureView::setContent(QWidget* content) {
    m_stack->addWidget(content);
    m_stack->setCurrentIndex(0);
}

void FigureView::showContent(bool show) {
    m_stack->setCurrentIndex(show ? 1 : 0);
    if (!show) {
        const Frame* frame = m_bridge.activeFrame();
        const bool begun = frame && std::ranges::any_of(frame->snapshot->step,
                                                        [](Index step) { return step > 0; });
        m_label->setText(begun && !m_waitingText.isEmpty() ? m_waitingText : m_emptyText);
        m_button->setVisible(frame && (!begun || m_waitingText.isEmpty()) &&
                             frame->snapshot->state != RunState::Running &&
                             frame->snapshot->state != RunState::Failed);
    }
}

void FigureView::setEmptyText(const QString& text) {
    m_emptyText = text;
    m_label->setText(text);
}

void FigureView::setWaitingText(const QString& text) {
    m_waitingText = text;
}

SceneWidget::RendererSource FigureView::rendererSource() const {
    return [bridge = &m_bridge]() -> render::Renderer& { return bridge->renderer(); };
}

void FigureView::setTheme(const Theme& theme) {
    m_theme = &theme;
    m_label->setFont(theme.font(13));
    QPalette colors = m_label->palette();
    colors.setColor(QPalette::WindowText, theme.secondary);
    colors.setColor(QPalette::Base, theme.panel);
    m_label->setPalette(colors);
    m_label->parentWidget()->setPalette(colors);
}

void FigureView::paintTitled(QPainter& painter, QSizeF size,
                             const std::function<void(QPainter&, QSizeF)>& body) const {
    constexpr double kEdge = 8, kGap = 4;
    painter.fillRect(QRectF(QPointF(), size), m_theme->panel);
    const QFont font = m_theme->font(12, true);
    const double top = kEdge + QFontMetricsF(font).height() + 2 + kGap;
    painter.save();
    painter.translate(0, top);
    body(painter, {size.width(), std::max(1.0, size.height() - top)});
    painter.restore();
    painter.setFont(font);
    painter.setPen(m_theme->text);
    painter.drawText(QRectF(kEdge, kEdge, size.width() - 2 * kEdge, top - kEdge - kGap),
                     Qt::AlignLeft | Qt::AlignVCenter, title());
}

QImage FigureView::picture(QSize size, qreal pixelRatio) {
    QImage image(size * pixelRatio, QImage::Format_RGB32);
    image.fill(m_theme->panel);
    QPainter painter(&image);
    painter.scale(pixelRatio, pixelRatio);
    paintTo(painter, QSizeF(size), pixelRatio);
    painter.end();
    image.setDevicePixelRatio(pixelRatio);
    return image;
}

void FigureView::fillMenu(QMenu& menu) {
    fillSettings(menu);
    if (!menu.isEmpty()) {
        menu.addSeparator();
    }
    menu.addAction(tr("Export figure…"), this, &FigureView::exportDialog);
    menu.addAction(tr("Copy picture"), this, &FigureView::copyPicture);
    menu.addSeparator();
    menu.addAction(tr("What is this?"), this, [this] {
        auto* box =
            new QMessageBox(QMessageBox::NoIcon, title(), explanation(), QMessageBox::Ok, window());
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->setTextFormat(Qt::PlainText);
        box->open();
    });
}

std::vector<DataTable> FigureView::tables() const {
    const SceneWidget* shown = scene();
    return shown ? tablesOf(shown->figure()) : std::vector<DataTable>();
}

QJsonObject FigureView::state() const {
    QJsonObject out;
    if (const SceneWidget* shown = scene()) {
        if (const QJsonArray parts = toJson(shown->figure().choices); !parts.isEmpty()) {
            out[QStringLiteral("layers")] = parts;
        }
    }
    if (m_linked) {
        out[QStringLiteral("linked")] = true;
    }
    return out;
}

void FigureView::restore(const QJsonObject& state) {
    if (SceneWidget* shown = scene()) {
        shown->setChoices(partsFromJson(state.value(QStringLiteral("layers")).toArray()));
    }
    setCameraLinked(state.value(QStringLiteral("linked")).toBool());
}

void FigureView::setCameraLinked(bool linked) {
    if (linked != m_linked) {
        m_linked = linked;
        Q_EMIT cameraLinkChanged();
    }
}

void FigureView::exportDialog() {
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Export figure"), QStringLiteral("figure.png"),
                                     tr("Pictures (*.png *.svg *.pdf)"));
    if (path.isEmpty()) {
        return;
    }
    try {
        exportView(*this, path, {.size = QSizeF(size()), .title = title()});
    } catch (const Error& error) {
        QMessageBox::warning(this, tr("Export figure"), QString::fromUtf8(error.what()));
    }
}

void FigureView::copyPicture() {
    QImage image = picture(size(), 2);
    image.setDevicePixelRatio(1);
    QApplication::clipboard()->setImage(image);
}

void exportView(View& view, const QString& path, const ExportOptions& options) {
    if (auto* exportable = dynamic_cast<Exportable*>(&view)) {
        exportFigure(
            path,
            [exportable](QPainter& painter, QSizeF extent, double scale) {
                exportable->paintTo(painter, extent, scale);
            },
            options);
        return;
    }
    exportFigure(
        path,
        [&view](QPainter& painter, QSizeF extent, double scale) {
            painter.drawImage(QRectF(QPointF(), extent), view.picture(extent.toSize(), scale));
        },
        options);
}

Array planeOf(const Array& points, Index horizontal, Index vertical) {
    if (!points.defined() || points.dtype() != DType::F32 || points.shape().size() != 2 ||
        points.dim(1) < 1) {
        return {};
    }
    const Index count = points.dim(0), d = points.dim(1);
    if (d == 2 && horizontal == 0 && vertical == 1) {
        return points;
    }
    const auto values = points.values<float>();
    std::vector<float> xy(static_cast<std::size_t>(2 * count));
    for (Index n = 0; n < count; ++n) {
        const auto row = static_cast<std::size_t>(n * d);
        const auto at = static_cast<std::size_t>(2 * n);
        xy[at] = values[row + static_cast<std::size_t>(std::min(horizontal, d - 1))];
        // The golden ratio spreads a single coordinate evenly over [-1/2, 1/2].
        const double turn = static_cast<double>(n) * 0.6180339887498949;
        xy[at + 1] = d > 1 ? values[row + static_cast<std::size_t>(std::min(vertical, d - 1))]
                           : static_cast<float>(turn - std::floor(turn) - 0.5);
    }
    return {{count, 2}, xy};
}

std::optional<render::Rect> boundsOf(const Array& xy, double outside, double margin) {
    if (!xy.defined() || xy.shape().size() != 2 || xy.dim(1) != 2) {
        return {};
    }
    const auto values = xy.values<float>();
    double range[2][2];
    for (std::size_t axis = 0; axis < 2; ++axis) {
        std::vector<float> sorted;
        sorted.reserve(values.size() / 2);
        for (std::size_t i = axis; i < values.size(); i += 2) {
            if (std::isfinite(values[i])) {
                sorted.push_back(values[i]);
            }
        }
        if (sorted.empty()) {
            return {};
        }
        const auto cut = static_cast<std::ptrdiff_t>(outside * static_cast<double>(sorted.size()));
        std::nth_element(sorted.begin(), sorted.begin() + cut, sorted.end());
        range[axis][0] = sorted[static_cast<std::size_t>(cut)];
        std::nth_element(sorted.begin(), sorted.end() - 1 - cut, sorted.end());
        range[axis][1] = *(sorted.end() - 1 - cut);
        const double pad = std::max(margin * (range[axis][1] - range[axis][0]), 1e-3);
        range[axis][0] -= pad;
        range[axis][1] += pad;
    }
    return render::Rect{range[0][0], range[1][0], range[0][1], range[1][1]};
}

QColor classColor(const Theme& theme, Index label) {
    return theme.category(label);
}

render::Marker classMarker(Index label) {
    return Theme::marker(label + 4 * (label / 8));
}

QString className(const Frame& frame, Index label) {
    if (frame.description && label >= 0 &&
        label < static_cast<Index>(frame.description->classNames.size())) {
        return QString::fromStdString(
            frame.description->classNames[static_cast<std::size_t>(label)]);
    }
    return QStringLiteral("class %1").arg(label);
}

QImage tileImage(const Array& images, Index index, const Theme& theme) {
    if (!images.defined() || images.dtype() != DType::F32 || images.shape().size() != 3 ||
        index < 0 || index >= images.dim(0)) {
        return {};
    }
    const auto table = render::table(theme.ink());
    const Index height = images.dim(1), width = images.dim(2);
    const auto values = images.values<float>().subspan(
        static_cast<std::size_t>(index * height * width), static_cast<std::size_t>(height * width));
    QImage out(static_cast<int>(width), static_cast<int>(height), QImage::Format_RGB32);
    for (Index y = 0; y < height; ++y) {
        auto* line = reinterpret_cast<QRgb*>(out.scanLine(static_cast<int>(y)));
        for (Index x = 0; x < width; ++x) {
            const float v = values[static_cast<std::size_t>(y * width + x)];
            const float level = v > 0 ? std::min(v, 1.0F) : 0.0F;  // also for not-a-number
            const std::uint32_t word = table[static_cast<std::size_t>(level * 255 + 0.5F)];
            line[x] = qRgb(word & 255, (word >> 8) & 255, (word >> 16) & 255);
        }
    }
    return out;
}

}  // namespace lx::ui
