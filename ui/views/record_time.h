// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QSlider;

namespace lx::ui {

/// A view with a slider over the recorded times of a reverse process. Two of them that are compared
/// show the same amount of noise, whatever the number of steps of either.
class RecordTime {
public:
    virtual ~RecordTime() = default;
    virtual QSlider* slider() const = 0;
    /// Log SNR of the time shown, nats; not-a-number while there is none.
    virtual double logSnr() const = 0;
    /// Shows the recorded time nearest to it.
    virtual void showLogSnr(double wanted) = 0;
};

}  // namespace lx::ui
