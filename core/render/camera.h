// SPDX-License-Identifier: GPL-3.0-or-later
// The orbit camera of three-dimensional pictures and its projection: pure values. World
// coordinates are those of Box3: z is up, the middle of the box is the origin. Angles in rad.
#pragma once

#include "core/render/scene.h"

#include <array>

namespace lx::render {

struct Vec3 {
    double x = 0, y = 0, z = 0;
    friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
    friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
    friend Vec3 operator*(double s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
};
double dot(Vec3, Vec3) noexcept;
Vec3 cross(Vec3, Vec3) noexcept;
double norm(Vec3) noexcept;
/// The same direction with length 1; zero stays zero.
Vec3 unit(Vec3) noexcept;

/// Ranges of the data along three axes, and how long each axis is drawn.
struct Box3 {
    std::array<double, 3> low{-1, -1, -1}, high{1, 1, 1};
    std::array<double, 3> extent{1, 1, 1};  ///< world units

    bool valid() const noexcept;
    Vec3 toWorld(double x, double y, double z) const noexcept;
    std::array<double, 3> toData(Vec3) const noexcept;
    double radius() const noexcept;  ///< of the sphere around it, world units
};
/// The box drawn with equal units on all axes, its longest side 1.
Box3 equalUnits(std::array<double, 3> low, std::array<double, 3> high);

enum class Lens : std::uint8_t { Perspective, Orthographic };

/// Looks at `target` from `distance`; azimuth of the eye counts from +x towards +y, elevation from
/// the xy plane upwards. Both lenses show the plane through the target at the same size.
struct Camera {
    Vec3 target;
    double distance = 2.6;
    double azimuth = -1.0471975512, elevation = 0.4886921906;
    Lens lens = Lens::Perspective;
    double fieldOfView = 0.5235987756;  ///< vertical

    Vec3 right() const noexcept;
    Vec3 up() const noexcept;
    Vec3 back() const noexcept;  ///< from the target to the eye
    Vec3 eye() const noexcept { return target + distance * back(); }
};

/// Turns about the target. The elevation stays within a quarter turn of the horizon.
Camera orbit(Camera, double azimuth, double elevation) noexcept;
/// Moves the target by pixels, so that what lies in its plane follows the mouse.
Camera pan(Camera, Size, double pixelsX, double pixelsY) noexcept;
/// Scales the distance by `factor`, keeping the point of the target's plane under a pixel there.
/// The distance stays within [1e-3, 1e3].
Camera zoom(Camera, Size, double pixelX, double pixelY, double factor) noexcept;
/// Aims at the middle of the box from as near as shows all of it within the share `filled` of the
/// picture's width and height. Angles and lens stay.
Camera fit(Camera, const Box3&, Size, double filled = 0.84) noexcept;

/// World to pixels and back; (0, 0) is the upper left corner, as in Projection.
class Projection3 {
public:
    struct Point {
        double x = 0, y = 0;  ///< pixels
        double z = 0;         ///< depth in [0, 1], affine on the screen
        double w = 0;         ///< distance from the eye along the view
    };
    struct Ray {
        Vec3 from, along;  ///< `along` has length 1
    };
    /// Depths are resolved within three radii around the origin.
    Projection3(const Camera&, Size, double radius) noexcept;

    Point map(Vec3) const noexcept;
    /// The world point at distance `w` from the eye's plane under a pixel.
    Vec3 unmap(double pixelX, double pixelY, double w) const noexcept;
    Ray ray(double pixelX, double pixelY) const noexcept;
    double depth(double w) const noexcept;
    double pixelsPerUnit(double w) const noexcept;
    /// In front of the near and before the far plane.
    bool sees(const Point& p) const noexcept { return p.z >= 0 && p.z <= 1 && p.w > 0; }
    bool perspective() const noexcept { return m_camera.lens == Lens::Perspective; }
    const Camera& camera() const noexcept { return m_camera; }
    Size size() const noexcept { return m_size; }

private:
    Camera m_camera;
    Size m_size;
    Vec3 m_right, m_up, m_back;
    double m_focal, m_near, m_far;
};

}  // namespace lx::render
