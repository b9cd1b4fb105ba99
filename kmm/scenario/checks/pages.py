# SPDX-License-Identifier: GPL-2.0-only
"""Rules for pages, and for what page tables hold.

A page that is mapped where rmap cannot find it, a frozen page, flags that never meet in real life:
all of these are worlds worth running. Refused is only what no machine could be built from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kmm.scenario.checks.known import require_address, require_known
from kmm.scenario.checks.place import ScenarioError
from kmm.scenario.spec import FileSpec, MmSpec, PageSpec, Spec


def require_pages(spec: Spec) -> None:
    """Each page is in order by itself, and no two are in one place."""
    files = {file.name: file for file in spec.files}
    for page in spec.pages:
        place = f"pages.{page.name}"
        require_known(f"{place}.file", page.file, files, "file")
        require_known(f"{place}.anon_vma", page.anon_vma, spec.anon_vmas, "anon_vma")
        _require_one_mapping(place, page)
        _require_one_use_of_private(place, page)
        _require_releasable(place, page, files)
        _require_holder(place, page)
    _require_own_places(spec)
    _require_room_in_pagevecs(spec)


def _require_one_mapping(place: str, page: PageSpec) -> None:
    if page.file is not None and page.anon_vma is not None:
        raise ScenarioError(f"{place}.anon_vma", "a page of a file is not anonymous")
    if page.file is not None and page.swap is not None:
        raise ScenarioError(f"{place}.swap", "a page of a file is not in the swap cache")


def _require_one_use_of_private(place: str, page: PageSpec) -> None:
    """`page->private` is one word: a swap slot, or the first buffer head, or the fs's own."""
    if page.swap is not None and page.buffers:
        raise ScenarioError(f"{place}.buffers", "a page in the swap cache has no room for buffers")
    if page.fs_private and page.buffers:
        raise ScenarioError(f"{place}.fs_private", "a page with buffers has no other private data")


def _require_releasable(place: str, page: PageSpec, files: Mapping[str, FileSpec]) -> None:
    """Private data that is no ring of buffers must meet only code that does not take it for one."""
    if not page.fs_private:
        return
    file = None if page.file is None else files[page.file]
    if file is None or file.releasepage is None or file.migratepage == "buffer_migrate_page":
        raise ScenarioError(
            f"{place}.fs_private",
            "only pages of a file with releasepage and without buffer_migrate_page can have this",
        )


def _require_holder(place: str, page: PageSpec) -> None:
    held = page.maps or page.file or page.swap or page.buffers or page.fs_private or page.pins
    if not held and page.lru != "pagevec":
        raise ScenarioError(
            place,
            "nobody holds it; a page needs a pte, cache, buffers, fs_private, pagevec or pin",
        )


def _require_own_places(spec: Spec) -> None:
    """One page for each index of a file, one for each swap slot."""
    indices: dict[tuple[str, int], str] = {}
    slots: dict[int, str] = {}
    for page in spec.pages:
        if page.file is not None:
            other = indices.setdefault((page.file, page.index), page.name)
            if other != page.name:
                sentence = f"page {page.index} of {page.file} is {other} already"
                raise ScenarioError(f"pages.{page.name}.index", sentence)
        if page.swap is not None:
            other = slots.setdefault(page.swap, page.name)
            if other != page.name:
                sentence = f"slot {page.swap} holds {other} already"
                raise ScenarioError(f"pages.{page.name}.swap", sentence)


def _require_room_in_pagevecs(spec: Spec) -> None:
    """A pagevec that reaches its size is flushed at once, so none can be found that full."""
    waiting: Counter[tuple[bool, bool]] = Counter()
    for page in spec.pages:
        if page.lru != "pagevec":
            continue
        anon = page.anon_vma is not None or page.swap is not None or "swapbacked" in page.flags
        pagevec = (anon, "active" in page.flags)
        waiting[pagevec] += 1
        if waiting[pagevec] >= spec.pagevec_size:
            raise ScenarioError(
                f"pages.{page.name}.lru",
                f"its pagevec would be full with this page (pagevec_size {spec.pagevec_size})",
            )


def require_page_tables(spec: Spec) -> None:
    """Each pte lies where one can be, and none where another one is; maps also lie in a vma."""
    mms = {mm.name: mm for mm in spec.mms}
    taken: dict[tuple[str, int], str] = {}
    for page in spec.pages:
        for i, pte in enumerate(page.maps):
            place = f"pages.{page.name}.maps[{i}]"
            require_known(f"{place}.mm", pte.mm, mms, "mm")
            require_address(f"{place}.addr", pte.addr)
            if not any(vma.start <= pte.addr < vma.end for vma in mms[pte.mm].vmas):
                raise ScenarioError(f"{place}.addr", f"in no vma of {pte.mm}")
            _require_free(f"{place}.addr", (pte.mm, pte.addr), f"{page.name} is mapped", taken)
    for mm in spec.mms:
        _require_ptes(mm, spec, taken)


def _require_ptes(mm: MmSpec, spec: Spec, taken: dict[tuple[str, int], str]) -> None:
    pages = [page.name for page in spec.pages]
    for i, pte in enumerate(mm.ptes):
        place = f"mms.{mm.name}.ptes[{i}]"
        require_address(f"{place}.addr", pte.addr)
        if isinstance(pte.value, str):
            require_known(f"{place}.migration", pte.value, pages, "page")
        _require_free(f"{place}.addr", (mm.name, pte.addr), f"ptes[{i}] is put", taken)


def _require_free(
    place: str, where: tuple[str, int], what: str, taken: dict[tuple[str, int], str]
) -> None:
    if where in taken:
        raise ScenarioError(place, f"{taken[where]} at {where[1]:#x} of {where[0]} already")
    taken[where] = what
