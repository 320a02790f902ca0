# SPDX-License-Identifier: GPL-3.0-or-later
include(FeatureSummary)
include(GNUInstallDirs)

option(LX_WITH_VULKAN "Draw with Vulkan; without it every layer is drawn on the CPU" ON)
option(LX_WITH_ENGINE "Build the engine module (needs LibTorch)" ON)
option(LX_WITH_UI "Build the window (needs Qt 6 and QCustomPlot)" ON)
option(LX_TESTS "Build the tests" ON)
option(LX_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(LX_STRICT "Treat warnings as errors" OFF)
option(LX_PCH "Precompile the headers of LibTorch and Qt" ON)
option(LX_TIDY "Run clang-tidy on the targets without LibTorch" OFF)
set(LX_SANITIZE none CACHE STRING "none, address, thread or undefined")
set_property(CACHE LX_SANITIZE PROPERTY STRINGS none address thread undefined)

foreach(option LX_WITH_VULKAN LX_WITH_ENGINE LX_WITH_UI LX_TESTS LX_FUZZ LX_STRICT LX_PCH LX_TIDY)
  get_property(help CACHE ${option} PROPERTY HELPSTRING)
  add_feature_info(${option} ${option} ${help})
endforeach()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# LibTorch's headers take more than a gigabyte a file: two at a time fit the machines we aim at.
set_property(GLOBAL PROPERTY JOB_POOLS torch=2)

find_package(Threads REQUIRED)
find_program(CCACHE ccache)
if(CCACHE)
  # Checkouts in different folders share what one of them has compiled; without the sloppiness,
  # files that use precompiled headers would never be found again.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${CCACHE})
endif()

add_library(lx_flags INTERFACE)
target_compile_features(lx_flags INTERFACE cxx_std_20)
target_include_directories(lx_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_definitions(lx_flags INTERFACE LX_VERSION="${PROJECT_VERSION}")
target_compile_options(lx_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-restrict
  $<$<BOOL:${LX_STRICT}>:-Werror>)
# One meaning on every machine: no contraction into fused multiply-add behind our back, and the
# checks for not-a-number stay.
target_compile_options(lx_flags INTERFACE -ffp-contract=off)
target_link_libraries(lx_flags INTERFACE Threads::Threads)
if(LX_SANITIZE STREQUAL "address")
  target_compile_options(lx_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(lx_flags INTERFACE -fsanitize=address,undefined)
elseif(LX_SANITIZE STREQUAL "thread")
  target_compile_options(lx_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(lx_flags INTERFACE -fsanitize=thread)
elseif(LX_SANITIZE STREQUAL "undefined")
  target_compile_options(lx_flags INTERFACE -fsanitize=undefined -fno-sanitize-recover=all)
  target_link_options(lx_flags INTERFACE -fsanitize=undefined)
endif()
