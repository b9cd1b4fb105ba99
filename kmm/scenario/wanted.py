# SPDX-License-Identifier: GPL-2.0-only
"""What a world wants of its arguments: one line asks, and what is wrong is told in one sentence.

What a scenario as JSON may say (checks/) a world built in Python may be told as well, and a little
more.  Who asks is fast when all is well: a world of a thousand pages asks ten thousand times.
"""

from __future__ import annotations

import inspect
import json
import operator
import re
import reprlib
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from kmm.errors import KmmError
from kmm.mm.page import PAGE_SIZE

if TYPE_CHECKING:
    from kmm.scenario.world import World

T = TypeVar("T")

USER_END = 1 << 47  # where user space ends on x86-64
LAST_INDEX = (1 << 52) - 1  # the last page of the largest file
LAST_SLOT = 4095  # of the swap area
LAST_ID = (1 << 32) - 1  # of a user
INT = 1 << 31  # an int of the C is below
LAST_ADDRESS = (1 << 64) - 1  # a program may pass any
MOST = 1_000_000  # references of others

_NAME = re.compile(r"[^\W\d][\w/-]{0,39}\Z")  # a trace and a schedule read names
_BOOL = frozenset([bool])
_KERNELS_OWN = re.compile(r"n(0|[1-9][0-9]*)\Z")


def wrong(sentence: str) -> KmmError:
    """What to raise: the sentence says what is wrong and what is right."""
    return KmmError(f"World: {sentence}")


def said(value: object) -> str:
    """The value as it is repeated in a sentence."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 40 else value[:37] + "...", ensure_ascii=False)
    return reprlib.repr(value) if isinstance(value, list | tuple | set | dict) else f"{value!r:.40}"


def whole(what: str, number: Any, least: int = 0, most: int | None = None) -> int:
    """The number, as an int: numpy's are taken too, a bool is none."""
    if type(number) is not int:
        if isinstance(number, bool) or not hasattr(number, "__index__"):
            raise wrong(f"{what} must be a whole number{_range(least, most)}, not {said(number)}")
        number = operator.index(number)
    if number < least or (most is not None and number > most):
        raise wrong(f"{what} must be a whole number{_range(least, most)}, not {number}")
    return int(number)


def _range(least: int, most: int | None) -> str:
    return f", {least} or more" if most is None else f" from {least} to {most}"


def truths(**given: Any) -> None:
    """Each is True or False; 1 and 0 stand for them, a text like "no" does not."""
    if _BOOL.issuperset(map(type, given.values())):
        return
    for what, value in given.items():
        if not _is_bit(value):
            raise wrong(f"{what} must be True or False, not {said(value)}")


def _is_bit(value: Any) -> bool:
    return isinstance(value, int) and value in (0, 1)


def among(what: str, value: Any, known: Collection[Any]) -> None:
    """The value is one of the known words; None may be one of them."""
    if not (value is None or isinstance(value, str)) or value not in known:
        *most, last = (said(each) for each in known)
        near = guess(value, known)
        raise wrong(f"{what} must be {', '.join(most)} or {last}, not {said(value)}{near}")


def flags(kind: str, given: Any, known: Collection[str]) -> tuple[str, ...]:
    """The names of flags, all of which there are."""
    names: tuple[Any, ...] = given
    if type(given) is not tuple:
        names = members("flags", given, f'names of flags, as in flags=["{next(iter(known))}"]')
    for name in names:
        if not isinstance(name, str) or name not in known:
            shown = name if isinstance(name, str) else said(name)
            near = guess(name, known)
            raise wrong(f"there is no {kind} flag {shown}{near}; there are {', '.join(known)}")
    return names


def guess(word: Any, known: Collection[Any]) -> str:
    """A question to hang on the sentence if there is a word that looks like it."""
    from kmm.scenario.checks.place import guess as nearest  # only who errs has to wait for it

    return nearest(word, [each for each in known if isinstance(each, str)])


