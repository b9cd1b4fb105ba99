# SPDX-License-Identifier: GPL-2.0-only
"""The command line: what it prints and where, and its exit status.

Expectations come from the recorded answers of the C (tests/vectors) and from counting by hand.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import cli
from kmm.cli import conform, doctor, lab
from kmm.cli.console import Paper
from kmm.cli.difference import difference
from kmm.scenario import library

ROOT = Path(__file__).resolve().parents[1]
CURATED = ROOT / "tests" / "vectors" / "curated.jsonl.gz"


@pytest.fixture(scope="session")
def vectors() -> dict[str, dict[str, Any]]:
    """The curated vectors by the names of their scenarios."""
    with gzip.open(CURATED, "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    return {vector["scenario"]["name"]: vector for vector in found}


def jsonl(*vectors: Any) -> str:
    return "".join(json.dumps(vector) + "\n" for vector in vectors)


def kmm_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kmm", *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, timeout=120, **options
    )


# kmm


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    shown = capsys.readouterr().out
    for command in ("scenarios", "run", "conform", "lab", "doctor"):
        assert f"\n    {command}" in shown


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"kmm {pyproject['project']['version']}\n"


@pytest.mark.parametrize("command", [[], ["run"], ["conform"], ["lab"]])
def test_help_is_no_error(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*command, "--help"]) == 0
    assert "usage: kmm" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense"], "nonsense"),
        (["run"], "NAME|FILE|-"),
        (["run", "anon-simple", "more"], "more"),
        (["run", "anon-simple", "--js"], "--js"),
        (["run", "anon-simpel"], "anon-simple"),
        (["run", "no/such/file.json"], "no/such/file.json"),
        (["scenarios", "zebra"], "zebra"),
        (["conform"], "FILE"),
        (["conform", "no-such-file"], "no-such-file"),
        (["conform", "--jobs", "-1", str(CURATED)], "--jobs"),
    ],
)
def test_misuse_is_one_sentence_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("kmm: ")
    assert errors.count("\n") == 1
    assert sentence in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other words for a broken pipe")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["run", "anon-simple"], ["scenarios", "swap"]])
def test_a_reader_who_stops_reading_is_no_error(arguments: list[str], unbuffered: str) -> None:
    # A pipe without a reader breaks when something is sent: a line, a full buffer, the last flush.
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as broken:
        done = subprocess.run(
            [sys.executable, "-m", "kmm", *arguments],
            stdout=broken,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
            timeout=120,
        )
    assert (done.returncode, done.stderr) == (128 + 13, b"")


def test_everything_but_the_lab_works_without_its_packages() -> None:
    code = (
        "import sys\n"
        "for name in ('numpy', 'matplotlib', 'ipywidgets', 'IPython', 'greenlet', 'rich'):\n"
        "    sys.modules[name] = None\n"
        "from kmm.cli import main\n"
        "sys.exit(main(['run', 'anon-simple']) or main(['doctor']) or main(['scenarios']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_output_without_arrows_gets_question_marks() -> None:
    done = kmm_process("run", "anon-simple", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "p0._count 2 ? " in done.stdout or "p0._count 3 ? " in done.stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_only_a_terminal_is_coloured_and_not_if_it_says_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    # What asks for colours in general does not turn a file into a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    pipe, terminal, spared = io.StringIO(), Terminal(), Terminal()
    Paper(pipe).line(("word", "bold red"), " [b]")
    Paper(terminal).line(("word", "bold red"), " [b]")
    monkeypatch.setenv("NO_COLOR", "1")
    Paper(spared).line(("word", "bold red"), " [b]")
    assert pipe.getvalue() == spared.getvalue() == "word [b]\n"
    assert "\x1b[" in terminal.getvalue()
    assert terminal.getvalue().endswith(" [b]\n")


# kmm scenarios


def test_scenarios_shows_every_name_once(
    vectors: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The recorded ones, and those of the project's own."""
    assert cli.main(["scenarios"]) == 0
    shown = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in shown if line.startswith("  ")]
    assert len(names) == len(set(names))
    assert set(names) > set(vectors)
    assert set(names) == set(library.names())


