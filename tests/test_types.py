"""What mypy holds against a task that does not fit its source."""

import re
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parent.parent
MODULE = """
from functools import partial

from vf_ray.instances.shapes import caption
from vf_ray.sources.csv_table import csv_rows
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.sources.rows import QaRow, TextRow
from vf_ray.types import Example, Made, Pool, Row, Source, Terms

THINGS = Source(
    name="things", title="", url="", terms=Terms(), raws=(), read=image_folder("{label}/*"),
)


def of_folder(row: FolderRow) -> Made:
    return caption(row.image, row.label)


def of_folder_and_pool(row: FolderRow, pool: Pool) -> Made:
    return caption(row.image, pool.draw(1)[0])


def of_any_row(row: Row) -> Example:
    return caption(row.image, row.key)


def of_question(row: QaRow) -> Made:
    return caption(row.image, row.question)


def of_word(row: FolderRow, word: str) -> Made:
    return caption(row.image, word)


plain = THINGS.task("plain", group="generation", category="", instruction="")
pooled = THINGS.task("pooled", group="generation", category="", instruction="", pool=lambda row: row.label)
plain(of_folder)
plain(of_any_row)
plain(partial(of_word, word="a"))
pooled(of_folder_and_pool)
plain(of_question)  # wrong
plain(of_folder_and_pool)  # wrong
plain(lambda row: row.question)  # wrong
plain(of_word)  # wrong
pooled(of_folder)  # wrong
THINGS.task("x", group="generation", category="", instruction="", pool=lambda row: row.question)  # wrong
THINGS.task("x", group="generation", category="", instructions="")  # wrong
"""


def test_a_task_of_other_rows_than_its_source_reads_is_an_error_of_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "things.py"
    file.write_text(MODULE)
    report, crash, _ = api.run(["--config-file", "pyproject.toml", str(file)])
    assert not crash
    found = {int(line) for line in re.findall(r"things\.py:(\d+): error", report)}
    wrong = {number for number, line in enumerate(MODULE.split("\n"), 1) if line.endswith("# wrong")}
    assert found == wrong, report
