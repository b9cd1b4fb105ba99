# SPDX-License-Identifier: GPL-2.0-only
"""The sentences: one for each primitive of the kernel, and others where the reason differs.

    table.py         what a sentence may be, and how one is chosen
    pages.py         references, mapping, the page lock, LRU
    flags.py         the page flags, from one table of flags
    tables.py        page tables, entries, rmap
    files.py         page cache, dirty pages, writeback, buffers, counters
    calls.py         locks, tasks, nodes, user memory: what system calls are made of
    actors.py        faults, fork, exit, truncate: who runs beside a migration
    others.py        what another CPU does in a scenario
    statements.py    plain assignments and BUG()

`SENTENCES` is all of them together.
"""

from kmm.explain.sentences import actors, calls, files, flags, others, pages, statements, tables
from kmm.explain.sentences.table import Table, choose

SENTENCES: Table = {
    **pages.SENTENCES,
    **flags.SENTENCES,
    **tables.SENTENCES,
    **files.SENTENCES,
    **calls.SENTENCES,
    **others.SENTENCES,
    **statements.SENTENCES,
    **actors.SENTENCES,
}

__all__ = ["SENTENCES", "choose"]
