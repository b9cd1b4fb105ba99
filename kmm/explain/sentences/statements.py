# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about plain assignments, and about the BUG that stops the kernel."""

from __future__ import annotations

from collections.abc import Callable

from kmm.explain.scene import Scene
from kmm.explain.sentences.table import Table
from kmm.explain.words import word
from kmm.mm.nodemask import MAX_NUMNODES
from kmm.mm.sched import PF_SWAPWRITE


def _target(scene: Scene) -> tuple[str, str]:
    """The object and the field that are written."""
    object, _, field = str(scene.args["place"]).rpartition(".")
    return object, field


def _value(scene: Scene) -> str:
    return word(scene.args["value"], _target(scene)[1])


def plain(scene: Scene) -> str:
    """Any assignment, of which nothing is known but what it changes."""
    place, field = scene.args["place"], _target(scene)[1]
    for went in scene.went.values():
        if went.field != "exists":
            # A cell of a table is written as it stands in the record: m0.pte[0x401000].
            name = f"{went.object}{went.field}" if went.field.startswith("[") else place
            old, new = word(went.old, field), word(went.new, field)
            return f"{name} is set from {old} to {new}, by a plain assignment."
    return f"{place} is set to {_value(scene)}, which it was already, by a plain assignment."


def _index(scene: Scene) -> str:
    return f"{_target(scene)[0]} gets the index of {scene.call['page']}: {_value(scene)}."


def _mapping(scene: Scene) -> str:
    if scene.args["value"] is None:
        return f"{_target(scene)[0]} has not been used, so its mapping is taken away again: NULL."
    return f"{_target(scene)[0]} gets the mapping of {scene.call['page']}: {_value(scene)}."


def _left_mapping(scene: Scene) -> str:
    return (
        f"{_target(scene)[0]} has left its mapping to {scene.call['newpage']}, so its own is "
        f"{_value(scene)}."
    )


def _swapwrite(scene: Scene) -> str:
    task = _target(scene)[0]
    if scene.args["value"] & PF_SWAPWRITE:
        return f"{task} may write to swap even where the disk is congested, while it migrates."
    return f"{task} has migrated, so PF_SWAPWRITE is taken away from it again."


def _node(scene: Scene) -> str:
    element = _target(scene)[0]
    if element.endswith(f"[{scene.call.get('nr_pages')}]"):
        return f"{element} marks the end of the array, with node {_value(scene)}."
    if scene.args["value"] == MAX_NUMNODES:
        return f"{element} is to go to node {_value(scene)}, which is also the mark of the end."
    return f"The page of {element} is to go to node {_value(scene)}."


def _address(scene: Scene) -> str:
    return f"{_target(scene)[0]} is for the page at address {_value(scene)}."


def _page(scene: Scene) -> str:
    element = _target(scene)[0]
    if scene.value(f"{scene.args['value']}.PG_reserved"):
        return f"{element} is for {_value(scene)} for now, so that nobody takes it for another's."
    return f"{element} is for {_value(scene)} from now on."


def _isolated_status(scene: Scene) -> str:
    return f"The status of {_target(scene)[0]} is {_value(scene)} for now."


def _moved_status(scene: Scene) -> str:
    value = scene.args["value"]
    how = "the node of the new page" if value >= 0 else "the error that kept the page"
    return f"The status of {_target(scene)[0]} is {_value(scene)}, {how}."


#: What the kernel's own functions assign: by function and field.
ASSIGNMENTS: dict[tuple[str, str], Callable[[Scene], str]] = {
    ("move_to_new_page", "index"): _index,
    ("move_to_new_page", "mapping"): _mapping,
    ("migrate_page_copy", "mapping"): _left_mapping,
    ("migrate_pages", "flags"): _swapwrite,
    ("do_pages_move", "addr"): _address,
    ("do_pages_move", "node"): _node,
    ("do_move_page_to_node_array", "page"): _page,
    ("do_move_page_to_node_array", "status"): _isolated_status,
    ("unmap_and_move", "status"): _moved_status,
}


def _assignment(scene: Scene) -> str:
    return ASSIGNMENTS.get((scene.function, _target(scene)[1]), plain)(scene)


SENTENCES: Table = {"assign": _assignment}
