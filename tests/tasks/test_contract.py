"""What every source and task of the catalogue promises, on its miniature raw tree."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.raw.test_passages import passages, rows
from tests.tasks.golden import FOLDER, golden
from tests.tasks.tree import Files, write, write_merged, write_tarred, write_zipped
from tests.tasks.trees import miniature
from vf_ray.instances.refs import paths_of
from vf_ray.instances.sample import examine
from vf_ray.raw.passages import listed
from vf_ray.raw.tree import RawTree
from vf_ray.sources.images import image_bytes
from vf_ray.tasks import sources
from vf_ray.types import LABELLED_SPLITS, Instance, Reject, Row, Source

CATALOGUE = {name: source for name, source in sources().items() if not name.startswith("demo_")}
SEED = 7


@pytest.fixture(params=CATALOGUE)
def source(request: pytest.FixtureRequest) -> Source[Any]:
    return CATALOGUE[request.param]


def _tree(source: Source[Any], root: Path, lay: Callable[[Path, Files], Path] = write) -> RawTree:
    return RawTree.of(str(lay(root, miniature(source.name))), source.raws)


def _verdicts(source: Source[Any], tree: RawTree) -> list[Instance | Reject]:
    return list(examine(source, tree, source.tasks, seed=SEED))


def test_the_raws_are_those_of_the_tree(source: Source[Any]) -> None:
    assert {path.partition("/")[0] for path in miniature(source.name)} == {raw.name for raw in source.raws}
    assert all(raw.obtain for raw in source.raws)


def test_every_row_is_labelled_and_has_its_own_key(source: Source[Any], tmp_path: Path) -> None:
    rows = list(source.read(_tree(source, tmp_path)))
    assert all(isinstance(row, Row) for row in rows), rows
    assert len({row.key for row in rows}) == len(rows)
    assert {row.split for row in rows} <= set(LABELLED_SPLITS)


@pytest.mark.parametrize("lay", [write, write_zipped, write_tarred])
def test_the_passages_of_a_divisible_source_are_the_whole(
    lay: Callable[[Path, Files], Path], tmp_path: Path
) -> None:
    for source in (source for source in CATALOGUE.values() if source.divisible):
        tree = _tree(source, tmp_path / source.name, lay)
        divided = passages(source, tree, least=1)
        assert len(divided) > 1 or len(listed(source, tree)) == 1, source.name
        assert rows(source, tree, divided) == list(source.read(tree)), source.name


def test_every_task_makes_instances_from_images_that_exist(source: Source[Any], tmp_path: Path) -> None:
    tree = _tree(source, tmp_path)
    found = [verdict for verdict in _verdicts(source, tree) if isinstance(verdict, Instance)]
    silent = {task.id for task in source.tasks if task.may_be_empty}
    assert found and {instance.task for instance in found} | silent == {task.id for task in source.tasks}
    for instance in found:
        assert instance.prompt.strip() and instance.response.strip()
        for path in paths_of(instance.image):
            with Image.open(io.BytesIO(image_bytes(tree, path))) as image:
                image.load()


def test_a_recipe_finds_rows_in_the_split_it_takes(source: Source[Any], tmp_path: Path) -> None:
    found = [v for v in _verdicts(source, _tree(source, tmp_path)) if isinstance(v, Instance)]
    for task in source.tasks:
        splits = {instance.split for instance in found if instance.task == task.id}
        fits = splits & {task.split, "all"} or task.split == "all"
        assert fits or (task.may_be_empty and not splits), (task.id, splits)


@pytest.mark.parametrize("lay", [write, write_zipped, write_tarred, write_merged])
def test_archives_and_repetition_change_nothing(
    source: Source[Any], tmp_path: Path, lay: Callable[[Path, Files], Path]
) -> None:
    first = _plain(source.name)
    assert _verdicts(source, _tree(source, tmp_path, lay)) == first


@cache
def _plain(name: str) -> list[Instance | Reject]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return _verdicts(CATALOGUE[name], _tree(CATALOGUE[name], Path(folder)))


def test_a_missing_raw_names_its_remedy(source: Source[Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        list(source.read(RawTree.of(str(tmp_path), source.raws)))
    assert source.raws[0].obtain[:20] in str(caught.value)


def test_instances_read_as_the_golden_ones(source: Source[Any]) -> None:
    path = FOLDER / f"{source.name}.jsonl"
    assert golden(source) == path.read_text(encoding="utf-8"), "python -m tests.tasks.golden, then look at it"
