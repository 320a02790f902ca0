# SPDX-License-Identifier: GPL-3.0-or-later

# lx_precompile_widgets(target): reads Qt's headers from one precompiled set, which the window and
# its tests share. Parsing them is more than half of the time of such a file.
function(lx_precompile_widgets target)
  if(NOT LX_PCH)
    return()
  endif()
  if(NOT TARGET lx_widget_headers)
    set(empty ${CMAKE_BINARY_DIR}/generated/lx_widget_headers.cpp)
    file(CONFIGURE OUTPUT ${empty} CONTENT "")
    add_library(lx_widget_headers OBJECT ${empty})
    target_compile_definitions(lx_widget_headers PRIVATE QT_NO_KEYWORDS)
    target_link_libraries(lx_widget_headers PRIVATE lx_flags Qt6::Widgets)
    target_precompile_headers(lx_widget_headers PRIVATE <QAction> <QApplication> <QImage> <QLabel>
      <QMenu> <QMouseEvent> <QPainter> <QPushButton> <QTimer> <QToolButton> <QVBoxLayout>)
  endif()
  target_precompile_headers(${target} REUSE_FROM lx_widget_headers)
  # GCC 12 forgets that what it inlines from a precompiled header is the library's own code.
  target_compile_options(${target} PRIVATE -Wno-stringop-overflow -Wno-array-bounds)
endfunction()

# lx_library(name SOURCES ... [PUBLIC libs] [PRIVATE libs] [TORCH] [QT])
# A static library of one layer. Its headers must be self-contained: a body includes its own header
# first (tests/lint sees to it), and headers without a body, or of a library with precompiled
# headers, are compiled by the target all_verify_interface_header_sets.
function(lx_library name)
  cmake_parse_arguments(ARG "TORCH;QT" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC)
  foreach(source IN LISTS ARG_SOURCES)
    string(REGEX REPLACE "\\.h$" ".cpp" body ${source})
    if(source MATCHES "\\.h$" AND body IN_LIST ARG_SOURCES AND NOT ARG_QT)
      list(APPEND headers ${source})
    elseif(source MATCHES "\\.h$")
      list(APPEND alone ${source})
    else()
      list(APPEND bodies ${source})
    endif()
  endforeach()
  target_sources(${name} PRIVATE ${bodies})
  if(headers)
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${headers})
  endif()
  if(alone)
    target_sources(${name} PUBLIC FILE_SET alone TYPE HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}
      FILES ${alone})
  endif()
  target_link_libraries(${name} PUBLIC lx_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  if(NOT ARG_TORCH AND alone)
    set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON
      INTERFACE_HEADER_SETS_TO_VERIFY alone)
  endif()
  if(ARG_TORCH)
    set_target_properties(${name} PROPERTIES JOB_POOL_COMPILE torch)
  endif()
  if(ARG_QT)
    lx_precompile_widgets(${name})
    set_target_properties(${name} PROPERTIES AUTOMOC ON)
    target_compile_definitions(${name} PUBLIC QT_NO_KEYWORDS)
  endif()
  if(LX_TIDY AND NOT ARG_TORCH)
    set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "clang-tidy-19;--quiet")
  endif()
endfunction()

# Stock Qt is not instrumented: ThreadSanitizer must not judge what happens inside it (the watchdog
# of Qt Test alone makes a healthy test fail on a busy machine). The first race ends the test.
set(LX_TEST_ENVIRONMENT QT_QPA_PLATFORM=offscreen OMP_WAIT_POLICY=passive UCX_HANDLE_ERRORS=none
  TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1)

# lx_test(name LABELS ... SOURCES ... LIBS ... [ENV ...] [TIMEOUT seconds] [TORCH])
# One Qt Test binary, run offscreen.
function(lx_test name)
  cmake_parse_arguments(ARG "TORCH" "TIMEOUT" "LABELS;SOURCES;LIBS;ENV" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES AUTOMOC ON RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS LX_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    LX_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE lx_flags Qt6::Test ${ARG_LIBS})
  if(ARG_TORCH)
    set_target_properties(${name} PROPERTIES JOB_POOL_COMPILE torch)
    if(LX_PCH)
      target_precompile_headers(${name} REUSE_FROM lx_nn)
    endif()
  elseif("${ARG_LIBS}" MATCHES "lx_ui|Qt6::Widgets")
    lx_precompile_widgets(${name})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "${LX_TEST_ENVIRONMENT};${ARG_ENV}")
endfunction()

# lx_race_canary(name LABEL library...): a planted race that ThreadSanitizer must report under the
# very options of the tests, or their silence means nothing.
function(lx_race_canary name label)
  if(LX_SANITIZE STREQUAL "thread")
    add_executable(${name} ${name}.cpp)
    target_link_libraries(${name} PRIVATE Qt6::Core ${ARGN})
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${label} ENVIRONMENT "${LX_TEST_ENVIRONMENT}"
      PASS_REGULAR_EXPRESSION "WARNING: ThreadSanitizer: data race")
  endif()
endfunction()

# The same test where the decimal sign is a comma, i has another capital and digits are Arabic.
# tests/unit/io compiles these locales.
function(lx_in_every_locale name)
  foreach(locale de_DE tr_TR ar_EG)
    add_test(NAME ${name}.${locale} COMMAND ${name})
    set_tests_properties(${name}.${locale} PROPERTIES LABELS unit TIMEOUT 300
      ENVIRONMENT "QT_QPA_PLATFORM=offscreen;LC_ALL=${locale}.UTF-8;LX_EXPECT_LOCALE=${locale}.UTF-8;LOCPATH=${CMAKE_BINARY_DIR}/tests/locales")
  endforeach()
endfunction()
