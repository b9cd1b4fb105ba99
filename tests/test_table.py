# SPDX-License-Identifier: GPL-2.0-only
"""Tables: the steps asked for, in words that can be read aloud, as HTML and as text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import kmm
from kmm.errors import KmmError
from kmm.sim import Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    return kmm.load("anon-simple").run().trace


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html.replace("<br>", "<br/>").replace("<wbr>", "<wbr/>"))


def test_one_line_for_each_step_without_the_last(trace: Trace) -> None:
    assert [line.step for line in trace.table(3, 7)] == [3, 4, 5, 6]
    assert len(trace.table()) == len(trace)
    assert [line.step for line in trace.table(-2)] == [len(trace) - 2, len(trace) - 1]


def test_only_changes_are_the_steps_that_changed_something(trace: Trace) -> None:
    expected = [s.index for s in trace if any(c.old != c.new for c in s.changes)]
    assert [line.step for line in trace.table(only="changes")] == expected


def test_only_a_field_an_object_a_function_a_primitive(trace: Trace) -> None:
    history = [step.index for step in trace.history("p0._count")]
    assert [line.step for line in trace.table(only="p0._count")] == history
    assert {line.function for line in trace.table(only="migrate_page_copy")} >= {
        "migrate_page_copy", "mlock_migrate_page",
    }  # fmt: skip
    calls = trace.table(only="set_pte_at")
    assert [line.code.partition("(")[0] for line in calls] == ["set_pte_at", "set_pte_at"]
    both = trace.table(only=["p0._count", "n0._count"])
    assert len(both) == len(history) + len(trace.table(only="n0._count"))


def test_a_line_has_the_old_and_the_new_value_and_the_sentence(trace: Trace) -> None:
    (line,) = trace.table(38, 39)
    assert line.changes == (("p0._count", "2", "1"),)
    assert line.changed == ["p0._count 2 → 1"]
    assert line.call == "put_page_testzero(p0) = 0"
    assert line.sentence == trace.narrate(38)


def test_a_name_that_is_not_there(trace: Trace) -> None:
    with pytest.raises(KmmError, match="there is try_to_unmap"):
        trace.table(only="try_to_unmapp")
    with pytest.raises(KmmError, match="no task t7; there is t0"):
        trace.table(task="t7")


def test_the_html_is_a_table_with_caption_and_scopes(trace: Trace) -> None:
    table = parsed(trace.table(10, 60)._repr_html_())
    assert table.find("caption") is not None
    columns = table.findall("thead/tr/th")
    assert {th.attrib["scope"] for th in columns} == {"col"}
    rows = table.findall("tbody/tr")
    assert len(rows) == 50
    for n, row in enumerate(rows):
        (head,) = row.findall("th")
        assert head.attrib["scope"] == "row"
        assert head.text == str(10 + n)
        assert len(row) == len(columns)


def test_a_table_can_be_as_narrow_as_a_notebook() -> None:
    """No column has to be wider than its longest word, or its longest value."""
    for name in ("memory-with-drained-pagevec", "writeback-waits", "entry-wait", "swap-cache"):
        html = kmm.load(name).run().trace.table()._repr_html_()
        rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in html.splitlines()[4:-2]]
        widest = [max(map(longest, column)) for column in zip(*rows, strict=True)]
        assert sum(widest) <= 140, name


def longest(cell: str) -> int:
    """How many letters of a cell cannot be parted."""
    whole = re.sub(
        r"<(span|code) style[^>]*>(.*?)</\1>", lambda found: found[2].replace(" ", "_"), cell
    )
    plain = re.sub(r"<(?!br|wbr)[^>]*>", "", whole)
    return max(len(unescape(piece)) for piece in re.split(r" |<br>|<wbr>", plain))


def test_what_is_deeper_is_indented(trace: Trace) -> None:
    table = trace.table(16, 45)
    text = str(table).splitlines()[2:]
    for line, row in zip(table, text, strict=True):
        begins = row.index(line.function)
        assert begins == len("step  ") + 2 * (line.depth - min(other.depth for other in table))


def test_tasks_are_named_where_there_are_several() -> None:
    trace = kmm.load("pinned-until-pass-4").run().trace
    others = trace.table(task="other CPUs")
    assert len(others) > 0
    assert {line.task for line in others} == {"other CPUs"}
    assert "task" in str(others).splitlines()[1].split()


def test_what_stands_in_a_cell_is_escaped() -> None:
    world = kmm.World(nodes=2)
    page = world.mm().mmap(pages=1).touch()
    page.data = "<script>alert(1)</script>"
    html = world.migrate_pages([page], to_node=1).trace.table()._repr_html_()
    assert "<script>" not in html
    HTMLParser().feed(html)


def test_an_empty_table_says_so() -> None:
    trace = kmm.load("migrate-vmas").run().trace
    assert "No steps" in str(trace.table())
    parsed(trace.table()._repr_html_())


def test_a_step_that_stops_the_kernel_is_shown_as_one() -> None:
    trace = kmm.load("active-and-unevictable").run().trace
    assert "VM_BUG_ON" in list(trace.table())[-1].code + str(trace.table())
