# SPDX-License-Identifier: GPL-2.0-only
"""The primitives a trace knows by name, and so the places where an event may strike.

`TRACED` ones stand in `trace` and in `trace_full`, `QUIET` ones (they only look) in `trace_full`.
The page flag operations are made from one table of flags: migrate.c of 2.6.28 uses some of them, a
student's version of it may use any other.
"""

from __future__ import annotations

_FLAGS = """
    Locked Error Referenced Uptodate Dirty LRU Active Checked Reserved Private Writeback
    SwapCache MappedToDisk Reclaim SwapBacked Unevictable Mlocked
"""

_TRACED = """
    list_del list_add_tail
    spin_lock spin_unlock spin_lock_irq spin_unlock_irq read_lock read_unlock down_read up_read
    rcu_read_lock rcu_read_unlock pte_offset_map_lock pte_unmap_unlock
    trylock_page lock_page unlock_page
    wait_on_page_locked wait_on_page_writeback end_page_writeback
    get_page put_page __put_page get_page_unless_zero page_freeze_refs page_unfreeze_refs
    TestClearPageActive set_page_private unevictable_migrate_page mlock_migrate_page copy_highpage
    clear_page_dirty_for_io __set_page_dirty_nobuffers
    __inc_zone_page_state __dec_zone_page_state
    get_new_page alloc_pages_node vmalloc vfree
    lru_add_drain_all isolate_lru_page putback_lru_page
    radix_tree_replace_slot writepage try_to_release_page try_to_free_buffers
    get_bh put_bh lock_buffer unlock_buffer set_bh_page
    set_pte_at page_add_anon_rmap page_add_file_rmap try_to_unmap
    find_vma vma_migratable follow_page
    mem_cgroup_prepare_migration mem_cgroup_end_migration mem_cgroup_charge
    mem_cgroup_uncharge_cache_page
    capable find_task_by_vpid get_task_mm mmput security_task_movememory cpuset_mems_allowed
    node_state node_isset get_user put_user vm_ops->migrate
"""

_QUIET = """
    page_count page_mapcount page_mapped page_to_nid PageAnon page_has_buffers
    page_mapping page_index page_private page_buffers
    list_empty cond_resched ZERO_PAGE radix_tree_lookup_slot radix_tree_deref_slot bh_offset
    pgd_offset pud_offset pmd_offset pte_offset_map pte_unmap pte_lockptr
    is_swap_pte pte_to_swp_entry is_migration_entry is_write_migration_entry
    migration_entry_to_page mk_pte pte_mkold pte_mkwrite
    flush_cache_page update_mmu_cache page_address_in_vma
"""

_PAGE = [f"Page{flag}" for flag in _FLAGS.split()]

TRACED: frozenset[str] = frozenset(
    [*_TRACED.split(), *("Set" + name for name in _PAGE), *("Clear" + name for name in _PAGE)]
)
QUIET: frozenset[str] = frozenset([*_QUIET.split(), *_PAGE])
