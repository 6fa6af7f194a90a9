"""The demo's raw files: readable by the catalogue's readers, true to the pictures, always the same."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.demo.written import SEED, SHARE, SOURCES, rows, seen, sha, some_digits, some_pieces, write_some
from vf_ray.artifacts import Spec, build
from vf_ray.demo import write as module
from vf_ray.demo.grids import CELL, COLOURS
from vf_ray.demo.questions import ASKED, most_cells
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.store import Store
from vf_ray.types import Instance


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return write_some(tmp_path_factory.mktemp("demo"), monkeypatch)


def files(root: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_same_bytes_every_time(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files(write_some(tmp_path, monkeypatch)) == files(demo)


def test_five_published_layouts(demo: Path) -> None:
    raw = demo / "raw"
    assert (raw / "demo_digits/train-images-idx3-ubyte.gz").is_file()
    assert (raw / "demo_annotations/annotations/instances_train2014.json").is_file()
    assert (raw / "demo_questions/v2_OpenEnded_mscoco_train2014_questions.json").is_file()
    assert (raw / "demo_photos/pieces.csv").is_file()
    assert {path.name for path in (raw / "demo_colours/colours/train").iterdir()} <= set(COLOURS) - {"black"}


def test_digits_are_read_back(demo: Path) -> None:
    truth = some_digits()
    found = list(rows(demo, "demo_digits"))
    assert [row.label for row, _ in found] == truth.labels.tolist()
    assert all(image == truth.image(n) for n, (_, image) in enumerate(found))


def test_folders_name_the_commonest_colour(demo: Path) -> None:
    for row, image in rows(demo, "demo_colours"):
        assert seen(image).most(black=False) == row.label


def test_every_answer_can_be_read_off_its_image(demo: Path) -> None:
    sorts = set()
    for row, image in rows(demo, "demo_grids"):
        grid, sort = seen(image), row.question_type
        sorts.add(sort)
        if sort == "presence":
            named = [colour for colour in COLOURS if f" {colour} " in row.question]
            assert (named[0] in grid.colours) == (row.answer == "yes")
        elif sort == "mostly":
            assert f"\n{row.answer}. {most_cells(grid)}" in row.question
        else:
            assert ASKED[sort][2](grid) == row.answer
    assert sorts == {*ASKED, "presence", "mostly"}


def test_presence_is_asked_with_as_many_yes_as_no(demo: Path) -> None:
    asked: dict[int, list[str]] = {}
    for row, _ in rows(demo, "demo_grids"):
        if row.question_type == "presence":
            asked.setdefault(row.image_id, []).append(row.answer)
    assert asked and all(answers.count("yes") == answers.count("no") for answers in asked.values())


def test_boxes_fit_their_objects(demo: Path) -> None:
    (file,) = demo.rglob("instances_train2014.json")
    boxes: dict[int, list[list[float]]] = {}
    for annotation in json.loads(file.read_text())["annotations"]:
        boxes.setdefault(annotation["image_id"], []).append(annotation["bbox"])
    num_objects = 0
    for row, image in rows(demo, "demo_objects"):
        cells = seen(image).cells
        covered = np.zeros_like(cells, bool)
        for thing, box in zip(row.objects, boxes.get(row.image_id, []), strict=True):
            left, top, width, height = (int(side) // CELL for side in box)
            inside = cells[top : top + height, left : left + width] == COLOURS.index(thing.category)
            edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
            assert all(edge.any() for edge in edges)
            covered[top : top + height, left : left + width] |= inside
            num_objects += 1
        assert (covered == (cells != 0)).all()
    assert num_objects > 300


def test_captions_tell_what_is_there(demo: Path) -> None:
    for row, image in rows(demo, "demo_captions"):
        grid = seen(image)
        assert f"{grid.height} by {grid.width} cells" in row.caption
        told = row.caption.partition(", with")[0]
        assert {colour for colour in COLOURS if colour in told} == set(grid.colours)


def test_the_table_is_true_to_the_pieces(demo: Path) -> None:
    truth = {piece.name: piece for piece in some_pieces()}
    found = list(rows(demo, "demo_photos"))
    assert {row.cells["file"] for row, _ in found} == set(truth)
    for row, image in found:
        piece = truth[row.cells["file"]]
        assert (np.asarray(Image.open(io.BytesIO(image))) == piece.pixels).all()
        assert (row.cells["photograph"], row.cells["strongest"]) == (piece.photograph, piece.strongest)
    bright = sum(row.cells["brightness"] == "bright" for row, _ in found)
    assert abs(2 * bright - len(found)) <= 2


@pytest.mark.parametrize("name", SOURCES)
def test_every_task_makes_instances(demo: Path, name: str) -> None:
    source = SOURCES[name]
    tree = RawTree.of(str(demo / "raw"), source.raws)
    found = list(examine(source, tree, source.tasks, seed=SEED))
    assert all(isinstance(verdict, Instance) for verdict in found), found[:1]
    assert {verdict.task for verdict in found} == {task.id for task in source.tasks}
    assert len({(verdict.task, verdict.key) for verdict in found}) == len(found)


def test_a_image_has_the_same_bytes_in_every_source(demo: Path) -> None:
    named: dict[str, set[str]] = {}
    for name in ("demo_colours", "demo_objects"):
        for row, image in rows(demo, name):
            named.setdefault(row.image.rpartition("_")[2].rpartition("/")[2], set()).add(sha(image))
    assert len(named) > 200 and all(len(shas) == 1 for shas in named.values())


def test_fetch_keeps_the_files_in_the_store(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_some(tmp_path / "unused", monkeypatch)  # patches what fetch writes
    store = Store.open(str(tmp_path / "store"))
    make: Callable[[Any], Any] = lambda writer: module.fetch(writer, seed=SEED, held_out=SHARE)  # noqa: E731
    artifact = build(store, Spec(kind="raw", name="demo", config={}), make)
    assert "raw/demo_grids/train2014.zip" in artifact.names()
    local = artifact.download(tmp_path / "local", "raw")
    for name, source in SOURCES.items():
        packed, loose = (RawTree.of(str(root), source.raws) for root in (local, demo / "raw"))
        assert list(source.read(packed)) == list(source.read(loose)), name
