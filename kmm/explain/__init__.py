# SPDX-License-Identifier: GPL-2.0-only
"""What a trace means.  Importing a module registers its question on Trace.

    holders     trace.holders("p0", k): who holds each reference of a page
    locks       trace.locks(): who holds which lock when, and who waits
    narrate     trace.narrate(k): one sentence for one step; `sentences/` has them all
    phases      trace.phases(): the parts of a migration, as a student would name them
    passes      which page was tried in which pass of migrate_pages, and how that ended

For two traces: deeds.py says which steps do the same, align.py which one stands beside which, and
differences.py which fields differ.

Everything here reads a trace and nothing else: one that was loaded from a file tells the same as
one that has just been recorded.  Answers are worked out once for a trace and kept with it.
"""
