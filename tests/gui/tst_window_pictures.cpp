// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the whole window for a person to look at, and what can be checked of them by
// arithmetic: nothing stands outside its parent, no label is cut.
#include "tests/gui/window_harness.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/theme.h"

#include <QAction>
#include <QDir>
#include <QLabel>
#include <QPushButton>
#include <QTest>
#include <QToolButton>

using namespace lx;

namespace {

bool shows(const ui::SessionBridge& bridge, Index step) {
    const ui::Frame* frame = bridge.activeFrame();
    return frame && frame->snapshot->step[0] >= step;
}

/// The line of text that a button or a label shows; empty when none, or when it may break.
QString lineOf(const QWidget& widget) {
    if (const auto* button = qobject_cast<const QAbstractButton*>(&widget)) {
        const auto* tool = qobject_cast<const QToolButton*>(&widget);
        const bool iconOnly =
            tool && tool->toolButtonStyle() == Qt::ToolButtonIconOnly && !tool->icon().isNull();
        return iconOnly || button->objectName() == QStringLiteral("card") ? QString()
                                                                          : button->text();
    }
    const auto* label = qobject_cast<const QLabel*>(&widget);
    return !label || label->wordWrap() || label->textFormat() == Qt::RichText ? QString()
                                                                              : label->text();
}

/// Buttons and labels of `window` whose text does not fit, that reach beyond the window, or that
/// stand over a neighbour.
QStringList clipped(const QWidget& window) {
    QStringList out;
    for (const QWidget* widget : window.findChildren<QWidget*>()) {
        const QString text = lineOf(*widget);
        if (!widget->isVisible() || !widget->parentWidget() || text.isEmpty()) {
            continue;
        }
        const int needed = widget->fontMetrics().horizontalAdvance(text);
        const int height = widget->fontMetrics().ascent();
        const QRect inWindow(widget->mapTo(&window, QPoint(0, 0)), widget->size());
        if (needed > widget->width() || height > widget->height() || inWindow.left() < 0 ||
            inWindow.right() > window.width()) {
            out << QStringLiteral("%1 “%2” needs %3 x %4, has %5 x %6, right edge %7 of %8")
                       .arg(widget->objectName(), text)
                       .arg(needed)
                       .arg(height)
                       .arg(widget->width())
                       .arg(widget->height())
                       .arg(inWindow.right())
                       .arg(window.width());
        }
        for (const QObject* sibling : widget->parentWidget()->children()) {
            const auto* other = qobject_cast<const QWidget*>(sibling);
            if (other && other > widget && other->isVisible() && !lineOf(*other).isEmpty() &&
                other->geometry().intersects(widget->geometry())) {
                out << QStringLiteral("“%1” stands over “%2”").arg(text, lineOf(*other));
            }
        }
    }
    return out;
}

}  // namespace

class TestWindowPictures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void picture_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<int>("percent");
        for (const QSize size : {QSize(1440, 900), QSize(1024, 640), QSize(1920, 1080)}) {
            for (const bool dark : {false, true}) {
                QTest::addRow("%dx%d-%s", size.width(), size.height(), dark ? "dark" : "light")
                    << size << dark << 100;
            }
        }
        for (const int percent : {80, 150, 200, 250}) {
            QTest::addRow("1440x900-type-%d", percent) << QSize(1440, 900) << false << percent;
            QTest::addRow("1024x640-type-%d", percent) << QSize(1024, 640) << true << percent;
        }
    }
    void picture() {
        QFETCH(QSize, size);
        QFETCH(bool, dark);
        QFETCH(int, percent);
        test::WindowHarness harness;
        ui::MainWindow& window =
            harness.open({false, false, dark ? ui::ThemeKind::Dark : ui::ThemeKind::Light});
        window.resize(size);
        window.findChild<QAction*>(QStringLiteral("type.%1").arg(percent))->trigger();
        ui::SessionBridge& bridge = window.bridge();
        QTRY_VERIFY(bridge.activeFrame() && bridge.activeFrame()->description);
        bridge.post(cmd::Run{Clock::Train, 2340});
        QTRY_VERIFY_WITH_TIMEOUT(shows(bridge, 1200), 30000);
        bridge.explore().setCursor({0.55F, -1.15F});
        bridge.explore().addBookmark({QStringLiteral("sleeve appears"), {0.1F, 0.2F}});
        QTRY_VERIFY_WITH_TIMEOUT(shows(bridge, 2340), 30000);
        QTest::qWait(700);
        const QString folder = QStringLiteral(LX_BINARY_DIR "/pictures");
        QDir().mkpath(folder);
        const QString file = QStringLiteral("%1/window-%2.png")
                                 .arg(folder, QString::fromLatin1(QTest::currentDataTag()));
        QVERIFY(window.grab().save(file));
        qInfo("%s", qPrintable(file));
        QCOMPARE(window.size(), size);
        const QStringList cut = clipped(window);
        QVERIFY2(cut.isEmpty(), qPrintable(cut.join(QLatin1Char('\n'))));
    }
    void cleanup() {
        ui::setFontScale(1);
        ui::applyTheme(ui::themeOf(ui::ThemeKind::Light));
    }

    void aCutLabelIsNoticed() {
        QWidget window;
        auto* label = new QLabel(QStringLiteral("a sentence that needs more room"), &window);
        label->setGeometry(0, 0, 20, 20);
        window.resize(400, 100);
        window.show();
        QCOMPARE(clipped(window).size(), 1);
        label->setGeometry(0, 0, 380, 20);
        auto* over = new QLabel(QStringLiteral("over it"), &window);
        over->setGeometry(300, 5, 90, 20);
        over->show();
        QCOMPARE(clipped(window).size(), 1);
        over->setGeometry(0, 40, 90, 20);
        QCOMPARE(clipped(window).size(), 0);
    }
};

QTEST_MAIN(TestWindowPictures)
#include "tst_window_pictures.moc"
