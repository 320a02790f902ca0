// SPDX-License-Identifier: GPL-3.0-or-later
// Any tensor header defines C10_API; no header of the layers without LibTorch may bring one in.
#ifdef LX_PLANT_TORCH
#include <c10/macros/Export.h>
#else
#include "torch_free_headers.h"
#endif

#ifdef C10_API
#error "a header of the layers without LibTorch reaches LibTorch"
#endif
