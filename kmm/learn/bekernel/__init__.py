# SPDX-License-Identifier: GPL-2.0-only
"""Be the kernel: one page's migration, made move by move by whoever learns.

kernel      kmm.kernel(): the moves so far, and what they have done; widget shows it in a notebook
moves       what can be done next, each one call of the model's own functions; cannot: why it cannot
play        a page in its world, and the moves that somebody makes with it
harm        what each move needs, seen in the state just before it; judgement: what is said of all
"""
