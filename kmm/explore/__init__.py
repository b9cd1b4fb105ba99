# SPDX-License-Identifier: GPL-2.0-only
"""All interleavings: what several tasks can do to one another, and the shortest way to harm.

    case = Case("a fault", world, tasks)        what runs, and what must hold
    print(explore(case))                        in every interleaving, or the run that shows why not
    explore(case.without(Edit(...))).trace      the run in which it breaks: a trace like any other
    case.replay("migrate 41, fault")            a schedule of one's own

rewind      a machine back at its start, for the next run
events      the steps of a run, what they touched and which had to come before which
search      every order that makes a difference, once: dynamic partial-order reduction
minimal     of the runs that break something, the one with the fewest preemptions and steps
invariants  what must hold, and when; books: who refers to each page, found by looking everywhere
case        a world, its tasks and what must hold; edit: a guard taken away from the one source
verdict     what is known of a case; claim: it holds, and without that it breaks
guards      every guard of a migration; history: every bug that really happened
beside      each actor of the VM beside a migration
work        many cases, on any executor
"""

from kmm.explore.case import Case
from kmm.explore.claim import Claim, judge
from kmm.explore.edit import Edit
from kmm.explore.verdict import Verdict, explore

__all__ = ["Case", "Claim", "Edit", "Verdict", "explore", "judge"]
