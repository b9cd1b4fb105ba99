# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about page tables, the entries in them, and the way from a page to its ptes."""

from __future__ import annotations

from kmm.explain.scene import Scene
from kmm.explain.sentences.table import OTHER, Table
from kmm.explain.words import access, bits, moving, pte, writable
from kmm.mm.pgtable import pte_t


def _level(scene: Scene) -> str:
    """pgd_offset, pud_offset, pmd_offset: is there a table behind?"""
    pointer = scene.result
    there = scene.value(f"{pointer.mm}.{pointer.level}[{pointer.address:#x}]")
    if there:
        return f"On the way to {{address}}, {pointer.mm} has a table behind its {pointer.level}."
    return (
        f"{pointer.mm} has no table behind its {pointer.level} entry for {{address}}, so nothing "
        "is there."
    )


def _first_look(scene: Scene) -> str:
    """pte_offset_map: what the pte holds before its lock is taken."""
    pointer = scene.result
    holds = scene.value(f"{pointer.mm}.pte[{pointer.address:#x}]") or pte_t()
    return f"Look without the lock at {{result}}: it holds {pte(holds)}."


def _set_pte(scene: Scene) -> str:
    new: pte_t = scene.args["pte"]
    where = "The pte at {address} of {mm}"
    if new.page is not None:
        return f"{where} maps {new.page}{_access_again(scene, new)}."
    if new.entry is not None and moving(new.entry):
        was = access(writable(new.entry))
        return (
            f"{where} holds a migration entry for {new.entry.offset}, which remembers that it was "
            f"{was}: whoever touches it has to wait."
        )
    if new.entry is not None:
        return f"{where} holds the swap entry of slot {new.entry.offset}: a fault finds the page."
    if new.pgoff is not None:
        return f"{where} remembers that index {new.pgoff} of the file belongs there."
    return f"{where} is empty from now on."


def _access_again(scene: Scene, new: pte_t) -> str:
    """How a pte that maps a page again compares with what it was."""
    held = scene.cell.old.entry if isinstance(scene.cell.old, pte_t) else None
    again = " again" if held is not None and held.offset == new.page else ""
    if held is None or not moving(held):
        return f", {access(new.write)}"
    if writable(held) == new.write:
        return f"{again}, {access(new.write)} as before"
    return f"{again}, {access(new.write)}, because the protection of its vma says so"


def _map_count(scene: Scene) -> str:
    """page_remove_rmap, page_add_anon_rmap, page_add_file_rmap."""
    went = scene.went["_mapcount"]
    less = went.new < went.old
    text = f"One pte {'less' if less else 'more'} maps {{page}}: its mapcount goes "
    return f"{text}{went.old + 1} → {went.new + 1}{scene.counters()}."


def _present(scene: Scene) -> str:
    """is_swap_pte, where it does not hold."""
    held: pte_t = scene.args["pte"]
    if held == pte_t():
        return "The pte is empty, so it holds neither a migration entry nor a swap entry."
    return "The pte holds {pte}, and so neither a migration entry nor a swap entry."


SENTENCES: Table = {
    # The way down.
    "pgd_offset": _level,
    "pud_offset": _level,
    "pmd_offset": _level,
    "pte_offset_map": _first_look,
    "pte_unmap": "Give the pointer to {ptep} back.",
    ("pte_unmap", "remove_migration_pte"): "Leave {ptep} alone: there is no entry to be replaced.",
    "pte_lockptr": "The lock of the ptes of {mm} is {result}.",
    # Ptes.
    "set_pte_at": _set_pte,
    "ptep_clear_flush": "Empty {ptep}, which held {result}, and let every TLB forget it: from now "
    "on no CPU reaches the page through it.",
    "ptep_clear_flush_young": {
        0: "{ptep} has not been used since the last look: it is old, and may go.",
        OTHER: "{ptep} has been used since the last look: it is old from now on, but stays.",
    },
    "is_swap_pte": {0: _present, OTHER: "The pte is not present: it holds {pte}."},
    "mk_pte": lambda s: (
        f"Make a pte for {{page}}: {bits(s.result)}, with the write bit that the vma allows."
    ),
    "pte_mkold": lambda s: (
        f"Clear the young bit of the new pte for {s.result.page}: nobody has used it yet."
    ),
    "pte_mkwrite": lambda s: f"Set the write bit of the new pte for {s.result.page}.",
    ("pte_mkwrite", "remove_migration_pte"): lambda s: (
        f"Set the write bit of the new pte for {s.result.page}, for the old one had it."
    ),
    "flush_cache_page": "Let caches that go by virtual address forget {pfn} at {address}, for "
    "which x86 has nothing to do.",
    "update_mmu_cache": "Let a software TLB learn of {address} in {vma}, for which x86 has nothing "
    "to do.",
    # Entries.
    "pte_to_swp_entry": "Take the entry out of the pte: {result}.",
    "is_migration_entry": {
        0: "The pte does not hold a migration entry but {entry}.",
        OTHER: "The pte holds {entry}, so its page is on the way to another frame.",
    },
    "is_write_migration_entry": {
        0: "The pte was not writable before, for it holds {entry}.",
        OTHER: "The pte was writable before, for it holds {entry}.",
    },
    "migration_entry_to_page": "The entry stands for {result}, which is locked, as it must be.",
    "swap_duplicate": lambda s: f"One user more, a pte, has {{entry}}: {s.cell}.",
    "swap_free": "One user less has {entry}.",
    # Reverse mapping.
    "page_address_in_vma": lambda s: (
        "{page} belongs at {result} in {vma}."
        if s.result >= 0
        else "{page} does not belong anywhere in {vma} ({result}), so nothing is to be done there."
    ),
    "page_remove_rmap": _map_count,
    "page_add_anon_rmap": _map_count,
    "page_add_file_rmap": _map_count,
    "inc_mm_counter": lambda s: (
        f"{{mm}} has one page more in {{member}}: {s.went[s.args['member']]}."
    ),
    "dec_mm_counter": lambda s: (
        f"{{mm}} has one page less in {{member}}: {s.went[s.args['member']]}."
    ),
}
