// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/numbers.h"
#include "ui/views/figure_view.h"
#include "ui/views/selection_panel.h"
#include "ui/views/tile_grid.h"

#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {
namespace {

/// More would be smaller than a look can tell apart.
constexpr std::size_t kMostImages = 200;

/// Rows of a batch [N, H, W] as a batch of their own.
Array rowsOf(const Array& images, const std::vector<Index>& rows) {
    const auto size = static_cast<std::size_t>(images.dim(1) * images.dim(2));
    const auto values = images.values<float>();
    std::vector<float> out;
    out.reserve(rows.size() * size);
    for (const Index row : rows) {
        const auto one = values.subspan(static_cast<std::size_t>(row) * size, size);
        out.insert(out.end(), one.begin(), one.end());
    }
    return {{static_cast<Index>(rows.size()), images.dim(1), images.dim(2)}, out};
}

}  // namespace

SelectionGrid::SelectionGrid(SessionBridge& bridge, QWidget* parent)
    : QDialog(parent),
      m_bridge(bridge),
      m_theme(&currentTheme()),
      m_tiles(new TileGrid),
      m_note(new QLabel),
      m_probe(new LatestProbe(bridge, "probe.selection", this)) {
    setWindowTitle(tr("Selected data"));
    resize(760, 560);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tiles, 1);
    m_note->setContentsMargins(8, 4, 8, 6);
    m_note->setProperty("quiet", true);
    column->addWidget(m_note);
    m_tiles->setRowNames({tr("original"), tr("decoded"), tr("row")});
    m_tiles->setAccessibleName(tr("Selected data and their reconstructions"));
    m_bridge.observe(this,
                     {QStringLiteral("data"), QStringLiteral("codes"), QStringLiteral("labels")});
    connect(&bridge.explore(), &ExploreState::selectionChanged, this, &SelectionGrid::refresh);
    connect(&bridge, &SessionBridge::snapshotChanged, this, &SelectionGrid::refresh);
    connect(m_probe, &LatestProbe::answered, this, &SelectionGrid::take);
    refresh();
}

void SelectionGrid::setTheme(const Theme& theme) {
    m_theme = &theme;
    m_tiles->setTheme(theme);
    rebuild();
}

void SelectionGrid::refresh() {
    const Frame* frame = m_bridge.activeFrame();
    const auto selection = m_bridge.explore().selection();
    const Array* images = frame ? channel(*frame, "data") : nullptr;
    std::vector<Index> rows;
    if (images && images->dtype() == DType::F32 && images->shape().size() == 3 &&
        appliesTo(*selection, *frame)) {
        for (const Index row : selection->rows) {
            if (row < images->dim(0) && rows.size() < kMostImages) {
                rows.push_back(row);
            }
        }
    }
    const Index step = frame ? frame->snapshot->step[0] : 0;
    const bool others = rows != m_rows;
    if (others) {
        m_probe->drop();  // its answer belongs to other rows
    }
    if (!others && step == m_step) {
        return;
    }
    if (!rows.empty() && (others || !m_probe->busy())) {
        m_step = step;
        m_asked = rows;
        m_probe->ask("encode", {}, {{"x", rowsOf(*images, rows)}});
    }
    if (others) {
        m_rows = std::move(rows);
        m_data = images && !m_rows.empty() ? *images : Array();
        m_note->setText(m_rows.empty()
                            ? tr("Nothing is selected: draw around codes with the Select tool.")
                        : m_rows.size() < selection->rows.size()
                            ? tr("The first %1 of %2 selected rows.")
                                  .arg(formatInteger(static_cast<Index>(m_rows.size())),
                                       formatInteger(static_cast<Index>(selection->rows.size())))
                            : selectionText(*selection, frame));
        rebuild();
    }
}

void SelectionGrid::take(const State& answer) {
    const auto x = answer.find("x");
    if (x == answer.end() || x->second.dtype() != DType::F32 || x->second.shape().size() != 3 ||
        x->second.dim(0) != static_cast<Index>(m_asked.size())) {
        return;  // the answer to an older question
    }
    m_back = x->second;
    m_backRows = m_asked;
    rebuild();
}

void SelectionGrid::rebuild() {
    const Frame* frame = m_bridge.activeFrame();
    const auto selection = m_bridge.explore().selection();
    std::vector<TileGrid::Tile> tiles;
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const Index row = m_rows[i];
        TileGrid::Tile tile{tileImage(m_data, row, *m_theme), {}, formatInteger(row), {}};
        const auto back = std::ranges::lower_bound(m_backRows, row);
        if (back != m_backRows.end() && *back == row) {
            tile.lower = tileImage(m_back, back - m_backRows.begin(), *m_theme);
        }
        if (frame && selection->labels.defined() && row < selection->labels.count()) {
            tile.tip =
                className(*frame, selection->labels.values<Index>()[static_cast<std::size_t>(row)]);
        }
        tiles.push_back(std::move(tile));
    }
    m_tiles->setWanted(static_cast<int>(tiles.size()));
    m_tiles->setTiles(std::move(tiles));
}

}  // namespace lx::ui
