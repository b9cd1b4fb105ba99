# SPDX-License-Identifier: GPL-2.0-only
"""The steps of `kmm.scenario.check`, in their order: text, structure, build, limits, rules."""
