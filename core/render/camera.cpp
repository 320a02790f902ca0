// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/camera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx::render {
namespace {

constexpr double kNearest = 1e-3, kFarthest = 1e3;

double focal(const Camera& camera, Size size) {
    return std::max(size.height, 1) / 2.0 / std::tan(camera.fieldOfView / 2);
}

}  // namespace

double dot(Vec3 a, Vec3 b) noexcept {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
Vec3 cross(Vec3 a, Vec3 b) noexcept {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
double norm(Vec3 a) noexcept {
    return std::sqrt(dot(a, a));
}
Vec3 unit(Vec3 a) noexcept {
    const double length = norm(a);
    return length > 0 ? 1 / length * a : a;
}

bool Box3::valid() const noexcept {
    for (std::size_t i = 0; i < 3; ++i) {
        if (!(high[i] > low[i]) || !std::isfinite(high[i] - low[i]) || !(extent[i] > 0) ||
            !std::isfinite(extent[i])) {
            return false;
        }
    }
    return true;
}

Vec3 Box3::toWorld(double x, double y, double z) const noexcept {
    const auto axis = [this](std::size_t i, double v) {
        return ((v - low[i]) / (high[i] - low[i]) - 0.5) * extent[i];
    };
    return {axis(0, x), axis(1, y), axis(2, z)};
}

std::array<double, 3> Box3::toData(Vec3 p) const noexcept {
    const auto axis = [this](std::size_t i, double v) {
        return low[i] + (v / extent[i] + 0.5) * (high[i] - low[i]);
    };
    return {axis(0, p.x), axis(1, p.y), axis(2, p.z)};
}

double Box3::radius() const noexcept {
    return norm({extent[0] / 2, extent[1] / 2, extent[2] / 2});
}

Box3 equalUnits(std::array<double, 3> low, std::array<double, 3> high) {
    Box3 box{low, high, {}};
    const double longest = std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]});
    for (std::size_t i = 0; i < 3; ++i) {
        box.extent[i] = (high[i] - low[i]) / longest;
    }
    return box;
}

Vec3 Camera::right() const noexcept {
    return {-std::sin(azimuth), std::cos(azimuth), 0};
}
Vec3 Camera::up() const noexcept {
    const double s = std::sin(elevation);
    return {-s * std::cos(azimuth), -s * std::sin(azimuth), std::cos(elevation)};
}
Vec3 Camera::back() const noexcept {
    const double c = std::cos(elevation);
    return {c * std::cos(azimuth), c * std::sin(azimuth), std::sin(elevation)};
}

Camera orbit(Camera camera, double azimuth, double elevation) noexcept {
    constexpr double kTurn = 2 * std::numbers::pi;
    camera.azimuth = std::remainder(camera.azimuth + azimuth, kTurn);
    camera.elevation = std::clamp(camera.elevation + elevation, -kTurn / 4, kTurn / 4);
    return camera;
}

Camera pan(Camera camera, Size size, double pixelsX, double pixelsY) noexcept {
    const double perPixel = camera.distance / focal(camera, size);
    camera.target =
        camera.target - (pixelsX * perPixel) * camera.right() + (pixelsY * perPixel) * camera.up();
    return camera;
}

Camera zoom(Camera camera, Size size, double pixelX, double pixelY, double factor) noexcept {
    const double distance = std::clamp(camera.distance * factor, kNearest, kFarthest);
    factor = distance / camera.distance;
    const Vec3 fixed =
        Projection3(camera, size, camera.distance).unmap(pixelX, pixelY, camera.distance);
    camera.target = fixed + factor * (camera.target - fixed);
    camera.distance = distance;
    return camera;
}

Camera fit(Camera camera, const Box3& box, Size size, double filled) noexcept {
    camera.target = {};
    const double tanY = std::tan(camera.fieldOfView / 2) * filled;
    const double tanX = tanY * std::max(size.width, 1) / std::max(size.height, 1);
    const Vec3 right = camera.right(), up = camera.up(), back = camera.back();
    double distance = kNearest;
    for (int corner = 0; corner < 8; ++corner) {
        const auto side = [&](int axis) {
            return (corner >> axis & 1 ? 0.5 : -0.5) * box.extent[static_cast<std::size_t>(axis)];
        };
        const Vec3 p{side(0), side(1), side(2)};
        const double reach = std::max(std::abs(dot(p, right)) / tanX, std::abs(dot(p, up)) / tanY);
        distance =
            std::max(distance, reach + (camera.lens == Lens::Perspective ? dot(p, back) : 0.0));
    }
    camera.distance = std::min(distance, kFarthest);
    return camera;
}

Projection3::Projection3(const Camera& camera, Size size, double radius) noexcept
    : m_camera(camera),
      m_size(size),
      m_right(camera.right()),
      m_up(camera.up()),
      m_back(camera.back()),
      m_focal(focal(camera, size)) {
    const double middle = camera.distance + dot(camera.target, m_back);
    m_near = middle - 3 * radius;
    if (camera.lens == Lens::Perspective) {
        m_near = std::max(m_near, 0.02 * camera.distance);
    }
    m_far = std::max(middle + 3 * radius, m_near + camera.distance);
}

double Projection3::depth(double w) const noexcept {
    const double share = (w - m_near) / (m_far - m_near);
    return perspective() ? share * m_far / w : share;
}

double Projection3::pixelsPerUnit(double w) const noexcept {
    return m_focal / (perspective() ? w : m_camera.distance);
}

Projection3::Point Projection3::map(Vec3 p) const noexcept {
    const Vec3 q = p - m_camera.target;
    const double w = m_camera.distance - dot(q, m_back);
    const double scale = pixelsPerUnit(w);
    return {m_size.width / 2.0 + scale * dot(q, m_right),
            m_size.height / 2.0 - scale * dot(q, m_up), depth(w), w};
}

Vec3 Projection3::unmap(double pixelX, double pixelY, double w) const noexcept {
    const double scale = 1 / pixelsPerUnit(w);
    return m_camera.target + (scale * (pixelX - m_size.width / 2.0)) * m_right -
           (scale * (pixelY - m_size.height / 2.0)) * m_up + (m_camera.distance - w) * m_back;
}

Projection3::Ray Projection3::ray(double pixelX, double pixelY) const noexcept {
    const double w = perspective() ? m_camera.distance : m_near;
    const Vec3 at = unmap(pixelX, pixelY, w);
    if (!perspective()) {
        return {at, -1.0 * m_back};
    }
    return {m_camera.eye(), unit(at - m_camera.eye())};
}

}  // namespace lx::render
