# SPDX-License-Identifier: GPL-3.0-or-later
lx_test(tst_window_pictures LABELS gui SOURCES tst_window_pictures.cpp
  LIBS lx_ui lx_test_support)
lx_test(tst_window LABELS gui SOURCES tst_window.cpp LIBS lx_ui lx_test_support)
lx_test(tst_window_latency LABELS gui SOURCES tst_window_latency.cpp LIBS lx_ui lx_test_support)
set_tests_properties(tst_window_latency PROPERTIES RUN_SERIAL ON)
