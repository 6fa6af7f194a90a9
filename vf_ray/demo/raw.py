"""The demo's raw trees, each in the layout of the data set it is modelled on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from vf_ray.demo.grids import CELL, COLOURS, LARGEST, ArcGrid
from vf_ray.demo.layouts import coco_file, vqa_files, write, write_idx, write_json, write_table
from vf_ray.demo.questions import asked, caption
from vf_ray.demo.scans import Digits, Square

SPLIT = "train"
"""The demo's publishers name one split; what is held out is decided by content."""
GRID_FILE = "COCO_train2014_{:012d}.ppm"


def write_digits(root: Path, digits: Digits) -> None:
    """Write MNIST's layout: IDX files of pictures and labels, gzipped."""
    write_idx(root / "train-images-idx3-ubyte.gz", digits.pixels)
    write_idx(root / "train-labels-idx1-ubyte.gz", digits.labels)


def write_colours(root: Path, grids: Sequence[ArcGrid]) -> None:
    """Write class folders: each grid under its commonest colour but black."""
    for grid in grids:
        if (colour := grid.most(black=False)) is not None:
            write(root / "colours" / SPLIT / colour / f"{grid.id:012d}.ppm", grid.image)


def write_grids(root: Path, grids: Sequence[ArcGrid]) -> None:
    """Write the pictures that VQA and COCO files name, as COCO names them."""
    for grid in grids:
        write(root / "train2014" / GRID_FILE.format(grid.id), grid.image)


def write_questions(root: Path, grids: Sequence[ArcGrid], seed: int) -> None:
    """Write VQA v2's two files."""
    rows = [(grid.id, *question) for grid in grids for question in asked(grid, seed)]
    questions, annotations = vqa_files(rows)
    write_json(root / "v2_OpenEnded_mscoco_train2014_questions.json", questions)
    write_json(root / "v2_mscoco_train2014_annotations.json", annotations)


def write_annotations(root: Path, grids: Sequence[ArcGrid]) -> None:
    """Write COCO's two files: objects (connected cells of one colour), and captions."""
    images = [_image(grid) for grid in grids]
    objects = (annotation for grid in grids for annotation in _objects(grid))
    captions = ({"image_id": grid.id, "caption": caption(grid)} for grid in grids)
    folder = root / "annotations"
    write_json(folder / "instances_train2014.json", coco_file(images, objects, COLOURS))
    write_json(folder / "captions_train2014.json", coco_file(images, captions))


def _image(grid: ArcGrid) -> dict[str, Any]:
    side = LARGEST * CELL
    return {"id": grid.id, "file_name": GRID_FILE.format(grid.id), "width": side, "height": side}


def _objects(grid: ArcGrid) -> Iterator[dict[str, Any]]:
    for shape in grid.things:
        yield {
            "image_id": grid.id,
            "category_id": shape.colour + 1,
            "bbox": [float(CELL * side) for side in shape.box],
            "area": float(CELL * CELL * shape.area),
            "iscrowd": 0,
        }


def write_pieces(root: Path, pieces: Sequence[Square]) -> None:
    """Write a table of the photographs' pieces, and the pieces."""
    columns = ("file", "photograph", "row", "column", "brightness", "strongest")
    write_table(root / "pieces.csv", columns, _rows(pieces))
    for piece in pieces:
        write(root / "pieces" / piece.name, piece.image)


def _rows(pieces: Sequence[Square]) -> Iterator[tuple[object, ...]]:
    """Yield the table's lines; bright is what lies above the median of its photograph."""
    names = {piece.photograph for piece in pieces}
    middle = {n: median(p.brightness for p in pieces if p.photograph == n) for n in names}
    for piece in pieces:
        brightness = "bright" if piece.brightness > middle[piece.photograph] else "dark"
        yield piece.name, piece.photograph, piece.row, piece.column, brightness, piece.strongest
