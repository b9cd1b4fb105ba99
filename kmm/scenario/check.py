# SPDX-License-Identifier: GPL-2.0-only
"""Is this a scenario? `check` gives its Spec, or says where it is wrong.

    parse(text)       JSON text, read strictly, to a document   checks/text.py
    check(document)   plain data?                                checks/text.py
                      the right keys, types, ranges, words?      checks/structure.py
                      defaults filled in: now it is a Spec       checks/build.py
                      small enough?                              checks/limits.py
                      do its parts fit together?                 checks/world.py, pages.py, run.py

The first thing found wrong is raised as a ScenarioError: a place and one sentence. Each step relies
on the ones before it, and refuses no more than it must: what the C can be asked, it is asked.
"""

from __future__ import annotations

from typing import Any, cast

from kmm.scenario.checks.build import build
from kmm.scenario.checks.limits import require_limits
from kmm.scenario.checks.pages import require_page_tables, require_pages
from kmm.scenario.checks.place import ScenarioError
from kmm.scenario.checks.run import require_events, require_op
from kmm.scenario.checks.structure import require_structure
from kmm.scenario.checks.text import parse, require_plain
from kmm.scenario.checks.world import require_names, require_tasks, require_the_nodes, require_vmas
from kmm.scenario.spec import Spec

__all__ = ["ScenarioError", "check", "parse"]


def check(document: object, *, limits: bool = True) -> Spec:
    """The Spec of the scenario that the document is; raises ScenarioError.

    `limits=False` lifts the limits of size, which bind scenarios in JSON only. The document is not
    changed.
    """
    require_plain(document)
    require_structure(document)
    data = cast(dict[str, Any], document)
    spec = build(data)
    if limits:
        require_limits(spec)
    require_names(spec)
    require_the_nodes(spec, data)
    require_vmas(spec)
    require_tasks(spec)
    require_pages(spec)
    require_page_tables(spec)
    require_op(spec)
    require_events(spec)
    return spec
