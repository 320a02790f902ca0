// SPDX-License-Identifier: GPL-3.0-or-later
// Views on runs under the test's hand: codes in known places, the mouse in pixels.
#pragma once

#include "core/render/renderer.h"
#include "tests/gui/fake_session.h"
#include "ui/views/view.h"

#include <QCoreApplication>
#include <QMouseEvent>
#include <QTest>

#include <memory>
#include <random>
#include <set>

namespace lx::test {

/// A session with a number of its own, so that several can live side by side.
class NumberedSession : public FakeSession {
public:
    explicit NumberedSession(std::uint32_t id) : m_id(id) {}
    std::uint32_t id() const override { return m_id; }

    template <class T>
    int posts() const {
        int count = 0;
        for (const Posted& p : posted) {
            count += std::holds_alternative<T>(p.command) ? 1 : 0;
        }
        return count;
    }
    template <class T>
    std::optional<T> last() const {
        std::optional<T> out;
        for (const Posted& p : posted) {
            if (const auto* found = std::get_if<T>(&p.command)) {
                out = *found;
            }
        }
        return out;
    }

private:
    std::uint32_t m_id;
};

inline std::shared_ptr<const Description> describeStage(Index dim, std::vector<Index> sample) {
    auto d = std::make_shared<Description>();
    Index size = 1;
    for (const Index n : sample) {
        size *= n;
    }
    const std::string kind = sample.size() == 2 ? "image_batch" : "points2";
    d->spaces = {{"data", size, sample}, {"latent", dim, {dim}}};
    d->channels = {{"codes", "points2", "latent", "[N, d]", "", Clock::Train},
                   {"labels", "labels", "latent", "[N]", "", Clock::Train},
                   {"data", kind, "data", "[N, ...]", "", Clock::Train}};
    d->series = {{"loss", "negative ELBO", "nats", "nats"}, {"kl", "KL", "nats", "kl"}};
    d->clocks = {Clock::Train};
    for (int i = 0; i < 10; ++i) {
        d->classNames.push_back("class " + std::string(1, char('A' + i)));
    }
    return d;
}

inline Array normals(Index count, Index dim, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out(static_cast<std::size_t>(count * dim));
    for (float& v : out) {
        v = normal(random);
    }
    return {{count, dim}, out};
}

inline Array labelsOf(Index count, Index classes = 10) {
    std::vector<Index> out;
    for (Index i = 0; i < count; ++i) {
        out.push_back(i % classes);
    }
    return {{count}, out};
}

/// One run, or several, on one bridge that draws with the program's own rasteriser.
struct StageBench {
    ui::SessionBridge bridge;
    std::vector<std::shared_ptr<NumberedSession>> runs;

    StageBench() {
        bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
    }
    NumberedSession& add(std::uint32_t id, const Array& codes, const Array& labels,
                         std::shared_ptr<const Description> description) {
        auto session = std::make_shared<NumberedSession>(id);
        session->told = std::move(description);
        session->publish([&](Snapshot& s) {
            s.epoch = 1;
            s.step[0] = s.head[0] = 10;
            s.state = RunState::Paused;
            session->set(s, "codes", codes);
            if (labels.defined()) {
                session->set(s, "labels", labels);
            }
        });
        runs.push_back(session);
        bridge.addRun(session, QStringLiteral("run %1").arg(id));
        bridge.poll();
        return *session;
    }
    std::unique_ptr<ui::View> show(const QString& id, QSize size) {
        std::unique_ptr<ui::View> view(ui::findView(id)->make(bridge, nullptr));
        view->setTheme(ui::themeOf(ui::ThemeKind::Light));
        view->resize(size);
        view->show();
        if (!QTest::qWaitForWindowExposed(view.get())) {
            return nullptr;
        }
        QObject::connect(&bridge, &ui::SessionBridge::snapshotChanged, view.get(),
                         [this, v = view.get()] { v->present(bridge.frames()); });
        view->present(bridge.frames());
        QTest::qWait(30);
        return view;
    }
    void answer(NumberedSession& session, std::uint64_t ticket,
                const std::map<std::string, Array>& arrays) {
        session.publish([&](Snapshot& s) {
            for (const auto& [name, array] : arrays) {
                session.set(s, "probe." + std::to_string(ticket) + "." + name, array);
            }
        });
        bridge.poll();
    }
};

inline void mouse(QWidget* widget, QEvent::Type type, QPointF at, Qt::MouseButton button,
                  Qt::KeyboardModifiers keys = {}) {
    const bool moves = type == QEvent::MouseMove;
    const bool up = type == QEvent::MouseButtonRelease;
    QMouseEvent event(type, at, widget->mapToGlobal(at), moves ? Qt::NoButton : button,
                      up ? Qt::NoButton : button, keys);
    QCoreApplication::sendEvent(widget, &event);
}

/// Press at the first place, move over the others, release at the last.
inline void drag(QWidget* widget, const std::vector<QPointF>& way, Qt::KeyboardModifiers keys = {},
                 Qt::MouseButton button = Qt::LeftButton) {
    mouse(widget, QEvent::MouseButtonPress, way.front(), button, keys);
    for (std::size_t i = 1; i < way.size(); ++i) {
        for (int step = 1; step <= 8; ++step) {
            mouse(widget, QEvent::MouseMove,
                  way[i - 1] + (way[i] - way[i - 1]) * (static_cast<double>(step) / 8), button,
                  keys);
        }
    }
    mouse(widget, QEvent::MouseButtonRelease, way.back(), button, keys);
}

}  // namespace lx::test
