# SPDX-License-Identifier: GPL-2.0-only
"""How much larger than drawn pictures and figures are shown: in a lecture hall, as the letters.

`kmm lab --present` says so through the environment of its kernels.  The player needs it not: it
grows with the text round it by itself.
"""

from __future__ import annotations

import os

#: In the environment of a kernel: "1.5" is half as large again.
VARIABLE = "KMM_ENLARGE"


def enlarged(pixels: float) -> float:
    """So wide, or so high, is shown what is drawn so wide."""
    try:
        return pixels * float(os.environ.get(VARIABLE, 1))
    except ValueError:
        return pixels
