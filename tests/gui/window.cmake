# SPDX-License-Identifier: GPL-3.0-or-later
lx_test(tst_window_pictures LABELS gui SOURCES tst_window_pictures.cpp
  LIBS lx_ui lx_test_support)
find_package(ZLIB REQUIRED)
lx_test(tst_films LABELS gui SOURCES tst_films.cpp LIBS lx_ui lx_test_support ZLIB::ZLIB)
lx_test(tst_window LABELS gui SOURCES tst_window.cpp LIBS lx_ui lx_test_support)
lx_test(tst_samples_dialog LABELS gui SOURCES tst_samples_dialog.cpp LIBS lx_ui lx_test_support)
lx_test(tst_checks_window LABELS gui SOURCES tst_checks_window.cpp LIBS lx_test_support lx_ui)
lx_test(tst_self_test_window LABELS gui SOURCES tst_self_test_window.cpp LIBS lx_ui)
lx_test(tst_compute_menu LABELS gui SOURCES tst_compute_menu.cpp LIBS lx_ui lx_test_support)
lx_test(tst_window_latency LABELS gui SOURCES tst_window_latency.cpp LIBS lx_ui lx_test_support)
set_tests_properties(tst_window_latency PROPERTIES RUN_SERIAL ON)

# The real engine behind the real window, composed as the program composes them.
if(LX_WITH_ENGINE)
  set(app ${CMAKE_SOURCE_DIR}/app)
  add_library(lx_test_app STATIC ${app}/composition.cpp ${app}/engine_loader.cpp ${app}/process.cpp
    ${app}/program.cpp ${app}/session_store.cpp)
  set_target_properties(lx_test_app PROPERTIES AUTOMOC ON)
  target_compile_definitions(lx_test_app PUBLIC LX_WITH_UI QT_NO_KEYWORDS LX_MODULE_FOLDER="lib")
  target_link_libraries(lx_test_app PUBLIC lx_flags lx_ui lx_cli lx_recipes lx_executors
    lx_vulkan_executor lx_netcdf
    ${CMAKE_DL_LIBS})
  foreach(test tst_window_real tst_window_monkey tst_window_newcomer tst_geodesic_latency)
    lx_test(${test} LABELS gui SOURCES ${test}.cpp LIBS lx_test_app TIMEOUT 600)
    add_dependencies(${test} latent-engine)
    set_tests_properties(${test} PROPERTIES RUN_SERIAL ON)
  endforeach()
  # The store of sessions behind the real window, on runs without LibTorch.
  lx_test(tst_session_store LABELS gui SOURCES tst_session_store.cpp LIBS lx_test_app lx_test_support)
  lx_test(tst_layouts LABELS gui SOURCES tst_layouts.cpp LIBS lx_test_app lx_test_support TIMEOUT 600)
  add_dependencies(tst_layouts latent-engine)
  set_tests_properties(tst_layouts PROPERTIES RUN_SERIAL ON)
endif()
