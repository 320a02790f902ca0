// SPDX-License-Identifier: GPL-3.0-or-later
// Short ways to write parameter declarations.
#pragma once

#include "core/base/params.h"

namespace lx::decl {

inline ParamDecl make(std::string id, std::string label, ParamValue initial, std::string help) {
    ParamDecl decl;
    decl.id = std::move(id);
    decl.label = std::move(label);
    decl.initial = std::move(initial);
    decl.help = std::move(help);
    decl.live = false;
    return decl;
}
inline ParamDecl within(ParamDecl decl, double min, double max, Scale scale = Scale::Linear) {
    decl.min = min;
    decl.max = max;
    decl.scale = scale;
    return decl;
}
inline ParamDecl slider(ParamDecl decl, double low, double high) {
    decl.slider = {low, high};
    return decl;
}
inline ParamDecl oneOf(ParamDecl decl, std::vector<std::string> choices) {
    decl.choices = std::move(choices);
    return decl;
}
inline ParamDecl path(ParamDecl decl, PathKind kind) {
    decl.path = kind;
    return decl;
}
inline ParamDecl live(ParamDecl decl) {
    decl.live = true;
    return decl;
}
inline ParamDecl advanced(ParamDecl decl) {
    decl.basic = false;
    return decl;
}
inline ParamDecl unit(ParamDecl decl, std::string name) {
    decl.unit = std::move(name);
    return decl;
}

}  // namespace lx::decl
