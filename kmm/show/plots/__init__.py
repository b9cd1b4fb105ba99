# SPDX-License-Identifier: GPL-2.0-only
"""Figures for paper and projector: a trace as matplotlib Figures.

    counts    trace.plot("p0._count", ...): numbers over the steps
    ptes      trace.plot_ptes("m0"): what each pte holds, step by step
    locks     trace.plot_locks(): who holds which lock when, and who waits
    nodes     trace.plot_nodes(): where the pages are after each pass of migrate_pages
    calls     trace.plot_calls(): a box for each call, callers below

They share figure.py (the sheet), boxes.py (what is drawn on it) and bands.py (the phases).

matplotlib is imported when the first figure is asked for, and never through pyplot: a figure
belongs to whoever asked for it, and is shown where it is returned.
"""
