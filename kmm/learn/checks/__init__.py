# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of checks: each judges an answer, and says an Outcome.

values      a number, a text, several by name, a step of a trace
functions   a function that does what the model does, keeps what must hold, stands up to others
worlds      the same in worlds that the seed draws, or by a rule and without a model to compare with
situations  a function by what it does in some situations, or beside the other tasks of any case
patches     edits of the model's own function; separates: a world in which only the mended one works
faults      where a trace goes wrong; reports: what is behind a bug report
telling     a function that tells right kernels from wrong ones
schedules   a schedule that breaks something; shortest: measured against the explorer's
sequences   a migration made move by move; choices: which pages to isolate
"""
