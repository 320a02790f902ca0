# SPDX-License-Identifier: GPL-3.0-or-later

# lx_library(name SOURCES ... [PUBLIC libs] [PRIVATE libs] [TORCH] [QT])
# A static library of one layer. Its headers must be self-contained: with LX_TESTS they are checked
# by the target all_verify_interface_header_sets.
function(lx_library name)
  cmake_parse_arguments(ARG "TORCH;QT" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC)
  foreach(source IN LISTS ARG_SOURCES)
    if(source MATCHES "\\.h$")
      list(APPEND headers ${source})
    else()
      list(APPEND bodies ${source})
    endif()
  endforeach()
  target_sources(${name} PRIVATE ${bodies})
  if(headers)
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${headers})
  endif()
  target_link_libraries(${name} PUBLIC lx_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  if(NOT ARG_TORCH)
    set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  else()
    set_target_properties(${name} PROPERTIES JOB_POOL_COMPILE torch)
  endif()
  if(ARG_QT)
    set_target_properties(${name} PROPERTIES AUTOMOC ON)
    target_compile_definitions(${name} PUBLIC QT_NO_KEYWORDS)
  endif()
  if(LX_TIDY AND NOT ARG_TORCH)
    set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "clang-tidy-19;--quiet")
  endif()
endfunction()

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
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "QT_QPA_PLATFORM=offscreen;OMP_WAIT_POLICY=passive;UCX_HANDLE_ERRORS=none;${ARG_ENV}")
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
