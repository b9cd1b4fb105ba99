# SPDX-License-Identifier: GPL-2.0-only
"""How fast kmm is and how much it keeps: `python -m bench`, one file for each question.

    clock, worlds, races      what the questions measure with, and what they measure on
    browser, lab              a real Chromium and a real JupyterLab; tests/browser uses them too
    figures, report, machine  what they answer, and how it is printed

Every figure stands beside what it is compared with, measured in the same run.  Times are of the
CPU, not of the wall, where it does not say otherwise: what other programs do meanwhile then counts
for little.
"""
