# SPDX-License-Identifier: GPL-2.0-only
"""Write a notebook as one HTML page in which every player steps.

The notebook is run first; its own file is left as it is.  The page needs no kernel and no network.
"""

from __future__ import annotations

import argparse

from kmm.cli.console import out


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", metavar="NOTEBOOK", help="the notebook (.ipynb)")
    command.add_argument("-o", "--output", metavar="FILE", help="where to (NOTEBOOK's name, .html)")


def obey(options: argparse.Namespace) -> int:
    from kmm.show.notebook import export_notebook

    path = export_notebook(options.notebook, options.output)
    out().line(f"{path}: {path.stat().st_size // 1000:,} kB")
    return 0
