# SPDX-License-Identifier: GPL-2.0-only
"""Which move does harm: what each of them needs, seen in the state just before it.

No order is compared with another.  A move needs something because another CPU could come in
between; here none does, so the need is read off the state.  Every order that is safe passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kmm.learn.bekernel.moves import (
    NEW,
    OLD,
    Move,
    cache_of,
    is_entry_for,
    pages_in,
    pte_of,
    vmas_of,
)
from kmm.learn.bekernel.play import Play
from kmm.mm.page import Page


@dataclass(frozen=True)
class Harm:
    """`sign` is a fact of the outcome, `says` a sentence, `lecture` where to read about it."""

    sign: str
    says: str
    lecture: str


@dataclass
class Watch:
    """What you have done so far, as far as the state does not tell it."""

    play: Play
    mine: set[str] = field(default_factory=set)
    given_back: set[str] = field(default_factory=set)
    #: The count was looked at (or frozen) when no pte mapped the page: what was expected or not.
    looked: bool | None = None
    copied: bool = False
    kept: int = 0

    @property
    def old(self) -> Page:
        """The page that moves."""
        return self.play.world[OLD]  # type: ignore[no-any-return]

    @property
    def new(self) -> Page | None:
        """The page that was allocated for it."""
        return self.play.world.machine.objects.get(NEW)

    @property
    def slot(self) -> Page | None:
        """Which of the two is in the cache's slot; None without a cache."""
        mapping = cache_of(self.play.world)
        return next(iter(pages_in(mapping)), None) if mapping else None

    @property
    def entries(self) -> int:
        """How many migration entries stand for the page."""
        return sum(is_entry_for(self.old, pte_of(vma)) for vma in vmas_of(self.play.world))

    @property
    def expected(self) -> int:
        """The references that may be there when no pte maps the page: yours and the cache's."""
        return 1 + (self.slot is self.old)

    @property
    def moved(self) -> bool:
        """The new page stands where the old one stood, or has its contents."""
        return self.copied or (self.slot is not None and self.slot is self.new)

    def keeps(self, page: Page) -> bool:
        """It cannot be freed: a reference is yours, or you have locked it in its cache."""
        return page.name in self.mine or (bool(page.PG_locked) and self.slot is page)

    def made(self, move: Move, result: object) -> None:
        """The move has been made."""
        if move.name == "isolate_lru_page" and result == 0:
            self.mine.add(OLD)
        elif move.name == "alloc_pages_node":
            self.mine.add(NEW)
        elif move.name == "putback_lru_page":
            self.mine.discard(move.page)
            self.given_back.add(move.page)
        elif move.name == "page_count" and self.old._mapcount < 0:
            self.looked = result == self.expected
        elif move.name == "page_freeze_refs" and self.old._mapcount < 0:
            # What was refused to a wrong number tells nothing of others.
            if result or move.count == self.expected:
                self.looked = bool(result)
            self.kept = move.count if result else self.kept
        elif move.name == "migrate_page_copy":
            self.copied = True

    def before(self, move: Move) -> Harm | None:
        """What the move does that must not be done in this state; the first if several."""
        return next(self._wrong(move), None)

    def _wrong(self, move: Move) -> Iterator[Harm]:
        if move.page and move.name not in ("isolate_lru_page", "page_count"):
            yield from self._own(move)
        rule = getattr(self, f"_{move.name.strip('_')}", None)
        if rule is not None:
            yield from rule(move)

    def _own(self, move: Move) -> Iterator[Harm]:
        for page in filter(None, (self.old, self.new)):
            if page.name != move.page or self.keeps(page):
                continue
            if page.name in self.given_back:
                says = (
                    f"you have put {page.name} back: your reference has gone, and the page may be "
                    "free by now"
                )
                yield Harm(f"{page.name} is not yours any more", says, "08")
            else:
                says = (
                    f"nothing keeps {page.name} for you: isolate_lru_page() takes it off its list, "
                    "with a reference of your own"
                )
                yield Harm("no reference", says, "08")

    def _unlocked(self, page: Page, why: str, lecture: str) -> Iterator[Harm]:
        if not page.PG_locked:
            yield Harm(f"{page.name} not locked", f"{page.name} is not locked: {why}", lecture)

    def _try_to_unmap_one(self, move: Move) -> Iterator[Harm]:
        why = "who touches the memory finds the entry, and waits for the page lock, which is free"
        yield from self._unlocked(self.old, why, "03")

    def _prepare(self, move: Move) -> Iterator[Harm]:
        why = "truncate may take the page out of its mapping at this moment"
        yield from self._unlocked(self.old, why, "09")

    def _page_freeze_refs(self, move: Move) -> Iterator[Harm]:
        if move.count != self.old._count:
            return
        if self.old._mapcount >= 0:
            says = "a pte still maps p0: a program goes on writing to it while you copy"
            yield Harm("frozen while mapped", says, "05")
        elif move.count > self.expected:
            says = (
                f"you expect {move.count} references, and {self.expected} are yours and the "
                "cache's: somebody else holds p0, and goes on using it"
            )
            yield Harm("froze a foreign reference", says, "05")

    def _radix_tree_replace_slot(self, move: Move) -> Iterator[Harm]:
        yield from self._unlocked(self.old, "truncate may empty the slot at this moment", "09")
        new, mapping = self.new, cache_of(self.play.world)
        if new is None or mapping is None:
            return
        why = "from now on a lookup finds it, and it holds nothing yet: only its lock makes it wait"
        yield from self._unlocked(new, why, "05")
        if new.mapping is None:
            says = "a lookup finds n0 in the slot, and n0 does not say where it belongs"
            yield Harm("n0 without mapping", says, "05")
        if mapping.tree_lock.owner is None:
            says = "the slot is changed without tree_lock: another CPU may be changing the tree"
            yield Harm("no tree_lock", says, "05")
        if self.old._mapcount >= 0:
            says = "a pte still maps p0, and has a reference: so the freeze was refused"
            yield Harm("still mapped", says, "05")
        elif self.looked is False:
            says = (
                "page_freeze_refs() gave 0: somebody else holds p0. From here you can only put "
                "everything back"
            )
            yield Harm("the freeze was refused", says, "05")
        elif self.old._count:
            says = (
                "the count of p0 is not frozen: a lookup takes a reference now, and writes to a "
                "page that is no longer the file's"
            )
            yield Harm("not frozen", says, "05")

    def _page_unfreeze_refs(self, move: Move) -> Iterator[Harm]:
        right = (self.kept, self.kept - 1) if self.slot is self.new else (self.kept,)
        if move.count not in right:
            says = (
                f"you set the count to {move.count}, and {self.kept} was frozen: now a reference "
                "is there that nobody has, or the other way round"
            )
            yield Harm("thawed to another count", says, "05")

    def _put_page(self, move: Move) -> Iterator[Harm]:
        if self.slot is self.old:
            says = "the cache still has p0, and its reference is not yours to drop"
            yield Harm("dropped a reference of the cache", says, "02")
        elif self.old._count <= 1:
            says = "the one reference that p0 still has is your own"
            yield Harm("dropped the last reference", says, "02")

    def _migrate_page_copy(self, move: Move) -> Iterator[Harm]:
        if self.old._mapcount >= 0:
            says = "a pte still maps p0: what a program writes there after the copy is lost"
            yield Harm("copied while mapped", says, "05")
        yield from self._unlocked(self.old, "somebody may be writing to it with write(2)", "05")
        if self.slot is self.old:
            says = (
                "behind the copy there is no way back, and the cache still has p0: somebody may "
                "hold it. First the new page has to take its slot"
            )
            yield Harm("copied before the slot", says, "05")
        elif self.slot is None and self.looked is None:
            says = (
                "you have not looked whether anybody else holds p0 now that no pte maps it: "
                "whoever does writes to the old page"
            )
            yield Harm("copied without a look", says, "05")
        elif self.slot is None and not self.looked:
            says = "the count has told you that somebody else holds p0: he writes to the old page"
            yield Harm("copied a page that is held", says, "05")
        if self.new is not None:
            why = "who finds it can use it before it is ready"
            yield from self._unlocked(self.new, why, "09")
            if self.new.mapping is None:
                says = "n0 does not say where it belongs, and after the copy p0 cannot tell it"
                yield Harm("n0 without mapping", says, "05")

    def _remove_migration_pte(self, move: Move) -> Iterator[Harm]:
        if move.onto == OLD:
            if self.moved:
                says = "p0 has been left behind already: the program would go on with the old page"
                yield Harm("undone too late", says, "09")
            return
        if self.slot is self.old:
            says = "the cache still has p0, and this pte would map another page"
            yield Harm("mapped before the slot", says, "05")
        if not self.copied:
            says = "n0 holds nothing yet: the program would read an empty page"
            yield Harm("mapped before the copy", says, "05")
        if self.new is not None:
            why = "while ptes still wait to be restored, truncate must be kept out"
            yield from self._unlocked(self.new, why, "09")

    def _unlock_page(self, move: Move) -> Iterator[Harm]:
        if move.page == OLD and self.entries:
            says = (
                "a migration entry still stands for p0: who finds it waits for this lock, and now "
                "goes on for nothing"
            )
            yield Harm("unlocked with entries", says, "03")
        if move.page == OLD and not self.old._count:
            says = "the count of p0 is still frozen"
            yield Harm("unlocked while frozen", says, "05")
        new = self.new
        if move.page == NEW and self.moved and new is not None:
            if self.entries:
                says = "n0 is unlocked before every pte maps it: truncate misses the ptes to come"
                yield Harm("n0 unlocked with entries", says, "09")
            if not self.copied:
                says = "n0 can be found in the cache, and holds nothing yet"
                yield Harm("n0 unlocked before the copy", says, "05")
            if self.slot is new and new._count < 2 + new._mapcount + 1:
                says = "the cache has n0, and no reference on it: get_page() is missing"
                yield Harm("the cache without its reference", says, "05")
            if self.slot is new and isinstance(new.private, int) and self._no_swap_slot(new):
                says = "n0 is in the swap cache, and does not say so: a fault will not know it"
                yield Harm("n0 without PG_swapcache", says, "07")

    def _no_swap_slot(self, new: Page) -> bool:
        return self.play.setting.kind == "swap cache" and not new.PG_swapcache

    def _putback_lru_page(self, move: Move) -> Iterator[Harm]:
        if move.page == OLD and self.entries and self.slot is not self.old:
            says = (
                "a migration entry still stands for p0, and you give away the reference that keeps "
                "the page"
            )
            yield Harm("put back with entries", says, "03")
        if move.page == OLD and not self.old._count:
            says = "the count of p0 is still frozen: nobody can take or drop a reference"
            yield Harm("put back while frozen", says, "05")
