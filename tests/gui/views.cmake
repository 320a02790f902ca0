# SPDX-License-Identifier: GPL-3.0-or-later
lx_test(tst_viewport LABELS gui SOURCES tst_viewport.cpp LIBS lx_ui)
lx_test(tst_view_explore LABELS gui SOURCES tst_view_explore.cpp LIBS lx_ui lx_test_support)
lx_test(tst_view_pictures LABELS gui SOURCES tst_view_pictures.cpp LIBS lx_ui lx_test_support)
lx_test(tst_view_modes LABELS gui SOURCES tst_view_modes.cpp LIBS lx_ui lx_test_support)
lx_test(tst_view_space LABELS gui SOURCES tst_view_space.cpp LIBS lx_ui lx_test_support)
lx_test(tst_window_charts LABELS gui SOURCES tst_window_charts.cpp LIBS lx_ui lx_test_support)
lx_test(tst_stage_selection LABELS gui SOURCES tst_stage_selection.cpp LIBS lx_ui lx_test_support)
lx_test(tst_stage_comparison LABELS gui SOURCES tst_stage_comparison.cpp LIBS lx_ui lx_test_support)