def test_words_narrow_the_scenarios_down(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scenarios", "--json", "ANON", "simple"]) == 0
    topics = json.loads(capsys.readouterr().out)
    names = [scenario["name"] for topic in topics for scenario in topic["scenarios"]]
    assert "anon-simple" in names
    assert "anon-mlocked" not in names


# kmm run


def listed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `kmm run` prints, without the heading."""
    assert cli.main(["run", *arguments]) == 0
    return capsys.readouterr().out.splitlines()[2:]


def test_run_json_is_the_result_as_the_c_gave_it(
    vectors: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--json", "anon-shared"]) == 0
    result = json.loads(capsys.readouterr().out)
    expected = vectors["anon-shared"]["result"]
    assert {key: result[key] for key in expected} == expected


@pytest.mark.parametrize("name", ["anon-simple", "pinned-until-pass-4", "entry-wait"])
def test_run_lists_every_step_in_order_with_its_number(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = listed([name], capsys)
    first_words = [line.split()[0] for line in lines[:-1] if line]
    steps = int(lines[-1].removesuffix(" steps"))
    assert [int(word) for word in first_words if word.isdigit()] == list(range(steps))


def test_a_call_is_a_level_and_its_value_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    # The numbers of the steps, which have three digits, are cut off.
    lines = [line[4:] for line in listed(["anon-simple"], capsys)]
    # An anonymous page outside the swap cache has no mapping: NULL, and one look at its count.
    call = "migrate_page_move_mapping(NULL, n0, p0)"
    start, indent = next((i, line[: -len(call)]) for i, line in enumerate(lines) if call in line)
    assert indent.isspace()
    assert lines[start : start + 4] == [
        f"{indent}{call}",
        f"{indent}  page_count(p0) = 1",
        f"{indent}  return 0",
        f"{indent}migrate_page_copy(n0, p0)",
    ]


def test_where_several_act_each_line_says_who(capsys: pytest.CaptureFixture[str]) -> None:
    lines = listed(["entry-wait"], capsys)
    (unlock,) = [line for line in lines if "unlock_page(p0) " in line]
    assert " other CPUs unlock_page(p0) " in unlock
    # The waiter's call goes on: what it does next stands as deep as what it did before.
    before, after = (lines[lines.index(unlock) + i] for i in (-1, 1))
    assert before.index("PageLocked(p0)") == after.index("wait_on_page_lock_bit(p0)")


def test_a_change_is_shown_beside_the_step_that_made_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = listed(["anon-simple"], capsys)
    clear, count = (
        next(line for line in lines if step in line)
        for step in ("ClearPageLRU(p0)", "get_page_unless_zero(p0) = 1")
    )
    # One pte holds the page; isolating it takes a second reference, and it leaves the LRU.
    assert clear.endswith("  p0.PG_lru 1 → 0")
    assert count.endswith("  p0._count 1 → 2")


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("anon-simple", ["rc: 0"]),
        ("memcg-enomem", ["rc: -ENOMEM (-12)"]),
        ("pinned-for-ever", ["rc: 1"]),
        ("entry-wait", ["rc: none, the operation returns nothing"]),
        ("move-efault-status", ["rc: -EFAULT (-14)", "status: unwritten, -ENOENT (-2)"]),
        ("move-same-page-twice", ["rc: 0", "status: 1, -EBUSY (-16)"]),
    ],
)
def test_run_ends_with_what_came_of_it(
    name: str, ending: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = listed([name], capsys)
    assert lines[-len(ending) - 2 : -1] == ["", *ending]


def test_a_kernel_bug_is_a_result(
    vectors: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    name = "active-and-unevictable"
    lines = listed([name], capsys)
    assert f"bug: {vectors[name]['result']['bug']}" in lines
    assert any(line.strip() == "cut off" for line in lines)


def test_run_saves_the_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.json"
    lines = listed(["anon-simple", "--trace", str(file)], capsys)
    assert json.loads(file.read_text(encoding="utf-8"))["format"] == "kmm-trace/1"
    assert lines[-1] == f"{len(kmm.Trace.load(file))} steps"


def test_run_reads_a_file_and_standard_input(vectors: dict[str, Any], tmp_path: Path) -> None:
    vector = vectors["anon-shared"]
    text = json.dumps(vector["scenario"])
    file = tmp_path / "mine.json"
    file.write_text(text, encoding="utf-8")
    from_file = kmm_process("run", "--json", str(file))
    from_stdin = kmm_process("run", "--json", "-", input=text)
    assert from_file.stdout == from_stdin.stdout
    assert json.loads(from_stdin.stdout)["final"] == vector["result"]["final"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n "op": ,', "line 2, column 8: is not JSON"),
        ('{"format": "kmm-scenario/1"}', "op: is missing"),
        ("[]", "must be"),
    ],
)
def test_a_file_that_is_no_scenario_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "mine.json"
    file.write_text(text, encoding="utf-8")
    done = kmm_process("run", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kmm: {file}: ")
    assert says in done.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"op": 1}', "[" * 100_000, '"\\ud800"'])
def test_a_scenario_that_is_none_is_one_sentence(text: str) -> None:
    done = kmm_process("run", "-", input=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("kmm: ")
    assert done.stderr.count("\n") == 1


def test_standard_input_that_is_no_text_is_one_sentence() -> None:
    command = [sys.executable, "-m", "kmm", "run", "-"]
    done = subprocess.run(command, input=b"\xff{", capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"kmm: ")
    assert b"UTF-8" in done.stderr
    assert done.stderr.count(b"\n") == 1


# kmm conform


@pytest.fixture
def three(vectors: dict[str, Any]) -> list[dict[str, Any]]:
    """Three vectors that pass, as copies to spoil."""
    names = ("anon-simple", "anon-shared", "active-and-unevictable")
    return [json.loads(json.dumps(vectors[name])) for name in names]


def conformed(
    vectors: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, list[str], str]:
    """Status, lines of standard output and standard error of `kmm conform` over the vectors."""
    file = tmp_path / "vectors.jsonl"
    file.write_text(jsonl(*vectors), encoding="utf-8")
    status = cli.main(["conform", *options, str(file)])
    streams = capsys.readouterr()
    return status, streams.out.splitlines(), streams.err


def test_conform_passes_what_the_c_answered(
    three: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformed(three, tmp_path, capsys) == (0, ["3 passed, 0 failed"], "")


def test_conform_shows_the_first_difference_and_counts(
    three: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three[1]["result"]["final"]["pages"]["p0"]["count"] += 1
    wrong = three[1]["result"]["final"]["pages"]["p0"]["count"]
    status, lines, errors = conformed(three, tmp_path, capsys)
    assert (status, errors) == (1, "")
    assert lines == [
        "anon-shared",
        "  final.pages.p0.count",
        f"    - {wrong}",
        f"    + {wrong - 1}",
        "",
        "2 passed, 1 failed",
    ]


def test_conform_can_stop_at_the_first_failure(
    three: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three[0]["result"]["rc"] = three[2]["result"]["rc"] = 99
    status, lines, _ = conformed(three, tmp_path, capsys, "--fail-fast")
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")


def test_a_refused_scenario_is_a_failed_vector(
    three: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del three[0]["scenario"]["op"]
    status, lines, errors = conformed(three, tmp_path, capsys)
    assert (status, lines[-1], errors) == (1, "2 passed, 1 failed", "")
    assert lines[1].startswith("  the scenario is refused: ")


def test_a_crash_of_the_model_is_a_failed_vector(
    three: list[Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kmm, "load", lambda scenario: 1 / 0)
    status, lines, _ = conformed(three[:1], tmp_path, capsys)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")
    assert lines[1].startswith("  the model crashed: ZeroDivisionError: ")


MALFORMED = ["{", "7", "{}", '{"scenario": {}}', '{"scenario": 1, "result": {}}', "[" * 99_999]


@pytest.mark.parametrize(
    ("malformed", "jobs"), [*((line, "1") for line in MALFORMED), (MALFORMED[0], "2")]
)
def test_a_malformed_line_is_named_and_nothing_is_lost(
    malformed: str,
    jobs: str,
    three: list[Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "vectors.jsonl"
    file.write_text(jsonl(*three[:2]) + "\n" + malformed + "\n" + jsonl(three[2]))
    assert cli.main(["conform", "--jobs", jobs, str(file)]) == 2
    streams = capsys.readouterr()
    assert streams.out == "2 passed, 0 failed\n"
    assert streams.err.startswith(f"kmm: {file}, line 4: ")
    assert streams.err.count("\n") == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_damaged_archive_counts_up_to_the_damage(
    jobs: str, three: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.compress(jsonl(*three).encode())
    file = tmp_path / "vectors.jsonl.gz"
    file.write_bytes(whole[:-8])  # the checksum is missing, the lines are all there
    assert cli.main(["conform", "--jobs", jobs, str(file)]) == 2
    streams = capsys.readouterr()
    assert streams.out == "3 passed, 0 failed\n"
    assert streams.err.startswith(f"kmm: {file}: damaged after line 3: ")


def test_many_processes_and_files_tell_the_same(
    three: list[Any], vectors: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three[1]["result"]["rc"] = 99
    file = tmp_path / "vectors.jsonl"
    file.write_text(jsonl(*three), encoding="utf-8")
    outputs = []
    for jobs in ("1", "2"):
        assert cli.main(["conform", "--jobs", jobs, str(file), str(CURATED)]) == 1
        outputs.append(capsys.readouterr())
    assert outputs[0] == outputs[1]
    assert outputs[0].out.endswith(f"{len(vectors) + 2} passed, 1 failed\n")


def test_conform_reads_a_pipe(three: list[Any]) -> None:
    done = kmm_process("conform", "-", input=jsonl(*three))
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 passed, 0 failed\n", "")


def test_conform_that_is_interrupted_says_what_it_knows(
    three: list[Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = conform.Tally.count

    def interrupted(self: conform.Tally, *arguments: Any) -> None:
        count(self, *arguments)
        if self.passed == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(conform.Tally, "count", interrupted)
    status, lines, errors = conformed(three, tmp_path, capsys)
    assert (status, lines, errors) == (130, ["2 passed, 0 failed"], "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_quiet(jobs: str, vectors: dict[str, Any]) -> None:
    spoiled = json.loads(json.dumps(vectors["anon-simple"]))
    spoiled["result"]["rc"] = 99
    command = [sys.executable, "-m", "kmm", "conform", "--jobs", jobs, "-"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    with subprocess.Popen(command, env=buffered, encoding="utf-8", **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        deadline = threading.Timer(60, process.kill)
        deadline.start()
        try:
            # The failure is shown while more lines are awaited: then it is in the middle of things.
            process.stdin.write(jsonl(spoiled, *vectors.values()))
            process.stdin.flush()
            assert process.stdout.readline() == "anon-simple\n"
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            assert process.stdout.read().splitlines()[-1].endswith(" passed, 1 failed")
            assert process.stderr.read() == ""
        finally:
            deadline.cancel()
            process.kill()


# The difference of two results


def test_equal_as_json_is_equal() -> None:
    assert difference({"a": [1, {"0": None}]}, {"a": (1, {0: None}), "b": 2}) is None


@pytest.mark.parametrize(
    ("expected", "got", "text"),
    [
        ({"rc": 1}, {"rc": True}, "rc\n  - 1\n  + true"),
        ({"rc": None}, {}, "rc\n  - null\n  + nothing"),
        ({"a": {"b": {}}}, {"a": {"b": {"c": 1}}}, "a.b.c\n  - nothing\n  + 1"),
        ({"a": [[1], [2, 3]]}, {"a": [[1], [2]]}, "a[1][1]\n  - 3\n  + nothing"),
        ({"a": [1]}, {"a": [1, 2]}, "a[1]\n  - nothing\n  + 2"),
        ({"a": [1]}, {"a": {"0": 1}}, 'a\n  - [1]\n  + {"0": 1}'),
        # What happened explains what came of it, and stands first.
        (
            {"rc": 0, "trace_full": [["a"], ["b"], ["c"], ["d"], ["e", 1], ["f"]]},
            {"rc": 1, "trace_full": [["a"], ["b"], ["c"], ["d"], ["e", 2]]},
            (
                "trace_full[4] of 6\n"
                '        1 ["b"]\n        2 ["c"]\n        3 ["d"]\n'
                '  -     4 ["e", 1]\n  +     4 ["e", 2]\n'
                "  different too: rc"
            ),
        ),
    ],
)
def test_the_first_difference_is_named(expected: Any, got: Any, text: str) -> None:
    assert difference(expected, got) == text


# kmm doctor


def test_doctor_names_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["python"] == sys.version.split()[0]
    installed = {need["package"]: need["installed"] for need in found["packages"]}
    assert installed["pytest"] == pytest.__version__
    assert {"rich", "fastjsonschema", "jupyterlab", "numpy"} <= set(installed)


def test_doctor_names_what_is_missing_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = doctor.version
    monkeypatch.setattr(doctor, "version", lambda p: None if p == "ipywidgets" else real(p))
    assert cli.main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "ipywidgets" in shown
    assert "missing" in shown
    assert "-m pip install" in shown
    assert "[lab]" in shown


def test_doctor_says_whether_there_is_a_browser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: {"google-chrome": "/there"}.get(name))
    assert cli.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["browser"] == "/there"
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert cli.main(["doctor"]) == 0
    assert doctor.BROWSER_REMEDY in capsys.readouterr().out


def test_doctor_fails_where_kmm_cannot_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "version", lambda p: None)
    assert cli.main(["doctor"]) == 1


# kmm lab


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been started."""
    commands: list[list[str]] = []
    monkeypatch.setattr(lab, "launch", lambda command: commands.append(command) or 0)
    return commands


def test_lab_opens_the_first_notebook_and_passes_arguments_on(
    launched: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("02-second.ipynb", "01-first.ipynb"):
        (tmp_path / name).touch()
    monkeypatch.setattr(lab, "notebooks", lambda: tmp_path)
    assert cli.main(["lab", "--no-browser", "--port", "9999"]) == 0
    (command,) = launched
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--LabApp.default_url=/lab/tree/01-first.ipynb" in command
    assert command[-3:] == ["--no-browser", "--port", "9999"]


def test_lab_says_how_to_get_jupyterlab(
    launched: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    assert cli.main(["lab"]) == 2
    assert "-m pip install" in capsys.readouterr().err
    assert launched == []


def test_lab_says_where_the_notebooks_are(
    launched: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "__file__", str(tmp_path / "kmm" / "cli" / "lab.py"))
    assert cli.main(["lab"]) == 2
    assert "notebooks" in capsys.readouterr().err
    assert launched == []
