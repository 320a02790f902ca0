// SPDX-License-Identifier: GPL-3.0-or-later
// All numbers of all variables: sorted, copied, and cheap with ten thousand rows.
#include "ui/views/estimates_view.h"

#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/views/chain_channels.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QShortcut>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace lx::ui {
namespace {

constexpr double kRhatLimit = 1.01;
constexpr int kRhat = 7;
constexpr int kMostWidthRows = 200;

}  // namespace

EstimatesModel::EstimatesModel(QObject* parent) : QAbstractTableModel(parent) {}

const QStringList& EstimatesModel::headers() {
    static const QStringList all{tr("variable"), tr("mean"),     tr("median"),    tr("sd"),
                                 tr("mad"),      tr("5 %"),      tr("95 %"),      tr("R-hat"),
                                 tr("ESS bulk"), tr("ESS tail"), tr("MCSE mean"), tr("MCSE sd")};
    return all;
}

void EstimatesModel::setEstimates(const Array& values, const QStringList& names) {
    const bool sameRows = values.defined() && std::ssize(m_order) == values.dim(0);
    if (!sameRows) {
        beginResetModel();
    }
    m_values = values;
    m_names = names;
    if (!sameRows) {
        m_order.resize(values.defined() ? static_cast<std::size_t>(values.dim(0)) : 0);
        std::iota(m_order.begin(), m_order.end(), Index{0});
        endResetModel();
    }
    order();
}

float EstimatesModel::value(Index variable, int column) const {
    return m_values.values<float>()[static_cast<std::size_t>(variable * kEstimates + column - 1)];
}

void EstimatesModel::sort(int column, Qt::SortOrder direction) {
    m_column = column;
    m_direction = direction;
    order();
}

void EstimatesModel::order() {
    if (m_order.empty()) {
        return;
    }
    Q_EMIT layoutAboutToBeChanged();
    std::ranges::sort(m_order);
    const bool down = m_direction == Qt::DescendingOrder;
    if (m_column == 0 && down) {
        std::ranges::reverse(m_order);
    } else if (m_column > 0) {
        std::ranges::stable_sort(m_order, [&](Index a, Index b) {
            const float x = value(a, m_column), y = value(b, m_column);
            // What does not exist comes last either way.
            return std::isnan(y) ? !std::isnan(x) : !std::isnan(x) && (down ? x > y : x < y);
        });
    }
    Q_EMIT layoutChanged();
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int EstimatesModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

int EstimatesModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(kEstimates) + 1;
}

QVariant EstimatesModel::data(const QModelIndex& at, int role) const {
    if (!at.isValid() || at.row() >= rowCount()) {
        return {};
    }
    const Index variable = m_order[static_cast<std::size_t>(at.row())];
    const bool name = at.column() == 0;
    const float v = name ? 0 : value(variable, at.column());
    const bool bad = at.column() == kRhat && v > static_cast<float>(kRhatLimit);
    switch (role) {
        case Qt::DisplayRole:
            return name            ? m_names.value(variable)
                   : std::isnan(v) ? QStringLiteral("–")
                   : std::isinf(v) ? (v > 0 ? QStringLiteral("∞") : QStringLiteral("−∞"))
                   : at.column() == kRhat
                       ? formatFixed(v, 3) + (bad ? QStringLiteral(" !") : QString())
                       : formatShort(v, 4);
        case Qt::TextAlignmentRole:
            return QVariant((name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        case Qt::ForegroundRole: return bad ? QVariant(currentTheme().error) : QVariant();
        case Qt::ToolTipRole: return std::isnan(v) && !name ? QVariant(why(variable)) : QVariant();
        default: return {};
    }
}

QString EstimatesModel::why(Index variable) const {
    if (value(variable, 3) == 0) {
        return tr("%1 is constant: fixed by the model, rounded, a discrete state that was never "
                  "left, or a chain that is stuck. It says nothing about convergence.")
            .arg(m_names.value(variable));
    }
    if (!std::isfinite(value(variable, 1))) {
        return tr("%1 is not a finite number in some draw, so nothing can be estimated.")
            .arg(m_names.value(variable));
    }
    return tr("There are too few draws for this number.");
}

QVariant EstimatesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role != Qt::DisplayRole) {
        return {};
    }
    return orientation == Qt::Horizontal ? QVariant(headers().value(section))
                                         : QVariant(section + 1);
}

