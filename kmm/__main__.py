# SPDX-License-Identifier: GPL-2.0-only
"""`python -m kmm` is the command `kmm`."""

import sys

from kmm.cli import main

if __name__ == "__main__":
    sys.exit(main())
