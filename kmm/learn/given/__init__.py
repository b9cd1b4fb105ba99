# SPDX-License-Identifier: GPL-2.0-only
"""What exercises give to work on: worlds, kernels that are not quite right, and what is demanded.

Each module belongs to one exercise, or to some that share it; what is drawn, is drawn by the seed.

counts, ptes, copies, buffers       worlds for e03, e07, e08, e09, and the rules of their variants
unknown                             a kernel that is not quite the model, without saying where
wrong_steps, bug_reports            such kernels, for e05 and e06
one_attempt, where_pages_are        situations for e10 and e11
unwritable, mistaken_calls          situations for e12 and e13
candidates, situation               pages of all kinds, some to be isolated, for e16
"""
