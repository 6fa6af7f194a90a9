"""What every source and task of the catalogue promises, on its miniature raw tree."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.golden import FOLDER, golden
from tests.tasks.tree import write, write_merged, write_tarred, write_zipped
from tests.tasks.trees import miniature
from vf_ray.tasks import sources
from vf_ray.testing import sources as contract
from vf_ray.types import Instance, Reject, Source

CATALOGUE = {name: source for name, source in sources().items() if not name.startswith("demo_")}


@pytest.fixture(params=CATALOGUE)
def source(request: pytest.FixtureRequest) -> Source[Any]:
    return CATALOGUE[request.param]


def test_the_raws_are_those_of_the_tree(source: Source[Any]) -> None:
    contract.raws_are_named(source, miniature(source.name))


def test_every_row_is_labelled_and_has_its_own_key(source: Source[Any], tmp_path: Path) -> None:
    contract.rows_are_labelled(source, contract.laid(source, miniature(source.name), tmp_path))


@pytest.mark.parametrize("lay", [write, write_zipped, write_tarred])
def test_the_passages_of_a_divisible_source_are_the_whole(lay: contract.Lay, tmp_path: Path) -> None:
    for source in (source for source in CATALOGUE.values() if source.divisible):
        tree = contract.laid(source, miniature(source.name), tmp_path / source.name, lay)
        contract.passages_are_the_whole(source, tree)


def test_every_task_makes_instances_from_images_that_exist(source: Source[Any], tmp_path: Path) -> None:
    contract.tasks_make_instances(source, contract.laid(source, miniature(source.name), tmp_path))


def test_a_recipe_finds_rows_in_the_split_it_takes(source: Source[Any], tmp_path: Path) -> None:
    contract.splits_are_found(source, contract.laid(source, miniature(source.name), tmp_path))


@pytest.mark.parametrize("lay", [write, write_zipped, write_tarred, write_merged])
def test_archives_and_repetition_change_nothing(
    source: Source[Any], tmp_path: Path, lay: contract.Lay
) -> None:
    files = miniature(source.name)
    contract.layouts_change_nothing(source, files, tmp_path, lay, _plain(source.name))


@cache
def _plain(name: str) -> list[Instance | Reject]:
    with tempfile.TemporaryDirectory() as folder:
        tree = contract.laid(CATALOGUE[name], miniature(name), Path(folder))
        return contract.outcomes(CATALOGUE[name], tree)


def test_a_missing_raw_names_its_remedy(source: Source[Any], tmp_path: Path) -> None:
    contract.remedies_are_named(source, tmp_path)


def test_instances_read_as_the_golden_ones(source: Source[Any]) -> None:
    path = FOLDER / f"{source.name}.jsonl"
    assert golden(source) == path.read_text(encoding="utf-8"), "python -m tests.tasks.golden, then look at it"
