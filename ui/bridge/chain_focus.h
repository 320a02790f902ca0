// SPDX-License-Identifier: GPL-3.0-or-later
// What all views of Markov chains point at together.
#pragma once

#include <QObject>
#include <QString>

namespace lx::ui {

class ChainFocus : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Emphasised in all views, counted from 0; -1: all alike.
    int chain() const { return m_chain; }
    void setChain(int chain) { change(m_chain, chain < 0 ? -1 : chain); }
    /// The variable whose trace, ranks, ... are shown; empty: the first.
    const QString& variable() const { return m_variable; }
    void setVariable(const QString& name) { change(m_variable, name); }
    /// Divergent transitions are marked (key D).
    bool divergences() const { return m_divergences; }
    void setDivergences(bool on) { change(m_divergences, on); }
    /// Warm-up is shown before the draws that count (key W).
    bool warmup() const { return m_warmup; }
    void setWarmup(bool on) { change(m_warmup, on); }

Q_SIGNALS:
    void changed();

private:
    template <class T>
    void change(T& member, const T& value) {
        if (member != value) {
            member = value;
            Q_EMIT changed();
        }
    }

    int m_chain = -1;
    QString m_variable;
    bool m_divergences = true, m_warmup = true;
};

}  // namespace lx::ui
