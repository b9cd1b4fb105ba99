# SPDX-License-Identifier: GPL-2.0-only
"""The exercises: list them, derive what students get, try one out, begin a new one.

  kmm exercises                          what there is
  kmm exercises derive [FILE...]         exercises/ from solutions/; --check only compares,
                                         --seed N draws other numbers, --to DIR writes elsewhere
  kmm exercises check FILE               does the solution pass, the stub fail, and does each
                                         typical wrong answer get its feedback?
  kmm exercises new NAME                 a new one, as in "e15-lost-writes"

The status is 1 if something differs that --check compares, or if a check finds something wrong.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from kmm.cli.console import BAD, GOOD, QUIET, STRONG, out
from kmm.errors import KmmError

HOUSE = Path(__file__).resolve().parents[2]


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "action", nargs="?", choices=("list", "derive", "check", "new"), default="list"
    )
    command.add_argument("what", nargs="*", metavar="FILE", help="notebooks, or a new name")
    command.add_argument("--check", action="store_true", help="derive: write nothing, compare")
    command.add_argument("--seed", type=_seed, default=0, metavar="N", help="of the parameters (0)")
    command.add_argument("--to", metavar="DIR", help="derive: where to (exercises)")
    # argparse sees no FILE behind an option.
    command.set_defaults(takes_rest=True)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, not {text!r}")
    return int(text)


def obey(options: argparse.Namespace) -> int:
    for word in options.rest:
        if word.startswith("-"):
            raise KmmError(f"what is {word!r}? `kmm exercises --help` knows the options")
    options.what += options.rest
    if options.action == "list":
        return _list()
    if options.action == "derive":
        return _derive(options)
    if len(options.what) != 1:
        raise KmmError(f"kmm exercises {options.action} takes one name")
    if options.action == "new":
        return _new(options.what[0])
    return _check(Path(options.what[0]), options.seed)


def _list() -> int:
    from kmm.learn.book import exercise_of, names

    for name in names():
        exercise = exercise_of(name)
        out().line((name, STRONG), f"  {exercise.title}")
        for problem in exercise.problems:
            out().line(f"  {name}.{problem.name}  ", (problem.asks, QUIET))
    return 0


def _derive(options: argparse.Namespace) -> int:
    from kmm.learn.derive import derived

    to = Path(options.to) if options.to else HOUSE / "exercises"
    if options.seed and not options.to:
        raise KmmError("exercises/ has the seed 0; say with --to where others shall be written")
    given = [Path(name) for name in options.what]
    sources = given or sorted((HOUSE / "solutions").glob("*.ipynb"))
    if not sources:
        raise KmmError("there are no solutions here; they are part of kmm's sources")
    wrong = []
    wanted = {to / path.name: derived(path, options.seed) for path in sources}
    for path, text in wanted.items():
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            out().line(str(path))
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            wrong.append(f"{path} is not what its solution gives")
    if options.check and not given:
        more = sorted(set(to.glob("*.ipynb")) - set(wanted))
        wrong += [f"{path} has no solution" for path in more]
    for line in wrong:
        out().line((line, BAD))
    return 1 if wrong else 0


def _check(path: Path, seed: int) -> int:
    from kmm.learn.trial import tried

    right = True
    with tempfile.TemporaryDirectory() as folder:
        for finding in tried(path, Path(folder), seed):
            right = right and finding.right
            mark = ("right", GOOD) if finding.right else ("wrong", BAD)
            out().line(mark, f"  {finding.says}")
    return 0 if right else 1


def _new(name: str) -> int:
    from kmm.learn.template import files

    for path, text in files(name, HOUSE).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        out().line(str(path))
    return 0
