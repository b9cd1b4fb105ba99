# SPDX-License-Identifier: GPL-2.0-only
"""The house: each room may import from the rooms above it in the list, and from no other.

The rule is read from the sources, not from a running import: an import inside a function or one
for type checkers crosses a layer just the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

KMM = Path(__file__).resolve().parents[1] / "kmm"

ROOMS = (
    "sim",
    "mm",
    "scenario",
    "explain",
    "explore",
    "show",
    "learn",
    "grade",
    "live",
    "cli",
)
#: Everybody may say that he is misused.
FOR_ALL = "errors"
#: The door knows every room, each when it is first asked for; nobody behind it may use it, except
#: for the command line, which stands where a person stands.
DOOR = ("__init__", "__main__")

#: What a plain `import kmm`, a run and its trace must do without.
HEAVY = ("numpy", "matplotlib", "ipywidgets", "greenlet", "IPython")

MODULES = sorted(KMM.rglob("*.py"))


def room_of(path: Path) -> str:
    """kmm/sim/trace.py is in "sim", kmm/live.py in "live"."""
    return path.relative_to(KMM).parts[0].removesuffix(".py")


def imported(node: ast.AST, path: Path) -> Iterator[str]:
    """The full names of the modules, or of things in them, that one statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = ["kmm", *path.relative_to(KMM).parent.parts]
        start = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*start, *filter(None, [node.module])])
        yield from (f"{base}.{alias.name}" for alias in node.names)


def imports(path: Path) -> list[str]:
    """All that a module imports, anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [name for node in ast.walk(tree) for name in imported(node, path)]


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported; those for type checkers do not."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
            yield from at_import(statement.orelse)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in ("body", "orelse", "finalbody"):
                yield from at_import(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", []):
                yield from at_import(handler.body)


def crossing(path: Path) -> list[str]:
    """What the module imports of kmm and may not."""
    room = room_of(path)
    if room in DOOR:
        return []
    allowed = {FOR_ALL}
    if room != FOR_ALL:
        allowed.update(ROOMS[: ROOMS.index(room) + 1])
    else:
        allowed.clear()
    if room == "cli":
        allowed.update(("", "__version__"))
    ours = [name.split(".") for name in imports(path) if name.split(".")[0] == "kmm"]
    return [".".join(name) for name in ours if [*name, ""][1] not in allowed]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(KMM.parent)))
def test_a_room_imports_only_from_the_rooms_above_it(path: Path) -> None:
    assert room_of(path) in (*ROOMS, *DOOR, FOR_ALL), "a new room needs its place in ROOMS"
    assert crossing(path) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(KMM.parent)))
def test_only_the_room_of_pictures_needs_heavy_packages_to_be_imported(path: Path) -> None:
    if room_of(path) == "show":
        return
    statements = at_import(ast.parse(path.read_text(encoding="utf-8")).body)
    names = {name.split(".")[0] for node in statements for name in imported(node, path)}
    assert names.isdisjoint(HEAVY)


def test_migrate_knows_nothing_of_recording_json_or_scenarios() -> None:
    parts = {part for name in imports(KMM / "mm" / "migrate.py") for part in name.split(".")}
    assert parts.isdisjoint({"recorder", "trace", "tracefile", "json", "scenario"})
