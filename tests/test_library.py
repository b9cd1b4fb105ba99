# SPDX-License-Identifier: GPL-2.0-only
"""The library holds the curated vectors' scenarios, each once, sorted and told in our own words.

Beside them stands one topic of our own, "corners": branches that no vector was made for.
"""

from __future__ import annotations

import gzip
import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from kmm.errors import KmmError
from kmm.scenario import library
from kmm.scenario.check import check

VECTORS = Path(__file__).parent / "vectors" / "curated.jsonl.gz"


def curated() -> dict[str, dict[str, Any]]:
    with gzip.open(VECTORS, "rt", encoding="utf-8") as file:
        scenarios = [json.loads(line)["scenario"] for line in file]
    return {scenario["name"]: scenario for scenario in scenarios}


def ordered(value: Any) -> Any:
    """The same data with the order of keys made visible to ==."""
    if isinstance(value, dict):
        return [(key, ordered(element)) for key, element in value.items()]
    return [ordered(element) for element in value] if isinstance(value, list) else value


def test_every_curated_scenario_is_there_once() -> None:
    corners = next(topic.names for topic in library.topics() if topic.topic == "corners")
    assert sorted(set(library.names()) - set(corners)) == sorted(curated())
    told = [name for topic in library.topics() for name in topic.names]
    assert tuple(told) == library.names()


def test_the_data_is_that_of_the_vectors_but_the_doc_is_ours() -> None:
    for name, recorded in curated().items():
        ours = library.document(name)
        doc = ours.pop("doc")
        assert doc != recorded.pop("doc")
        # At the top level the order of keys says nothing; below it does.
        assert sorted(ours) == sorted(recorded)
        for key, value in recorded.items():
            assert ordered(ours[key]) == ordered(value), (name, key)


@pytest.mark.parametrize("name", library.names())
def test_a_doc_is_one_sentence_that_stands_by_itself(name: str) -> None:
    doc = library.document(name)["doc"]
    assert doc.endswith(".")
    assert ". " not in doc
    assert 30 < len(doc) < 250
    assert not doc.startswith(("The same", "It ", "Again", "Likewise", "As before"))


def test_no_two_docs_are_the_same() -> None:
    docs = [library.document(name)["doc"] for name in library.names()]
    assert len(set(docs)) == len(docs)


def test_every_scenario_passes_the_check_and_keeps_its_name() -> None:
    for name in library.names():
        assert check(library.document(name)).name == name


def test_topics_are_the_files_and_say_what_they_teach() -> None:
    folder = resources.files("kmm.scenario").joinpath("library")
    files = {file.name for file in folder.iterdir()}
    assert files == {f"{topic.topic}.json" for topic in library.topics()}
    for topic in library.topics():
        content = json.loads(folder.joinpath(f"{topic.topic}.json").read_text("utf-8"))
        assert list(content) == ["topic", "title", "sentence", "scenarios"]
        assert (content["topic"], content["title"]) == (topic.topic, topic.title)
        assert topic.sentence.endswith(".")
        assert topic.names
    assert repr(library.topics()[0]).startswith("<Topic Anonymous pages: anon-simple and ")


def test_a_document_is_a_copy() -> None:
    library.document("anon-simple")["pages"]["p0"].clear()
    assert library.document("anon-simple")["pages"]["p0"]["index"] == 1


def test_an_unknown_name_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(KmmError, match=r"^there is no scenario 'anon-simpel'; did you mean anon-"):
        library.document("anon-simpel")
    with pytest.raises(KmmError, match=r"^there is no scenario 'x{60}'; .*kmm scenarios`.* all$"):
        library.document("x" * 1_000_000)
