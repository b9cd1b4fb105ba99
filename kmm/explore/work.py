# SPDX-License-Identifier: GPL-2.0-only
"""Orders: cases to be explored, here or in other processes, and the answers that come back.

An order names its case, for functions do not travel between processes: a guard, a bug of history,
an actor beside a migration, or the path of a file.  Any `concurrent.futures.Executor` will do:

    for answer in answers(orders("guards"), executor): ...
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from kmm.errors import KmmError
from kmm.explore import claim as claims
from kmm.explore.case import Case
from kmm.explore.claim import Claim, Judged
from kmm.explore.search import Counts
from kmm.explore.verdict import Verdict, explore
from kmm.explore.verdict import as_json as verdict_as_json

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

T = TypeVar("T")
Kind = Literal["guards", "history", "case", "file"]
Progress = Callable[[Counts], None]


@dataclass(frozen=True)
class Order:
    """What to explore: `name` is that of a guard or a case, the number of a bug, or a path."""

    kind: Kind
    name: str
    seconds: float | None = None
    max_preemptions: int = 2

    def subject(self) -> Claim | Case:
        """What the order names; KmmError if there is nothing of that name."""
        # Of all that can be explored only what is asked for is imported.
        if self.kind == "file":
            from kmm.explore import file

            return file.load(self.name)
        if self.kind == "case":
            from kmm.explore.beside import BESIDE

            return _known(BESIDE, self.name, "case")
        if self.kind == "guards":
            from kmm.explore.guards import GUARDS

            return _known(GUARDS, self.name, "guard")
        from kmm.explore.history import HISTORY, LEFT_OUT

        number = self.name.partition(" ")[0]
        if number.isdecimal() and int(number) in LEFT_OUT:
            raise KmmError(f"bug {number} is not shown: {LEFT_OUT[int(number)]}")
        return _known({str(n): claim for n, claim in HISTORY.items()}, number, "bug of history")


@dataclass(frozen=True)
class Answer:
    """What was found: in words, as JSON, and whether it is as it should be.

    `right`: a claim is true, a case holds; None: not known, the search did not come to its end.
    `breaks`: the schedule of the run that shows what breaks, if any does.
    """

    order: Order
    text: str
    right: bool | None
    data: dict[str, Any]
    interrupted: bool = False

    @property
    def breaks(self) -> str | None:
        """The schedule of the run that shows what breaks, if any does."""
        schedule: str | None = self.data["schedule"]
        return schedule


def named(name: str) -> Order:
    """The order for what has this name: a file's, a guard's, a bug's number or a case's."""
    if name.endswith(".py"):
        return Order("file", name)
    if name.partition(" ")[0].isdecimal():
        return Order("history", name)
    from kmm.explore.beside import BESIDE

    if name in BESIDE:
        return Order("case", name)
    from kmm.explore.guards import GUARDS

    if name in GUARDS:
        return Order("guards", name)
    near = difflib.get_close_matches(name[:60], [*BESIDE, *GUARDS], n=3)
    if near:
        raise KmmError(f"there is no case {name}; did you mean {' or '.join(near)}?")
    raise KmmError(
        f"there is no case {name:.60}; there are {', '.join(BESIDE)}, the guards (`kmm explore "
        "--guards` shows them all), the numbers of the bugs (`--history`), and FILE.py"
    )


def orders(kind: Kind) -> list[Order]:
    """All guards, or all of history."""
    if kind == "guards":
        from kmm.explore.guards import GUARDS

        return [Order(kind, name) for name in GUARDS]
    from kmm.explore.history import HISTORY

    return [Order(kind, str(number)) for number in HISTORY]


def work(order: Order, progress: Progress | None = None) -> Answer:
    """Explore what the order names; Ctrl-C, or `stop`, gives what is known so far."""
    subject = order.subject()

    def made_a_run(counts: Counts) -> None:
        if _stop is not None and _stop.is_set():
            raise KeyboardInterrupt
        if progress is not None:
            progress(counts)

    options: dict[str, Any] = {
        "seconds": order.seconds,
        "max_preemptions": order.max_preemptions,
        "progress": made_a_run,
    }
    if isinstance(subject, Case):
        verdict = explore(subject, **options)
        right = False if verdict.violation else verdict.complete or None
        data = verdict_as_json(verdict)
        return Answer(order, str(verdict), right, data, verdict.interrupted)
    judged = claims.judge(subject, **options)
    data = claims.as_json(judged)
    return Answer(order, in_words(judged, order.kind), _right(judged), data, judged.interrupted)


def answers(
    all_orders: Iterable[Order],
    executor: Executor | None = None,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> Iterator[Answer]:
    """The answers, in order, each when it is known; Ctrl-C ends them with what is known then.

    Without an executor they are worked out here.  `stop`: the event that its workers heed (see
    `heed`); without one, Ctrl-C does not wait for what they are at.
    """
    if executor is None:
        for order in all_orders:
            answer = work(order, progress)
            yield answer
            if answer.interrupted:
                return
        return
    futures: deque[Future[Answer]] = deque(executor.submit(work, one) for one in all_orders)
    try:
        while futures:
            answer = futures[0].result()
            futures.popleft()
            yield answer
    except KeyboardInterrupt:
        if stop is not None:
            stop.set()
        begun = [future for future in futures if not future.cancel()]
        for future in begun:
            if stop is not None or future.done():
                yield future.result()
    finally:
        for future in futures:
            future.cancel()


class Event(Protocol):
    """An event of threading or multiprocessing."""

    def is_set(self) -> bool: ...
    def set(self) -> None: ...


_stop: Event | None = None


def heed(stop: Event) -> None:
    """From now on this process gives up, as after Ctrl-C, when `stop` is set."""
    global _stop
    _stop = stop


def with_options(order: Order, seconds: float | None, max_preemptions: int) -> Order:
    """The order with other bounds."""
    return replace(order, seconds=seconds, max_preemptions=max_preemptions)


def broken_case(order: Order) -> Case:
    """The case that shows what breaks."""
    subject = order.subject()
    if isinstance(subject, Case):
        return subject
    return subject.breaks_without_both or subject.breaks


def _known(table: Mapping[str, T], name: str, what: str) -> T:
    if name not in table:
        raise KmmError(f"there is no {what} {name}; there are {', '.join(table)}")
    return table[name]


def _right(judged: Judged) -> bool | None:
    if judged.right:
        return True
    stopped = any(v.violation is None and not v.complete for v in judged.verdicts)
    return None if stopped else False


def in_words(judged: Judged, kind: Kind) -> str:
    """What was found of a claim: what it says, then a line for each of its cases."""
    claim = judged.claim
    fixes = " and ".join(claim.holds.fixes)
    backed = " and ".join(claim.backed_by)
    if kind == "history":
        labels = [f"mended ({fixes})", "as it was"]
    else:
        labels = [f"with it{f' ({fixes})' if fixes else ''}", "without it"]
    labels.append(f"without {backed} either")
    lines = [f"{claim.name}: {claim.says}"]
    lines += [f"  {label}: {_one(v)}" for label, v in zip(labels, judged.verdicts, strict=False)]
    if claim.note:
        lines.append(f"  {claim.note}")
    return "\n".join([*lines, f"  explored: {claim.scope}"])


def _one(verdict: Verdict) -> str:
    return str(verdict).removeprefix(f"{verdict.case.name}: ").replace("\n", "\n  ")
