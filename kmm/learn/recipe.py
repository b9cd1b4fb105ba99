# SPDX-License-Identifier: GPL-2.0-only
"""Recipe: a world and what goes wrong in it, chosen by name, as the code that makes it.

The workbench runs this very code and shows it, so that what is copied from there is what was run.
"""

from __future__ import annotations

from dataclasses import dataclass

from kmm.errors import KmmError
from kmm.explore.guards import GUARDS

#: What can be migrated, and the lines that make `page`, a page of it that `mm` maps.
KINDS: dict[str, tuple[str, ...]] = {
    "anonymous": ("page = mm.mmap().touch(0{flags})",),
    "in the swap cache": ("page = mm.mmap().touch(0, swap=17{flags})",),
    "of a file": (
        "file = w.file()",
        "vma = mm.mmap(file=file, flags={shared})",
        "page = vma.touch(0, write={dirty}{flags})",
    ),
    "of a file, with buffers": (
        'file = w.file(migratepage="buffer_migrate_page")',
        "vma = mm.mmap(file=file, flags={shared})",
        "page = vma.touch(0, write={dirty}{flags})",
        "w.add_buffers(page, 4)",
    ),
    "of a file without migratepage": (
        'file = w.file(migratepage=None, writepage="ok")',
        "vma = mm.mmap(file=file, flags={shared})",
        "page = vma.touch(0, write={dirty}{flags})",
    ),
}

SHARED = '("READ", "WRITE", "SHARED")'

#: What can go wrong: the line that makes it so, and what ends it when its attempt comes.
TROUBLES: dict[str, tuple[str, str]] = {
    "nothing": ("", ""),
    "somebody holds a reference": ("w.pin(page)", "unpin"),
    "somebody holds the page lock": ("w.lock(page)", "unlock"),
    "the page is being written to disk": ("", "end_writeback"),
    "the other node is full": ("", ""),
    "a guard is taken away": ("", ""),
}

PASSES = 10


@dataclass(frozen=True)
class Recipe:
    """What is chosen.

    `kind`: of KINDS.  `mappers`: how many processes map the page.  `to_node`: 0, where it is, to 2.
    `dirty`: a program has written to it (a page of a file).  `trouble`: of TROUBLES; `until`: how
    many attempts it lasts, 10: for ever.  `guard`: of GUARDS; with it, the rest does not matter,
    for each guard has the smallest world in which it is needed.

    Raises KmmError for what there is not.
    """

    kind: str = "anonymous"
    mappers: int = 1
    to_node: int = 1
    dirty: bool = False
    trouble: str = "nothing"
    until: int = 3
    guard: str = next(iter(GUARDS))

    def __post_init__(self) -> None:
        for name, table in (("kind", KINDS), ("trouble", TROUBLES), ("guard", GUARDS)):
            chosen = getattr(self, name)
            if not isinstance(chosen, str) or chosen not in table:
                raise KmmError(f"there is no {name} {chosen!r}; there are {', '.join(table)}")
        for name, most, least in (("mappers", 8, 1), ("to_node", 2, 0), ("until", PASSES, 1)):
            number = getattr(self, name)
            whole = isinstance(number, int) and not isinstance(number, bool)
            if not (whole and least <= number <= most):
                raise KmmError(f"{name} is a number from {least} to {most}, not {number!r}")

        if not isinstance(self.dirty, bool):
            raise KmmError(f"dirty is True or False, not {self.dirty!r}")

    @property
    def code(self) -> str:
        """Python that leaves the trace in `trace`."""
        return "\n".join(self._guard() if self._without_guard else self._world()) + "\n"

    @property
    def _without_guard(self) -> bool:
        return self.trouble == "a guard is taken away"

    def _guard(self) -> list[str]:
        return [
            "from kmm.explore import judge",
            "from kmm.explore.guards import GUARDS",
            "",
            f'found = judge(GUARDS["{self.guard}"])',
            "trace = found.broken.trace",
        ]

    def _world(self) -> list[str]:
        begins, ends = TROUBLES[self.trouble]
        full = f", free={self._free()}" if self.trouble == "the other node is full" else ""
        flags = ', flags=("uptodate", "writeback")' if ends == "end_writeback" else ""
        lines = ["import kmm", "", f"w = kmm.World(nodes=3{full})", "mm = w.mm()"]
        lines += [
            line.format(shared=SHARED, dirty=self.dirty, flags=flags) for line in KINDS[self.kind]
        ]
        lines += ["mm.fork()"] * (self.mappers - 1)
        lines += [begins] if begins else []
        if ends and self.until < PASSES:
            lines.append(f'w.meanwhile(page, "{ends}", attempt={self.until})')
        return [*lines, "", f"run = w.migrate_pages(page, to_node={self.to_node})",
                "trace = run.trace"]  # fmt: skip

    def _free(self) -> list[int]:
        return [0 if node == self.to_node else 100 for node in range(3)]
