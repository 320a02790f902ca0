// SPDX-License-Identifier: GPL-3.0-or-later
// Figures and films from the window. Both dialogs stay open beside it; nothing waits for them.
#pragma once

#include "ui/shell/app_services.h"
#include "ui/shell/film.h"

#include <QDialog>
#include <QPointer>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace lx::ui {

class RunBook;
class View;

/// A view that is on the screen.
struct ShownView {
    QString id, title;
    QPointer<View> view;
};

/// What goes into a figure and how.
struct FigureChoice {
    std::vector<View*> views;  ///< side by side; empty: the whole window
    QSize size;                ///< logical pixels of the whole figure
    double dpi = 192;
    bool titles = true;
    QString path;
    std::map<std::string, std::string> texts;  ///< stored in a PNG
};

/// Writes views side by side, or `window` when none is chosen. Throws lx::Error.
void writeFigure(const FigureChoice&, QWidget* window);

class FigureDialog : public QDialog {
    Q_OBJECT
public:
    FigureDialog(std::vector<ShownView> views, const QString& chosen, QWidget* window);
    /// Called with the choice; throws lx::Error, which the dialog shows.
    std::function<void(const FigureChoice&)> onExport;

private:
    void accept() override;

    std::vector<ShownView> m_views;
    QListWidget* m_list;
    QSpinBox *m_width, *m_height, *m_dpi;
    QLineEdit* m_path;
    QLabel* m_problem;
};

/// Films a run of its own, with the recipe, parameters and seed of the active run, so the run on
/// screen goes on.
class MovieDialog : public QDialog {
    Q_OBJECT
public:
    MovieDialog(AppServices&, SessionBridge&, RunBook&, std::vector<ShownView> views,
                const QString& chosen, QWidget* window);

    /// The step, camera and live numbers of the active run as they are now.
    void addKeyFrame();
    const std::vector<KeyFrame>& keyFrames() const { return m_keys; }
    /// The film that the fields describe. Throws lx::Error.
    FilmPlan plan() const;
    bool filming() const { return m_maker != nullptr; }
    void start();
    std::function<std::map<std::string, std::string>(Index step)> texts;

Q_SIGNALS:
    /// `problem` is empty when the film was written.
    void filmed(const QString& problem);

private:
    void showKeys();
    const ShownView* chosen() const;
    void toIdle(const QString& message);

    AppServices& m_services;
    SessionBridge& m_bridge;
    RunBook& m_book;
    std::vector<ShownView> m_views;
    std::vector<KeyFrame> m_keys;
    QComboBox* m_view;
    QSpinBox *m_first, *m_last, *m_every, *m_width, *m_height;
    QDoubleSpinBox* m_fps;
    QLineEdit* m_path;
    QTableWidget* m_table;
    QProgressBar* m_progress;
    QLabel* m_message;
    QPushButton *m_start, *m_stop;
    std::unique_ptr<FilmMaker> m_maker;
};

}  // namespace lx::ui
