# SPDX-License-Identifier: GPL-2.0-only
"""The guards of a migration: each with whom it is there for, and what happens without it.

In the order in which unmap_and_move meets them.

worlds      the smallest worlds in which they are needed, and who disturbs there
before      until no pte maps the page any more
mapping     where the new page takes the old one's place
after       buffers, flags, and the ptes that come back
"""

from __future__ import annotations

from kmm.explore.claim import Claim
from kmm.explore.guards import after, before, mapping

#: Each guard by its name.
GUARDS: dict[str, Claim] = {
    claim.name: claim for claim in (*before.GUARDS, *mapping.GUARDS, *after.GUARDS)
}
