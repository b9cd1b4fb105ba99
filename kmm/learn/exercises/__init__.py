# SPDX-License-Identifier: GPL-2.0-only
"""The exercises: a module each, with the table EXERCISE.

What is in here a student may read.  Checks that should stay hidden stand in the notebooks of
solutions/, in their hidden tests.
"""