QString EstimatesModel::text(const std::vector<int>& rows) const {
    QString out = headers().join(QLatin1Char('\t')) + QLatin1Char('\n');
    for (const int row : rows) {
        const Index variable = m_order[static_cast<std::size_t>(row)];
        QStringList cells{m_names.value(variable)};
        for (int column = 1; column <= kEstimates; ++column) {
            cells << exactNumber(value(variable, column));
        }
        out += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    return out;
}

void paintEstimates(QPainter& painter, QSizeF size, const EstimatesModel& model,
                    const Theme& theme) {
    constexpr double kEdge = 8, kGap = 14, kLine = 1;
    constexpr int kLargest = 12, kSmallest = 6;
    const int columns = model.columnCount(), all = model.rowCount();
    std::vector<double> widths;
    double height = 0;
    int shown = 0;
    QFont font, heading;
    // Smaller type rather than columns that are cut off.
    for (int type = kLargest; type >= kSmallest; --type) {
        font = theme.font(type);
        heading = font;
        heading.setBold(true);
        const QFontMetricsF metrics(font), bold(heading);
        height = metrics.height() + 6;
        shown = std::min(all, std::max(1, static_cast<int>((size.height() - kEdge) / height) - 1));
        shown -= shown < all ? 1 : 0;  // a line says how many more there are
        widths.assign(static_cast<std::size_t>(columns), 0);
        for (int column = 0; column < columns; ++column) {
            double& width = widths[static_cast<std::size_t>(column)];
            width = bold.horizontalAdvance(EstimatesModel::headers().value(column));
            for (int row = 0; row < shown; ++row) {
                width = std::max(
                    width, metrics.horizontalAdvance(model.index(row, column).data().toString()));
            }
        }
        if (std::accumulate(widths.begin(), widths.end(), (columns - 1) * kGap) <=
            size.width() - 2 * kEdge) {
            break;
        }
    }
    const auto paintRow = [&](double top, const auto& textOf, const auto& inkOf) {
        double x = kEdge;
        for (int column = 0; column < columns; ++column) {
            const double width = widths[static_cast<std::size_t>(column)];
            painter.setPen(inkOf(column));
            painter.drawText(QRectF(x, top, width + 1, height),
                             (column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter,
                             textOf(column));
            x += width + kGap;
        }
    };
    const double right = size.width() - kEdge;
    painter.setFont(heading);
    paintRow(
        0, [](int column) { return EstimatesModel::headers().value(column); },
        [&](int) { return theme.text; });
    painter.setPen(QPen(theme.secondary, kLine));
    painter.drawLine(QPointF(kEdge, height), QPointF(right, height));
    painter.setFont(font);
    for (int row = 0; row < shown; ++row) {
        paintRow((row + 1) * height,
                 [&](int column) { return model.index(row, column).data().toString(); },
                 [&](int column) {
                     const QVariant ink = model.index(row, column).data(Qt::ForegroundRole);
                     return ink.isValid() ? ink.value<QColor>() : theme.text;
                 });
    }
    if (shown < all) {
        painter.setPen(theme.secondary);
        painter.drawText(QRectF(kEdge, (shown + 1) * height, right - kEdge, height),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         EstimatesModel::tr("and %1 more").arg(formatInteger(all - shown)));
    } else {
        painter.setPen(QPen(theme.secondary, kLine));
        painter.drawLine(QPointF(kEdge, (shown + 1) * height),
                         QPointF(right, (shown + 1) * height));
    }
}

namespace {

class EstimatesView : public FigureView {
public:
    EstimatesView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_model(new EstimatesModel(this)), m_table(new QTableView) {
        m_table->setModel(m_model);
        m_table->setSortingEnabled(true);
        m_table->sortByColumn(-1, Qt::AscendingOrder);
        m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
        m_table->setAccessibleName(tr("Estimates of all variables"));
        m_table->verticalHeader()->hide();
        m_table->setShowGrid(false);
        m_table->setWordWrap(false);
        // Reads only the rows that are on the screen.
        m_table->horizontalHeader()->setResizeContentsPrecision(kMostWidthRows);
        m_table->horizontalHeader()->setHighlightSections(false);
        setContent(m_table);
        setEmptyText(tr("Press play: the numbers appear after some draws."));
        connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
                [this](const QModelIndex& row) {
                    if (row.isValid() && m_table->hasFocus()) {
                        this->bridge().chains().setVariable(
                            m_model->index(row.row(), 0).data().toString());
                    }
                });
        auto* copy = new QShortcut(QKeySequence::Copy, m_table);
        copy->setContext(Qt::WidgetShortcut);
        connect(copy, &QShortcut::activated, this, &EstimatesView::copyRows);
    }
    QString title() const override { return tr("Table of estimates"); }
    QStringList channels() const override { return {QStringLiteral("diagnostics")}; }
    QString explanation() const override {
        return tr(
            "All numbers of all variables: location and spread, R-hat, effective sample sizes, "
            "and Monte-Carlo standard errors, as the R package posterior defines them. Click a "
            "heading to sort, a row to show that variable on the other pages; Ctrl+C copies.\n\n"
            "An estimate is good to about its MCSE.\n\n"
            "Worry about every variable with an R-hat above 1.01 (marked !) or an ESS below 100 "
            "for each chain. A dash means that the number does not exist; its tooltip says why.");
    }
    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        const Array* values = frame ? floats(*frame, "diagnostics", 2) : nullptr;
        if (!values || values->dim(1) != kEstimates) {
            showContent(false);
            m_seen.forget();
            return;
        }
        showContent(true);
        const SeenChannels::News news = m_seen.look(*frame, {QStringLiteral("diagnostics")});
        if (news == SeenChannels::News::Nothing) {
            return;
        }
        m_model->setEstimates(*values, namesOf(*frame, "diagnostics", values->dim(0)));
        if (news == SeenChannels::News::OtherRun) {
            m_table->resizeColumnsToContents();
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_table->setFont(theme.font(12));
        m_table->verticalHeader()->setDefaultSectionSize(theme.px(22));
        m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    }
    std::vector<DataTable> tables() const override {
        const Array& values = m_model->values();
        if (!values.defined()) {
            return {};
        }
        DataTable out(title(), values.dim(0));
        out.add(
            {EstimatesModel::headers().front()}, {},
            [names = m_model->names()](Index row, Index) { return names.value(row); },
            static_cast<std::size_t>(m_model->names().size()));
        out.add(values, EstimatesModel::headers().mid(1));
        return {std::move(out)};
    }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        paintTitled(painter, size, [this](QPainter& p, QSizeF room) {
            paintEstimates(p, room, *m_model, theme());
        });
    }

protected:
    void fillSettings(QMenu& menu) override {
        menu.addAction(tr("Sort by R-hat"), this,
                       [this] { m_table->sortByColumn(kRhat, Qt::DescendingOrder); });
        menu.addAction(tr("Copy the selected rows, or all"), this, &EstimatesView::copyRows);
    }

private:
    void copyRows() {
        std::set<int> rows;
        for (const QModelIndex& at : m_table->selectionModel()->selectedRows()) {
            rows.insert(at.row());
        }
        std::vector<int> wanted(rows.begin(), rows.end());
        if (wanted.empty()) {
            wanted.resize(static_cast<std::size_t>(m_model->rowCount()));
            std::iota(wanted.begin(), wanted.end(), 0);
        }
        QApplication::clipboard()->setText(m_model->text(wanted));
    }

    EstimatesModel* m_model;
    QTableView* m_table;
    SeenChannels m_seen;
};

}  // namespace

View* makeEstimatesView(SessionBridge& bridge, QWidget* parent) {
    return new EstimatesView(bridge, parent);
}

}  // namespace lx::ui
