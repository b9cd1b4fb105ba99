# SPDX-License-Identifier: GPL-2.0-only
"""What a trace looks like.  Importing a module registers its question on Trace.

    svg      trace.svg(k): the state after step k, with what the step changed
    plots    trace.plot("p0._count", ...) and other figures on paper (needs matplotlib)
    table    trace.table(first, last): the steps, one a line
    player   trace.play(step): all of it, to be stepped through in a notebook; html, as one file
    notebook kmm.export_notebook(path): a notebook as one page whose players step

compare.py is kmm.compare(left, right): two traces side by side, and where they first part.

A picture is made in four files, each of which knows the one before it: cards.py says what is in
it and in which words, layout.py where everything is, routes.py how the lines run, svg.py draws.
theme.py has the colours and the widths of letters.
"""
