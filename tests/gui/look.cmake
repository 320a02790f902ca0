# SPDX-License-Identifier: GPL-3.0-or-later
lx_test(tst_window_look LABELS gui SOURCES tst_window_look.cpp LIBS lx_ui lx_test_support)
