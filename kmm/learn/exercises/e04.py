# SPDX-License-Identifier: GPL-2.0-only
"""Construct: a schedule that breaks a version from which a guard was taken away."""

from __future__ import annotations

from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.schedules import Breaks

ALONE = Slip("alone", "Only one task ever runs. Name the other one too.")

EXERCISE = Exercise(
    "e04",
    "Make the schedule that breaks it",
    problems=(
        Problem(
            "q1",
            'a schedule of "migrate" and "fault" that breaks a wait with a plain get_page()',
            (Breaks("get_page_unless_zero-in-migration_entry_wait", most=1),),
            slips=(
                ALONE,
                Slip(
                    "one after another",
                    "One task after the other breaks nothing: the fault has to come while the "
                    "count is frozen.",
                ),
                Slip(
                    "migrate left before page_freeze_refs",
                    "Too early: the count is not frozen yet, and one reference more stops it all.",
                ),
                Slip(
                    "migrate left before page_count",
                    "Too early: the count is not frozen yet, and one reference more stops it all.",
                ),
                Slip(
                    "migrate left after page_unfreeze_refs",
                    "Too late: the count is thawed, and the fault takes its reference safely.",
                ),
                Slip(
                    "too many preemptions",
                    "It breaks, but somebody was interrupted who need not have been.",
                ),
                Slip(
                    "impossible",
                    'The tasks are "migrate" and "fault"; who is done, or waits, makes no step.',
                ),
            ),
            hints=(
                (
                    "The harm is done if the fault takes its reference while the count is frozen. "
                    "Then the thaw sets the count as if there were none."
                ),
                (
                    'case.replay("migrate") is a run without interruption: look where it freezes. '
                    "A schedule counts reads outside primitives too, so the number is a bit higher."
                ),
            ),
            why="The reference that the fault has taken is lost when the count is set again.",
        ),
        Problem(
            "q2",
            'a schedule of "migrate" and "lookup" that breaks a move without page_freeze_refs()',
            (Breaks("freeze-not-only-check", most=2),),
            slips=(
                ALONE,
                Slip(
                    "one after another",
                    "The lookup finds one page or the other, and all is well. It has to find the "
                    "old page just before the new one takes its place.",
                ),
                Slip(
                    "migrate left before page_count",
                    "Too early: the count is looked at afterwards, and the lookup's reference is "
                    "seen there.",
                ),
                Slip(
                    "migrate left after radix_tree_replace_slot",
                    "Too late: the slot has the new page by then, and the lookup finds that one.",
                ),
                Slip(
                    "too many preemptions",
                    "It breaks, but somebody was interrupted who need not have been.",
                ),
                Slip(
                    "impossible",
                    'The tasks are "migrate" and "lookup"; who is done, or waits, makes no step.',
                ),
            ),
            hints=(
                (
                    "Both have to be interrupted: the move between its test and the new page in "
                    "the slot, and the lookup between its find and its write."
                ),
                "The lookup writes to the old page after the copy has been made.",
            ),
            why="A write to a page that is no longer the file's: nobody will ever see it.",
        ),
    ),
)
