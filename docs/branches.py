# SPDX-License-Identifier: GPL-2.0-only
"""Which branches of kmm/mm/migrate.py a run takes, measured by running.

A *condition* is what decides where the code goes on: the test of an `if`, `while` or conditional
expression, the argument of BUG_ON and VM_BUG_ON, and each operand of an `and` or `or` among them,
because C stops at the operand that decides.  A `for` holds when its body is entered and does not
when it comes to its end.  Each condition has two outcomes, and each outcome is a branch.  (A goto
is in one of them: all stand in the body of an `if`.)

To measure, every function of migrate.py is read as `ast`, each condition is wrapped so that it
says how it came out, and the result takes the function's place by `replace`.  `while True` decides
nothing and is left out; the `break` that ends it has its own `if`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import kmm
from kmm.mm import migrate
from kmm.scenario import Scenario, library

SOURCE = Path(migrate.__file__)


class Condition(NamedTuple):
    """A place where `function` decides; `nth` tells apart those with one and the same text."""

    function: str
    text: str
    nth: int
    #: "if", "while", "for", "BUG_ON", ...; of an operand also which one it is.
    where: str

    def __str__(self) -> str:
        again = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.function}: {self.text}{again}"


class Branch(NamedTuple):
    """A condition that holds, or does not."""

    condition: Condition
    holds: bool


class Measured(NamedTuple):
    """A function that says how its conditions come out."""

    name: str
    definition: ast.FunctionDef
    conditions: tuple[Condition, ...]


CONDITION, REACHED = "_condition_", "_reached_"


class _Marker(ast.NodeTransformer):
    """Wraps the conditions of one function."""

    def __init__(self, function: str) -> None:
        self.function = function
        self.conditions: list[Condition] = []
        self._texts: Counter[str] = Counter()

    def _new(self, text: str, where: str) -> ast.expr:
        self._texts[text] += 1
        self.conditions.append(Condition(self.function, text, self._texts[text], where))
        return ast.Constant(len(self.conditions) - 1)

    def _mark(self, test: ast.expr, where: str) -> ast.expr:
        """`test` with each of its operands wrapped."""
        if isinstance(test, ast.BoolOp):
            of = len(test.values)
            test.values = [
                self._mark(operand, f"{where}, {nth} of {of}")
                for nth, operand in enumerate(test.values, start=1)
            ]
            return test
        if isinstance(test, ast.Constant):
            return test
        number = self._new(ast.unparse(test), where)
        return ast.Call(ast.Name(CONDITION, ast.Load()), [number, self.visit(test)], [])

    def _reach(self, number: ast.expr, *, holds: bool) -> ast.stmt:
        call = ast.Call(ast.Name(REACHED, ast.Load()), [number, ast.Constant(holds)], [])
        return ast.Expr(call)

    def visit_If(self, node: ast.If) -> ast.If:
        node.test = self._mark(node.test, "if")
        node.body = [self.visit(statement) for statement in node.body]
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        node.test = self._mark(node.test, "while")
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.IfExp:
        node.test = self._mark(node.test, "if")
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        head = f"{ast.unparse(node.target)} in {ast.unparse(node.iter)}"
        number = self._new(head, "for")
        node.body = [self.visit(statement) for statement in node.body]
        node.body.insert(0, self._reach(number, holds=True))
        node.orelse.insert(0, self._reach(number, holds=False))
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Name) and node.func.id in ("BUG_ON", "VM_BUG_ON"):
            (argument,) = node.args
            if isinstance(argument, ast.Lambda):
                argument.body = self._mark(argument.body, node.func.id)
            else:
                node.args = [self._mark(argument, node.func.id)]
            return node
        self.generic_visit(node)
        return node


@cache
def measured() -> tuple[Measured, ...]:
    """The functions of migrate.py in their order, with marked conditions."""
    module = ast.parse(SOURCE.read_text(encoding="utf-8"))
    functions = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            marker = _Marker(node.name)
            node.body = [marker.visit(statement) for statement in node.body]
            node.decorator_list = []
            functions.append(Measured(node.name, node, tuple(marker.conditions)))
    return tuple(functions)


def conditions() -> tuple[Condition, ...]:
    """All conditions of migrate.py, in the order of the source."""
    return tuple(condition for function in measured() for condition in function.conditions)


@contextmanager
def measuring() -> Iterator[set[Branch]]:
    """Inside, the branches that are taken gather in a set."""
    taken: set[Branch] = set()
    bodies: dict[str, Any] = {}
    for function in measured():
        own = function.conditions

        def reached(number: int, holds: bool, own: tuple[Condition, ...] = own) -> None:
            taken.add(Branch(own[number], holds))

        def condition(number: int, value: Any, own: tuple[Condition, ...] = own) -> Any:
            taken.add(Branch(own[number], bool(value)))
            return value

        future = ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
        module = ast.fix_missing_locations(ast.Module([future, function.definition], []))
        names = {**vars(migrate), CONDITION: condition, REACHED: reached}
        exec(compile(module, str(SOURCE), "exec"), names, bodies)
    bodies = {name: body for name, body in bodies.items() if name != "annotations"}
    with kmm.replace(**bodies):
        yield taken


#: The branches that cannot be taken, by function, condition and outcome.
UNREACHABLE: dict[tuple[str, str, bool], str] = {
    ("remove_anon_migration_ptes", "not mapping", True): (
        "The only caller, remove_migration_ptes, has just seen PageAnon, which is a bit of "
        "page->mapping. The page is locked, and the mapping of an anonymous page does not change "
        "while it is."
    ),
    ("remove_anon_migration_ptes", "mapping & PAGE_MAPPING_ANON == 0", True): (
        "For the same reason: the bit that is tested is the one for which the function was called."
    ),
    ("migrate_page_move_mapping", "radix_tree_deref_slot(pslot) is not page", True): (
        "Whoever takes a page out of the radix tree (truncation, reclaim, the swap cache) holds "
        "the page lock, and here migration holds it, so the page is still where page_index says. "
        "Only a caller who does without the lock can get here."
    ),
    ("unmap_and_move", "not PageAnon(page)", False): (
        "page->mapping was NULL in the `if` around it, and PageAnon is a bit of page->mapping. The "
        "page is locked, and nobody may give it a mapping meanwhile."
    ),
    ("new_page_node", "private[i].node != MAX_NUMNODES", False): (
        "The end of the array is never reached: a page is on the list only because "
        "do_move_page_to_node_array has put it into an element, and nobody changes that element."
    ),
    ("new_page_node", "pm.node == MAX_NUMNODES", True): (
        "The search before it has always stopped at the page's own element. C would return NULL, "
        "which unmap_and_move takes for a lack of memory."
    ),
    ("do_move_page_to_node_array", "pp in pm", False): (
        "The array always has its end marker, the element whose node is MAX_NUMNODES, and the `if` "
        "below leaves the loop there. In C both are one: the condition of the `for`."
    ),
    ("do_pages_move", "nodes", False): (
        "sys_move_pages calls do_pages_move only if nodes is not NULL, and do_pages_stat otherwise."
    ),
    ("migrate_vmas", "not err", False): (
        "An error has left the loop by `break` before the condition is evaluated again."
    ),
}


def reason(branch: Branch) -> str | None:
    """Why the branch cannot be taken, None if it can."""
    condition = branch.condition
    if condition.nth > 1:
        return None
    return UNREACHABLE.get((condition.function, condition.text, branch.holds))


class Found(NamedTuple):
    """What the runs of many scenarios took, and the shortest of them that took it."""

    entered: dict[str, str]
    taken: dict[Branch, str]


def find(scenarios: dict[str, Scenario]) -> Found:
    """Run the scenarios; of those that take a branch, the one with the fewest steps is kept."""
    lengths: dict[str, int] = {}
    entered: dict[str, list[str]] = {}
    taken: dict[Branch, list[str]] = {}
    for name, scenario in scenarios.items():
        with measuring() as branches:
            run = scenario.run()
        lengths[name] = len(run.trace)
        for site in set(run.trace.columns.call_site):
            entered.setdefault(run.trace.called(site).name, []).append(name)
        for branch in branches:
            taken.setdefault(branch, []).append(name)

    def shortest(names: list[str]) -> str:
        return min(names, key=lengths.__getitem__)

    return Found(
        {function: shortest(names) for function, names in entered.items()},
        {branch: shortest(names) for branch, names in taken.items()},
    )


@cache
def found() -> Found:
    """What the scenarios of the library take."""
    return find({name: kmm.load(name) for name in library.names()})
