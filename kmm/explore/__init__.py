# SPDX-License-Identifier: GPL-2.0-only
"""All interleavings: what several tasks can do to one another, and the shortest way to harm.

rewind      a machine back at its start, for the next run
events      the steps of a run, what they touched and which had to come before which
search      every order that makes a difference, once: dynamic partial-order reduction
invariants  what must hold, and when; books: what is found in a machine at rest
each_step   what is looked at in the steps themselves
guards      the guards of a migration, each proved and each taken away
"""
