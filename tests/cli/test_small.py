"""What a newcomer meets first: wrong files, wrong names, plain terminals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from tests.tasks.tree import write
from vf_ray.cli import app


def run(*words: object, **settings: str) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env=settings)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Return a file that is none of all that is expected."""
    file = tmp_path / "notes.yaml"
    file.write_bytes(b"caf\xe9: 1\n")
    return file


@pytest.fixture
def other_table(tmp_path: Path) -> Path:
    file = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), file)
    return file


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "stage1", "what?", "--image", "{notes}"), "picture format unknown"),
        (("inspect", "{notes}"), "no whole Parquet file"),
        (("inspect", "{table}"), "lacks the columns answer, further, "),
        (("doctor", "{notes}"), "is not UTF-8"),
        (("quality", "{notes}"), "is not UTF-8"),
    ],
)
def test_an_error_names_the_file(
    words: tuple[str, ...], said: str, notes: Path, other_table: Path, tmp_path: Path
) -> None:
    files = {"notes": notes, "table": other_table}
    ended = run(*(word.format(**files) for word in words), VF_RAY_STORE=str(tmp_path / "store"))
    assert ended.exit_code == 1
    named = next(str(file) for key, file in files.items() if f"{{{key}}}" in words)
    assert said in ended.output and named in ended.output.replace("\n", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("gold,gold,answer\na,b,c\n", "several columns 'gold'"),
        (b"gold,answer\ncaf\xe9,x\n", "UTF-8"),
        ("<!doctype html><html>", "is a web page"),
        (None, "Is a directory"),
    ],
)
def test_a_table_that_cannot_be_scored_is_told(
    tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    table = tmp_path / "mine.csv"
    table.mkdir() if content is None else write(tmp_path, {"mine.csv": content})
    ended = run("score", table)
    assert ended.exit_code == 1 and said in ended.output and "mine.csv" in ended.output


def test_a_damaged_table_and_a_place_that_takes_no_file_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"mine.parquet": b"PAR1", "answers.jsonl": "{}"})
    (tmp_path / "folder").mkdir()
    score = ("score", "pope", "--data", tmp_path, "--answers", tmp_path / "answers.jsonl")
    for words, said in {
        ("score", tmp_path / "mine.parquet"): "mine.parquet is not a whole Parquet file",
        ("build", "okvqa/answer", "--raw", tmp_path, "--rejects", tmp_path / "folder"): "Is a directory",
        ("build", "okvqa/answer", "--raw", tmp_path, "--rejects", tmp_path / "no" / "r"): "no such file or",
        (*score, "--judge-replies", tmp_path / "folder"): "--judge-replies",
        ("export", "smoke", "--to", tmp_path / "answers.jsonl"): "Not a directory",
    }.items():
        ended = run(*words)
        assert ended.exit_code == 1 and said in ended.output.replace("\n", " "), words


@pytest.mark.parametrize("words", [("tasks", "nosuch/*"), ("build", "xyzzy", "--raw", "."), ("tasks", "zzz")])
def test_a_name_that_nothing_is_near_to_is_answered_in_few_words(words: tuple[str, ...]) -> None:
    ended = run(*words)
    assert ended.exit_code == 1 and words[1] in ended.stderr
    assert len(ended.stderr) < 600


@pytest.mark.parametrize("verb", ["list", "show", "drift", "cost", "verify", "prune"])
def test_a_store_that_is_not_there_is_no_empty_one(verb: str, tmp_path: Path) -> None:
    ended = run("runs", verb, "--store", tmp_path / "typo")
    assert ended.exit_code == 1
    assert f"{tmp_path / 'typo'}: there is no store; correct --store" in ended.stderr
    assert not (tmp_path / "typo").exists()


def test_letters_that_the_terminal_cannot_show_end_nothing() -> None:
    code = (
        "from vf_ray.cli.app import show, show_json, speak_plainly\n"
        "speak_plainly(); show('caf\\xe9 \\u732b'); show_json({'a': '\\u732b'})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    plain, data = ran.stdout.splitlines()
    assert plain == rb"caf\xe9 \u732b"
    assert json.loads(data) == {"a": "\u732b"}
