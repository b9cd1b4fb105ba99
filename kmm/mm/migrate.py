# SPDX-License-Identifier: GPL-2.0-only
"""Page migration: mm/migrate.c of Linux 2.6.28-rc3, function by function.

To move a page means: take it off its LRU list (isolate_lru_page, the caller's work), lock it, take
it out of every page table (try_to_unmap leaves a migration entry where each pte was), put a new
page in its place in the page cache (migrate_page_move_mapping), copy contents and flags
(migrate_page_copy), and let the page tables map the new page (remove_migration_ptes).  Whoever
touches the memory meanwhile finds a migration entry and waits for the page lock.  If anything is in
the way, the old page gets its ptes back, and the next of ten passes tries again.

Start reading at unmap_and_move.  Around it: rmap.py (who maps a page), swap.py and vmscan.py (LRU
lists), page.py (counts), fs.py (the page cache), buffer.py (buffer heads).

How C's habits are written here:

    p->field            p.field; NULL is None, and following it is an oops
    *p                  p.value, for pointers to ptes, to fields and to local variables
    f(&x)               x = Cell(None); f(x); x.value is what f put there
    &pm->status         FieldRef(pm, "status")
    goto out;  out:     with label() as out: ... goto(out); behind the block is behind the label
    list_head           list_del(page.lru), ListHead; list_for_each_entry gives the structs
    page->mapping       of an anonymous page: anon_vma + PAGE_MAPPING_ANON, bits and all
    current             current(), a macro that is evaluated each time
    atomic_t            _mapcount starts at -1 as in the kernel; page_mapcount() adds the one
    -EAGAIN             returned; BUG_ON raises KernelBug; the argument of VM_BUG_ON is a lambda
    static              every function is known to the others here; names are the kernel's
    p + i               arrays: pm[i] is an element, pages + i a pointer into user memory
    from, pass, lambda  are Python's words: from_, pass_

The bugs of this version are here too; they are lessons.  Nothing is mended silently.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import E2BIG, EACCES, EAGAIN, EFAULT, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, EPERM, ESRCH
from typing import Any, ClassVar

from kmm.mm.buffer import (
    BufferHead,
    bh_offset,
    get_bh,
    lock_buffer,
    page_buffers,
    page_has_buffers,
    put_bh,
    set_bh_page,
    try_to_free_buffers,
    try_to_release_page,
    unlock_buffer,
)
from kmm.mm.cpuset import cpuset_mems_allowed
from kmm.mm.cred import CAP_SYS_NICE, capable, security_task_movememory
from kmm.mm.filemap import lock_page, trylock_page, unlock_page, wait_on_page_locked
from kmm.mm.fs import AOP_WRITEPAGE_ACTIVATE, AddressSpace
from kmm.mm.highmem import copy_highpage
from kmm.mm.internal import mlock_migrate_page, unevictable_migrate_page
from kmm.mm.list import (
    LIST_HEAD,
    list_add_tail,
    list_del,
    list_empty,
    list_for_each_entry,
    list_for_each_entry_safe,
)
from kmm.mm.memcontrol import (
    mem_cgroup_charge,
    mem_cgroup_end_migration,
    mem_cgroup_prepare_migration,
    mem_cgroup_uncharge_cache_page,
)
from kmm.mm.memory import FOLL_GET, IS_ERR, PTR_ERR, follow_page
from kmm.mm.mmap import MmStruct, VmAreaStruct, find_vma, vma_migratable
from kmm.mm.nodemask import MAX_NUMNODES, N_HIGH_MEMORY, node_isset, node_state
from kmm.mm.page import (
    PAGE_CACHE_SHIFT,
    PAGE_MAPPING_ANON,
    PAGE_SHIFT,
    ZERO_PAGE,
    Page,
    PageAnon,
    __put_page,
    get_page,
    get_page_unless_zero,
    page_count,
    page_freeze_refs,
    page_index,
    page_mapcount,
    page_mapped,
    page_mapping,
    page_private,
    page_to_nid,
    page_unfreeze_refs,
    set_page_private,
)
from kmm.mm.page_alloc import (
    GFP_ATOMIC,
    GFP_HIGHUSER_MOVABLE,
    GFP_KERNEL,
    GFP_THISNODE,
    alloc_pages_node,
)
from kmm.mm.page_flags import (
    ClearPagePrivate,
    ClearPageSwapCache,
    PageChecked,
    PageDirty,
    PageError,
    PageMappedToDisk,
    PagePrivate,
    PageReferenced,
    PageReserved,
    PageSwapBacked,
    PageSwapCache,
    PageUnevictable,
    PageUptodate,
    PageWriteback,
    SetPageActive,
    SetPageChecked,
    SetPageError,
    SetPageMappedToDisk,
    SetPagePrivate,
    SetPageReferenced,
    SetPageSwapBacked,
    SetPageSwapCache,
    SetPageUptodate,
    TestClearPageActive,
)
from kmm.mm.page_writeback import (
    LLONG_MAX,
    WB_SYNC_NONE,
    WritebackControl,
    __set_page_dirty_nobuffers,
    clear_page_dirty_for_io,
    end_page_writeback,
    wait_on_page_writeback,
)
from kmm.mm.pgtable import (
    flush_cache_page,
    is_swap_pte,
    mk_pte,
    pgd_offset,
    pgd_present,
    pmd_offset,
    pmd_present,
    pte_lockptr,
    pte_mkold,
    pte_mkwrite,
    pte_offset_map,
    pte_offset_map_lock,
    pte_pfn,
    pte_unmap,
    pte_unmap_unlock,
    pud_offset,
    pud_present,
    set_pte_at,
    table_pointer,
    update_mmu_cache,
)
from kmm.mm.radix_tree import (
    radix_tree_deref_slot,
    radix_tree_lookup_slot,
    radix_tree_replace_slot,
)
from kmm.mm.rcupdate import rcu_read_lock, rcu_read_unlock
from kmm.mm.rmap import (
    page_add_anon_rmap,
    page_add_file_rmap,
    page_address_in_vma,
    try_to_unmap,
    vma_prio_tree_foreach,
)
from kmm.mm.rwsem import down_read, up_read
from kmm.mm.sched import (
    PF_SWAPWRITE,
    TaskStruct,
    cond_resched,
    find_task_by_vpid,
    get_task_mm,
    mmput,
    tasklist_lock,
)
from kmm.mm.spinlock import (
    read_lock,
    read_unlock,
    spin_lock,
    spin_lock_irq,
    spin_unlock,
    spin_unlock_irq,
)
from kmm.mm.swap import lru_add_drain_all, put_page
from kmm.mm.swapops import (
    is_migration_entry,
    is_write_migration_entry,
    migration_entry_to_page,
    pte_to_swp_entry,
)
from kmm.mm.uaccess import UserArray, get_user, put_user
from kmm.mm.vmalloc import UNINIT, Memory, vfree, vmalloc
from kmm.mm.vmscan import isolate_lru_page, putback_lru_page
from kmm.mm.vmstat import NR_FILE_PAGES, __dec_zone_page_state, __inc_zone_page_state
from kmm.sim import (
    BUG,
    BUG_ON,
    VM_BUG_ON,
    Cell,
    FieldRef,
    ListHead,
    Machine,
    Tracked,
    current,
    goto,
    kernel_function,
    label,
)

KERNEL_FILE = "mm/migrate.c"

#: Flags of move_pages(2): pages of this process only, or shared ones too.
MPOL_MF_MOVE, MPOL_MF_MOVE_ALL = 2, 4

ULONG_MAX = 2**64 - 1

#: new_page_t: gives the page to move to.  (page, private, result) -> new page or None; through
#: `result` it can hand back a pointer to where the caller wants to be told how it ended.
NewPage = Callable[[Page, Any, "Cell[FieldRef | None]"], Page | None]


@kernel_function
def migrate_prep() -> int:
    """Pages wait in no pagevec, so that isolate_lru_page finds them.  May sleep.  Returns 0.

    To be called before the list of pages is made.  Pages that come into a pagevec later are missed,
    like other busy pages.

    Source: mm/migrate.c: migrate_prep (2.6.28-rc3)
    """
    lru_add_drain_all()
    return 0


@kernel_function
def putback_lru_pages(l: ListHead[Page]) -> int:  # noqa: E741
    """The isolated pages of the list `l` are on their way back to the LRU; returns how many.

    Source: mm/migrate.c: putback_lru_pages (2.6.28-rc3)
    """
    count = 0
    for page in list_for_each_entry_safe(l):
        list_del(page.lru)
        putback_lru_page(page)
        count += 1
    return count


@kernel_function
def remove_migration_pte(vma: VmAreaStruct, old: Page, new: Page) -> None:
    """If a pte of the vma holds a migration entry for `old`, it maps `new` again.

    `new` is `old` where migration has failed.  Both pages are locked, and the lock of the anon_vma
    or i_mmap_lock is held, through which the vma was found.

    Source: mm/migrate.c: remove_migration_pte (2.6.28-rc3)
    """
    mm = vma.vm_mm
    addr = page_address_in_vma(new, vma)
    if addr == -EFAULT:
        return
    pgd = pgd_offset(mm, addr)
    if not pgd_present(pgd):
        return
    pud = pud_offset(pgd, addr)
    if not pud_present(pud):
        return
    pmd = pmd_offset(pud, addr)
    if not pmd_present(pmd):
        return
    ptep = pte_offset_map(pmd, addr)
    # A first look without the lock; what it saw can be wrong a moment later.
    if not is_swap_pte(ptep.value):
        pte_unmap(ptep)
        return
    ptl = pte_lockptr(mm, pmd)
    spin_lock(ptl)
    with label() as out:
        pte = ptep.value
        if not is_swap_pte(pte):
            goto(out)
        entry = pte_to_swp_entry(pte)
        if not is_migration_entry(entry) or migration_entry_to_page(entry) is not old:
            goto(out)
        # The charge cannot be refused here: a migration entry that stayed would be fatal.
        mem_cgroup_charge(new, mm, GFP_ATOMIC)
        get_page(new)
        pte = pte_mkold(mk_pte(new, vma.vm_page_prot))
        if is_write_migration_entry(entry):
            pte = pte_mkwrite(pte)
        flush_cache_page(vma, addr, pte_pfn(pte))
        set_pte_at(mm, addr, ptep, pte)
        if PageAnon(new):
            page_add_anon_rmap(new, vma, addr)
        else:
            page_add_file_rmap(new)
        # Nothing was present before, so no TLB has to forget anything.
        update_mmu_cache(vma, addr, pte)
    pte_unmap_unlock(ptep, ptl)


@kernel_function
def remove_file_migration_ptes(old: Page, new: Page) -> None:
    """The migration entries for `old` in all vmas of the file map `new`.

    Nonlinear vmas are not visited: they are given no migration entries (but see bug 25).

    Source: mm/migrate.c: remove_file_migration_ptes (2.6.28-rc3)
    """
    mapping = page_mapping(new)
    pgoff = new.index << (PAGE_CACHE_SHIFT - PAGE_SHIFT)
    if not mapping:
        return
    spin_lock(mapping.i_mmap_lock)
    for vma in vma_prio_tree_foreach(mapping.i_mmap, pgoff, pgoff):
        remove_migration_pte(vma, old, new)
    spin_unlock(mapping.i_mmap_lock)


@kernel_function
def remove_anon_migration_ptes(old: Page, new: Page) -> None:
    """The migration entries for `old` in all vmas of its anon_vma map `new`.

    The caller keeps the anon_vma: by mmap_sem of one of the vmas, or by RCU (see bugs 18 and 19).

    Source: mm/migrate.c: remove_anon_migration_ptes (2.6.28-rc3)
    """
    mapping: Any = new.mapping
    if not mapping or (mapping & PAGE_MAPPING_ANON) == 0:
        return
    anon_vma = mapping - PAGE_MAPPING_ANON
    spin_lock(anon_vma.lock)
    for vma in list_for_each_entry(anon_vma.head):
        remove_migration_pte(vma, old, new)
    spin_unlock(anon_vma.lock)


@kernel_function
def remove_migration_ptes(old: Page, new: Page) -> None:
    """No migration entry for `old` is left; where one was, `new` is mapped.

    With old is new this undoes an unmapping.  Both pages are locked.

    Source: mm/migrate.c: remove_migration_ptes (2.6.28-rc3)
    """
    if PageAnon(new):
        remove_anon_migration_ptes(old, new)
    else:
        remove_file_migration_ptes(old, new)


@kernel_function
def migration_entry_wait(mm: MmStruct, pmd: table_pointer, address: int) -> None:
    """If the pte holds a migration entry, the migration has ended; the fault is tried again.

    Called from the page fault.  May sleep.

    Source: mm/migrate.c: migration_entry_wait (2.6.28-rc3)
    """
    ptl: Cell[Any] = Cell(None)
    ptep = pte_offset_map_lock(mm, pmd, address, ptl)
    with label() as out:
        pte = ptep.value
        if not is_swap_pte(pte):
            goto(out)
        entry = pte_to_swp_entry(pte)
        if not is_migration_entry(entry):
            goto(out)
        page = migration_entry_to_page(entry)
        # While the slot in the radix tree is being exchanged the count is frozen at zero, and
        # nobody may wait on a page that he has no reference to.  The fault will come again.
        if not get_page_unless_zero(page):
            goto(out)
        pte_unmap_unlock(ptep, ptl.value)
        wait_on_page_locked(page)
        put_page(page)
        return
    pte_unmap_unlock(ptep, ptl.value)


@kernel_function
def migrate_page_move_mapping(mapping: AddressSpace | None, newpage: Page, page: Page) -> int:
    """0 and `newpage` is in the mapping in the place of `page`, with the reference of the cache.

    -EAGAIN and nothing has changed if somebody holds a reference who should not.  Expected are
    1 of an anonymous page without a mapping (the isolator's), 2 of a page with one (and the
    cache's), 3 of such a page with PG_private (and the buffers').  Both pages are locked.

    Source: mm/migrate.c: migrate_page_move_mapping (2.6.28-rc3)
    """
    if not mapping:
        # Without a mapping nobody can find the page, so nothing needs to be frozen.
        if page_count(page) != 1:
            return -EAGAIN
        return 0
    spin_lock_irq(mapping.tree_lock)
    pslot = radix_tree_lookup_slot(mapping.page_tree, page_index(page))
    expected_count = 2 + (not not PagePrivate(page))
    if page_count(page) != expected_count or radix_tree_deref_slot(pslot) is not page:
        spin_unlock_irq(mapping.tree_lock)
        return -EAGAIN
    # A lookup without a lock may have taken a reference since the count was read.
    if not page_freeze_refs(page, expected_count):
        spin_unlock_irq(mapping.tree_lock)
        return -EAGAIN
    # From here on nobody can get hold of the page: its count is zero.
    get_page(newpage)  # the reference of the cache
    if PageSwapCache(page):
        SetPageSwapCache(newpage)
        set_page_private(newpage, page_private(page))
    radix_tree_replace_slot(pslot, newpage)
    page_unfreeze_refs(page, expected_count)
    # The cache's reference on the old page; it is not the last, the isolator has one.
    __put_page(page)
    # The page may be in another zone now.  The counters of mapped pages follow the ptes, and
    # anonymous pages in the swap cache count as NR_FILE_PAGES too.
    __dec_zone_page_state(page, NR_FILE_PAGES)
    __inc_zone_page_state(newpage, NR_FILE_PAGES)
    spin_unlock_irq(mapping.tree_lock)
    return 0


@kernel_function
def migrate_page_copy(newpage: Page, page: Page) -> None:
    """`newpage` has the contents and the flags of `page`; `page` has left its mapping.

    Both pages are locked, and no pte maps either.

    Source: mm/migrate.c: migrate_page_copy (2.6.28-rc3)
    """
    copy_highpage(newpage, page)
    if PageError(page):
        SetPageError(newpage)
    if PageReferenced(page):
        SetPageReferenced(newpage)
    if PageUptodate(page):
        SetPageUptodate(newpage)
    if TestClearPageActive(page):
        VM_BUG_ON(lambda: PageUnevictable(page))
        SetPageActive(newpage)
    else:
        unevictable_migrate_page(newpage, page)
    if PageChecked(page):
        SetPageChecked(newpage)
    if PageMappedToDisk(page):
        SetPageMappedToDisk(newpage)
    if PageDirty(page):
        clear_page_dirty_for_io(page)
        # set_page_dirty would say that the whole page is dirty, and every buffer with it.
        __set_page_dirty_nobuffers(newpage)
    mlock_migrate_page(newpage, page)
    ClearPageSwapCache(page)
    ClearPagePrivate(page)
    set_page_private(page, 0)
    anon = PageAnon(page)
    page.mapping = None
    if not anon:  # it has left the page cache
        mem_cgroup_uncharge_cache_page(page)
    # Somebody may have begun to wait for the new page already.
    if PageWriteback(newpage):
        end_page_writeback(newpage)


@kernel_function
def fail_migrate_page(mapping: AddressSpace, newpage: Page, page: Page) -> int:
    """-EIO, always: for mappings whose pages must not move.

    Source: mm/migrate.c: fail_migrate_page (2.6.28-rc3)
    """
    return -EIO


@kernel_function
def migrate_page(mapping: AddressSpace | None, newpage: Page, page: Page) -> int:
    """0 and `newpage` has taken the place of `page`; -EAGAIN and nothing has changed.

    For pages without private data.  Both pages are locked, before and after.

    Source: mm/migrate.c: migrate_page (2.6.28-rc3)
    """
    BUG_ON(PageWriteback(page))
    rc = migrate_page_move_mapping(mapping, newpage, page)
    if rc:
        return rc
    migrate_page_copy(newpage, page)
    return 0


@kernel_function
def buffer_migrate_page(mapping: AddressSpace, newpage: Page, page: Page) -> int:
    """migrate_page for a page with buffers: they belong to `newpage` afterwards.

    Only for file systems that hold no other references to the page and use the buffers only under
    their locks.  Both pages are locked, before and after.  May sleep.

    Source: mm/migrate.c: buffer_migrate_page (2.6.28-rc3)
    """
    if not page_has_buffers(page):
        return migrate_page(mapping, newpage, page)
    head = page_buffers(page)
    rc = migrate_page_move_mapping(mapping, newpage, page)
    if rc:
        return rc
    bh: BufferHead = head
    while True:
        get_bh(bh)
        lock_buffer(bh)
        bh = bh.b_this_page  # type: ignore[assignment]
        if bh is head:
            break
    ClearPagePrivate(page)
    set_page_private(newpage, page_private(page))
    set_page_private(page, 0)
    # The reference of the buffers goes from the one page to the other.
    put_page(page)
    get_page(newpage)
    bh = head
    while True:
        set_bh_page(bh, newpage, bh_offset(bh))
        bh = bh.b_this_page  # type: ignore[assignment]
        if bh is head:
            break
    SetPagePrivate(newpage)
    migrate_page_copy(newpage, page)
    bh = head
    while True:
        unlock_buffer(bh)
        put_bh(bh)
        bh = bh.b_this_page  # type: ignore[assignment]
        if bh is head:
            break
    return 0


@kernel_function
def writeout(mapping: AddressSpace, page: Page) -> int:
    """The page is on its way to the disk, and has to be tried again: -EAGAIN.

    -EINVAL if the file system cannot write, -EIO if writing failed.  The page is locked before and
    should be after; when writepage fails, it is not.  May sleep.

    Source: mm/migrate.c: writeout (2.6.28-rc3)
    """
    wbc = WritebackControl(
        sync_mode=WB_SYNC_NONE,
        nr_to_write=1,
        range_start=0,
        range_end=LLONG_MAX,
        nonblocking=1,
        for_reclaim=1,
    )
    if not mapping.a_ops.writepage:
        return -EINVAL
    if not clear_page_dirty_for_io(page):
        return -EAGAIN  # somebody else has begun to write it
    # writepage gives up the page lock, so the state that was checked no longer holds: this attempt
    # cannot succeed, and the ptes come back now.
    remove_migration_ptes(page, page)
    rc = mapping.a_ops.writepage(page, wbc)
    if rc < 0:
        return -EIO
    if rc != AOP_WRITEPAGE_ACTIVATE:
        lock_page(page)  # writepage has unlocked it
    return -EAGAIN


@kernel_function
def fallback_migrate_page(mapping: AddressSpace, newpage: Page, page: Page) -> int:
    """migrate_page for file systems without a migratepage: only clean pages without buffers move.

    A dirty page is written out instead, buffers are dropped.  Both pages are locked.  May sleep.

    Source: mm/migrate.c: fallback_migrate_page (2.6.28-rc3)
    """
    if PageDirty(page):
        return writeout(mapping, page)
    # What the buffers mean only the file system knows: the page moves without them or not at all.
    if PagePrivate(page) and not try_to_release_page(page, GFP_KERNEL):
        return -EAGAIN
    return migrate_page(mapping, newpage, page)


@kernel_function
def move_to_new_page(newpage: Page, page: Page) -> int:
    """0 and `newpage` stands wherever `page` stood; else the error, and `newpage` is unused.

    `page` is locked and no pte maps it; nobody but the caller knows `newpage`.

    Source: mm/migrate.c: move_to_new_page (2.6.28-rc3)
    """
    # Others will find the new page before it is ready; the lock keeps them waiting.
    if not trylock_page(newpage):
        BUG()
    newpage.index = page.index
    newpage.mapping = page.mapping
    if PageSwapBacked(page):
        SetPageSwapBacked(newpage)
    mapping = page_mapping(page)
    if not mapping:
        rc = migrate_page(mapping, newpage, page)
    elif mapping.a_ops.migratepage:
        # The usual way: most file systems have one, and so has the swap cache.
        rc = mapping.a_ops.migratepage(mapping, newpage, page)
    else:
        rc = fallback_migrate_page(mapping, newpage, page)
    if not rc:
        remove_migration_ptes(page, newpage)
    else:
        newpage.mapping = None
    unlock_page(newpage)
    return rc


@kernel_function
def unmap_and_move(get_new_page: NewPage, private: Any, page: Page, force: int) -> int:
    """0 and the page has moved or was free; -EAGAIN: not now; else the error that will stay.

    The page is isolated: on the caller's list, with a reference.  After -EAGAIN, -ENOMEM, or if it
    was free, it is there still; else it is back on its LRU.  So is the new page, in any case.
    `force`: wait for the page lock and for writeback instead of giving up.  May sleep.

    Source: mm/migrate.c: unmap_and_move (2.6.28-rc3)
    """
    rc = 0
    result: Cell[FieldRef | None] = Cell(None)
    newpage = get_new_page(page, private, result)
    rcu_locked = 0
    charge = 0
    if not newpage:
        return -ENOMEM
    with label() as move_newpage:
        if page_count(page) == 1:
            # Everybody else has let go of it: there is nothing left to move.
            goto(move_newpage)
        charge = mem_cgroup_prepare_migration(page, newpage)
        if charge == -ENOMEM:
            rc = -ENOMEM
            goto(move_newpage)
        BUG_ON(charge)
        rc = -EAGAIN
        if not trylock_page(page):
            if not force:
                goto(move_newpage)
            lock_page(page)
        with label() as unlock:
            if PageWriteback(page):
                if not force:
                    goto(unlock)
                wait_on_page_writeback(page)
            # Once no pte maps an anonymous page, its anon_vma may go at any time; RCU keeps it in
            # memory until the end.  A page of a file has its mapping kept by the page lock, and on
            # its way the task may have to sleep, which RCU would forbid.
            if PageAnon(page):
                rcu_read_lock()
                rcu_locked = 1
            with label() as rcu_unlock:
                # Two kinds of page have no mapping.  A page just read into the swap cache, which no
                # pte maps yet: there is nothing that try_to_unmap could go by.  And a page that
                # truncate left because its buffers were busy: without them it can be freed.
                if not page.mapping:
                    if not PageAnon(page) and PagePrivate(page):
                        # Not try_to_release_page, which may sleep: RCU could be held here.
                        try_to_free_buffers(page)
                    goto(rcu_unlock)
                try_to_unmap(page, 1)
                if not page_mapped(page):
                    rc = move_to_new_page(newpage, page)
                if rc:
                    remove_migration_ptes(page, page)
            if rcu_locked:
                rcu_read_unlock()
        unlock_page(page)
        if rc != -EAGAIN:
            # Moved: all references are gone but ours, and putback frees it.  Or it cannot be moved,
            # and goes back to where it was.
            list_del(page.lru)
            putback_lru_page(page)
    if not charge:
        mem_cgroup_end_migration(newpage)
    # Onto the LRU with the new page; if it was not used, this frees it.
    putback_lru_page(newpage)
    if result.value:
        if rc:
            result.value.value = rc
        else:
            result.value.value = page_to_nid(newpage)
    return rc


@kernel_function
def migrate_pages(from_: ListHead[Page], get_new_page: NewPage, private: Any) -> int:
    """The pages of the list are moved as far as they can be; returns how many are not.

    Ten passes over those that were busy; from the fourth on it waits for locks.  -ENOMEM ends it at
    once.  The list is empty afterwards: what did not move is back on the LRU.  May sleep.

    Source: mm/migrate.c: migrate_pages (2.6.28-rc3)
    """
    retry = 1
    nr_failed = 0
    pass_ = 0
    swapwrite = current().flags & PF_SWAPWRITE
    if not swapwrite:
        current().flags |= PF_SWAPWRITE
    with label() as out:
        while pass_ < 10 and retry:
            retry = 0
            for page in list_for_each_entry_safe(from_):
                cond_resched()
                rc = unmap_and_move(get_new_page, private, page, int(pass_ > 2))
                if rc == -ENOMEM:
                    goto(out)
                elif rc == -EAGAIN:
                    retry += 1
                elif rc == 0:
                    pass
                else:  # it will not get better
                    nr_failed += 1
            pass_ += 1
        rc = 0
    if not swapwrite:
        current().flags &= ~PF_SWAPWRITE
    putback_lru_pages(from_)
    if rc:
        return rc
    return nr_failed + retry


class page_to_node(Tracked):
    """struct page_to_node: one page of move_pages(2), where it shall go and how that ended."""

    SIZEOF: ClassVar[int] = 24

    addr: Any = UNINIT
    page: Any = UNINIT
    node: Any = UNINIT
    status: Any = UNINIT

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)


@kernel_function
def new_page_node(
    p: Page, private: Memory[page_to_node], result: Cell[FieldRef | None]
) -> Page | None:
    """A page on the node that the array wants for `p`; `result` points to where its status goes.

    The array is searched from its beginning for each page, so moving n pages takes n * n / 2 looks.

    Source: mm/migrate.c: new_page_node (2.6.28-rc3)
    """
    i = 0
    while private[i].node != MAX_NUMNODES and private[i].page is not p:
        i += 1
    pm = private[i]
    if pm.node == MAX_NUMNODES:
        return None
    result.value = FieldRef(pm, "status")
    return alloc_pages_node(pm.node, GFP_HIGHUSER_MOVABLE | GFP_THISNODE, 0)


@kernel_function
def do_move_page_to_node_array(mm: MmStruct, pm: Memory[page_to_node], migrate_all: int) -> int:
    """The pages of the array are moved; each element's status says how that ended.

    The array ends with an element whose node is MAX_NUMNODES.  Returns what migrate_pages returns,
    0 if there was nothing to move.  `migrate_all`: pages with several ptes too.  May sleep.

    Source: mm/migrate.c: do_move_page_to_node_array (2.6.28-rc3)
    """
    pagelist: ListHead[Page] = LIST_HEAD("pagelist")
    down_read(mm.mmap_sem)
    migrate_prep()
    for pp in pm:
        if pp.node == MAX_NUMNODES:
            break
        with label() as set_status:
            # A page that is never moved, so that new_page_node does not take this element.
            pp.page = ZERO_PAGE(0)
            err = -EFAULT
            vma = find_vma(mm, pp.addr)
            if not vma or not vma_migratable(vma):
                goto(set_status)
            page: Any = follow_page(vma, pp.addr, FOLL_GET)
            err = PTR_ERR(page)
            if IS_ERR(page):
                goto(set_status)
            err = -ENOENT
            if not page:
                goto(set_status)
            with label() as put_and_set:
                if PageReserved(page):  # the zero page
                    goto(put_and_set)
                pp.page = page
                err = page_to_nid(page)
                if err == pp.node:  # it is there already
                    goto(put_and_set)
                err = -EACCES
                if page_mapcount(page) > 1 and not migrate_all:
                    goto(put_and_set)
                err = isolate_lru_page(page)
                if not err:
                    list_add_tail(page.lru, pagelist)
            # The reference of follow_page; an isolated page has another.
            put_page(page)
        pp.status = err
    err = 0
    if not list_empty(pagelist):
        err = migrate_pages(pagelist, new_page_node, pm)
    up_read(mm.mmap_sem)
    return err


@kernel_function
def do_pages_move(
    mm: MmStruct,
    task: TaskStruct,
    nr_pages: int,
    pages: UserArray,
    nodes: UserArray | None,
    status: UserArray,
    flags: int,
) -> int:
    """The pages at the addresses in `pages` are moved to the `nodes`, `status` says how it ended.

    Returns how many isolated pages did not move, or an error.  After -ENOMEM some may have moved
    and no status is written; -EFAULT may come when all have moved.  May sleep.

    Source: mm/migrate.c: do_pages_move (2.6.28-rc3)
    """
    err = 0
    task_nodes = cpuset_mems_allowed(task)
    with label() as out:
        # So that the size of the array does not overflow.
        if nr_pages >= ULONG_MAX // page_to_node.SIZEOF - 1:
            err = -E2BIG
            goto(out)
        pm = vmalloc((nr_pages + 1) * page_to_node.SIZEOF, page_to_node)
        if not pm:
            err = -ENOMEM
            goto(out)
        with label() as out_pm:
            for i in range(nr_pages):
                p: Cell[Any] = Cell(None)
                err = -EFAULT
                if get_user(p, pages + i):
                    goto(out_pm)
                pm[i].addr = p.value
                if nodes:
                    node: Cell[Any] = Cell(None)
                    if get_user(node, nodes + i):
                        goto(out_pm)
                    err = -ENODEV
                    if not node_state(node.value, N_HIGH_MEMORY):
                        goto(out_pm)
                    err = -EACCES
                    if not node_isset(node.value, task_nodes):
                        goto(out_pm)
                    pm[i].node = node.value
                else:
                    pm[i].node = 0  # anything that is not the end marker
            pm[nr_pages].node = MAX_NUMNODES
            err = do_move_page_to_node_array(mm, pm, flags & MPOL_MF_MOVE_ALL)
            if err >= 0:
                for i in range(nr_pages):
                    if put_user(pm[i].status, status + i):
                        err = -EFAULT
        vfree(pm)
    return err


@kernel_function
def do_pages_stat(mm: MmStruct, nr_pages: int, pages: UserArray, status: UserArray) -> int:
    """`status` says of each address in `pages` on which node its page is, or why there is none.

    Returns 0, or -EFAULT if the addresses cannot be read; that the status cannot be written goes
    unnoticed.  May sleep, with mmap_sem held.

    Source: mm/migrate.c: do_pages_stat (2.6.28-rc3)
    """
    down_read(mm.mmap_sem)
    with label() as out:
        for i in range(nr_pages):
            p: Cell[Any] = Cell(None)
            err = -EFAULT
            if get_user(p, pages + i):
                goto(out)
            addr = p.value
            with label() as set_status:
                vma = find_vma(mm, addr)
                if not vma:
                    goto(set_status)
                page: Any = follow_page(vma, addr, 0)
                err = PTR_ERR(page)
                if IS_ERR(page):
                    goto(set_status)
                err = -ENOENT
                if not page or PageReserved(page):
                    goto(set_status)
                err = page_to_nid(page)
            put_user(err, status + i)
        err = 0
    up_read(mm.mmap_sem)
    return err


@kernel_function
def sys_move_pages(
    pid: int,
    nr_pages: int,
    pages: UserArray,
    nodes: UserArray | None,
    status: UserArray,
    flags: int,
) -> int:
    """move_pages(2): move pages of a process to nodes, or (nodes NULL) tell where they are.

    Returns the number of pages that did not move, or an error.  May sleep.

    Source: mm/migrate.c: sys_move_pages (2.6.28-rc3)
    """
    if flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL):
        return -EINVAL
    if flags & MPOL_MF_MOVE_ALL and not capable(CAP_SYS_NICE):
        return -EPERM
    read_lock(tasklist_lock())
    task = find_task_by_vpid(pid) if pid else current()
    if not task:
        read_unlock(tasklist_lock())
        return -ESRCH
    mm = get_task_mm(task)
    read_unlock(tasklist_lock())
    if not mm:
        return -EINVAL
    with label() as out:
        # The caller's real or effective id is the other's real or saved one, or CAP_SYS_NICE.
        if (
            current().euid != task.suid
            and current().euid != task.uid
            and current().uid != task.suid
            and current().uid != task.uid
            and not capable(CAP_SYS_NICE)
        ):
            err = -EPERM
            goto(out)
        err = security_task_movememory(task)
        if err:
            goto(out)
        if nodes:
            err = do_pages_move(mm, task, nr_pages, pages, nodes, status, flags)
        else:
            err = do_pages_stat(mm, nr_pages, pages, status)
    mmput(mm)
    return err


@kernel_function
def migrate_vmas(mm: MmStruct, to: int, from_: int, flags: int) -> int:
    """The vmas of the mm that have a migrate operation have been asked; the first error ends it.

    Returns 0 or that error.  Needs mmap_sem.

    Source: mm/migrate.c: migrate_vmas (2.6.28-rc3)
    """
    err = 0
    vma: Any = mm.mmap
    while vma.vm_next and not err:
        if vma.vm_ops and vma.vm_ops.migrate:
            err = vma.vm_ops.migrate(vma, to, from_, flags)
            if err:
                break
        vma = vma.vm_next
    return err