def members(what: str, given: Any, wanted: str) -> tuple[Any, ...]:
    """What is in the list: a text, a dict or a single thing is none."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise wrong(f"{what} must be a list of {wanted}; it is {said(given)}")
    return tuple(given)


def node(world: World, what: str, nid: Any) -> int:
    """The number of a node that there is."""
    return node_of(len(world.kernel.zones), what, nid)


def node_of(nodes: int, what: str, nid: Any) -> int:
    """The number of one of so many nodes."""
    if type(nid) is int and 0 <= nid < nodes:
        return nid
    number = whole(what, nid, -INT, INT - 1)
    if not 0 <= number < nodes:
        there = "the only one is 0" if nodes == 1 else f"they are 0 to {nodes - 1}"
        raise wrong(f"{what}: there is no node {number}; {there}")
    return number


def nodes_of(nodes: int, what: str, given: Any) -> tuple[int, ...]:
    """Numbers of nodes that there are."""
    return tuple(node_of(nodes, what, nid) for nid in members(what, given, "nodes, as in [0]"))


def name(given: Any, taken: Mapping[str, Any]) -> str:
    """A name that nothing has: what a field of a trace can be called by."""
    if not isinstance(given, str) or not _NAME.match(given):
        rule = "a letter or _, then letters, digits, _, - or /, 40 at most"
        raise wrong(f"a name is {rule}, not {said(given)}")
    if given in taken:
        raise wrong(f"there is something called {given} already")
    if _KERNELS_OWN.match(given):
        raise wrong(f"{given} is a name the kernel gives to what it allocates; take another")
    return given


def numbers(what: str, given: Any, least: int, most: int) -> list[int]:
    """What a program passes to a system call: the kernel judges it, but it must be numbers."""
    listed = members(what, given, "numbers")
    return [whole(f"{what}[{i}]", number, least, most) for i, number in enumerate(listed)]


def frames_of(nodes: int, free: Any) -> list[int]:
    """The free frames of each node, from a number for all or from one for each."""
    if not isinstance(free, Iterable):
        return [whole("free", free, 0, INT - 1)] * nodes
    frames = [] if isinstance(free, str | bytes | Mapping) else list(free)
    if len(frames) != nodes:
        raise wrong(f"free must have a number for each of the {nodes} nodes, not {said(free)}")
    return [whole(f"free[{nid}]", number, 0, INT - 1) for nid, number in enumerate(frames)]


def bits(what: str, given: Any) -> tuple[int, int]:
    """Two bits."""
    pair = members(what, given, "two bits, as in (0, 1)")
    if len(pair) != 2 or not all(_is_bit(bit) for bit in pair):
        raise wrong(f"{what} must be two bits, as in (0, 1), not {said(given)}")
    return int(pair[0]), int(pair[1])


def operation(given: Any) -> None:
    """A function that can be called without arguments."""
    if not callable(given):
        raise wrong(f"run wants a function without arguments, as lambda: ..., not {said(given)}")
    if isinstance(given, partial):
        return
    try:
        inspect.signature(given).bind()
    except TypeError as error:
        raise wrong(f"run calls the function without arguments: {error}") from None
    except ValueError:
        pass  # a builtin without a signature: it will be tried as it is


def address(what: str, at: Any) -> int:
    """An address of user space where a page begins."""
    if type(at) is not int:
        at = whole(what, at)
    if not 0 <= at < USER_END:
        raise wrong(f"{what} must be one of user space, 0 to {USER_END - 1:#x}, not {at:#x}")
    if at % PAGE_SIZE:
        below = at - at % PAGE_SIZE
        raise wrong(
            f"{what} must be where a page begins, not {at:#x}: pages have {PAGE_SIZE} bytes, "
            f"and that one begins at {below:#x}"
        )
    return int(at)


def ours(world: World, what: str, thing: Any, kind: type[T]) -> T:
    """The thing, which is of that kind and of this world."""
    if not isinstance(thing, kind):
        raise wrong(f"{what} must be {_a(kind)}, not {said(thing)}{_way(world, thing, kind)}")
    home: Any = thing
    if home.machine is not world.machine:
        raise wrong(f"{what} must be {_a(kind)} of this world; {thing} is of another one")
    return thing


def _way(world: World, thing: Any, kind: type) -> str:
    """How to get what was meant, if a name was given or what stands behind or before it."""
    if isinstance(thing, str):
        shelf = {"Mm": world.mms, "File": world.files}.get(kind.__name__)
        found: Any = world.machine.objects if shelf is None else shelf
        shown = "" if shelf is None else f".{kind.__name__.lower()}s"
        if isinstance(found.get(thing), kind):
            return f"; w{shown}[{json.dumps(thing)}] is it"
    if isinstance(thing, int) and not isinstance(thing, bool) and kind.__name__ == "Page":
        return "; vma.touch(i) is page number i of a vma"
    return ""


def _a(kind: type) -> str:
    words = {"Mm": "an mm, as w.mm() makes it", "File": "a file, as w.file() makes it"}
    words["Page"] = "a page, as vma.touch() gives it"
    words["AnonVma"] = "an anon_vma, as w.anon_vma() makes it"
    return words.get(kind.__name__, f"a {kind.__name__}")
