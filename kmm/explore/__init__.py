# SPDX-License-Identifier: GPL-2.0-only
"""All interleavings: what several tasks can do to one another, and the shortest way to harm.

rewind      a machine back at its start, for the next run
events      the steps of a run, what they touched and which had to come before which
search      every order that makes a difference, once: dynamic partial-order reduction
"""
