"""Benchmarks about the demo's held-out pictures, in the official files of POPE, MMBench and MNIST."""

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vf_ray.demo.grids import COLOURS, ArcGrid
from vf_ray.demo.layouts import write, write_idx, write_json_lines, write_table
from vf_ray.demo.questions import (
    ASKED,
    MOST_PRESENCE,
    MOSTLY,
    MOSTLY_ASKED,
    most_cells,
    presence,
    present_and_absent,
)
from vf_ray.demo.raw import GRID_FILE
from vf_ray.demo.scans import PHOTOGRAPHS, Digits, Square
from vf_ray.instances.chance import rank, shuffled

MOST_POPE = 60
"""Pictures of POPE; there are at most six questions of each, in three splits."""
MOST_GROUP = 30
"""Questions of each of MMBench's categories."""
ROTATION = 1_000_000
"""MMBench adds this to a question's index with each rotation of its options."""
LETTERS = "ABCD"
COLUMNS = (
    "index", "question", "hint", *LETTERS, "answer", "category", "image", "source", "l2-category",
    "comment", "split",
)  # fmt: skip


def write_pope(root: Path, unseen: Sequence[ArcGrid], all_grids: Sequence[ArcGrid], seed: int) -> None:
    """Write POPE's three label files and their pictures.

    As in POPE, absent colours are drawn at random, by how common they are, or by how often they
    occur together with those that are there; the colours that are there are the same in all splits.
    """
    chosen = [grid for grid in _in_order(unseen, seed) if all(present_and_absent(grid))][:MOST_POPE]
    common = _common(all_grids)
    together = _together(all_grids)
    for split in ("random", "popular", "adversarial"):
        rows = [row for grid in chosen for row in _pope_rows(grid, split, common, together, seed)]
        numbered = ({"question_id": number, **row} for number, row in enumerate(rows, 1))
        write_json_lines(root / "coco" / f"coco_pope_{split}.json", numbered)
    for grid in chosen:
        write(root / "val2014" / GRID_FILE.format(grid.id), grid.image)


def _pope_rows(
    grid: ArcGrid, split: str, common: Mapping[str, int], together: Mapping[tuple[str, str], int], seed: int
) -> Iterator[dict[str, Any]]:
    here, absent = present_and_absent(grid)
    drawn = shuffled(absent, str(seed), grid.name, "pope")
    if split == "popular":
        drawn = tuple(sorted(drawn, key=lambda colour: -common[colour]))
    elif split == "adversarial":
        drawn = tuple(sorted(drawn, key=lambda colour: -sum(together[pair, colour] for pair in here)))
    count = min(len(here), len(absent), MOST_PRESENCE)
    for yes, no in zip(shuffled(here, str(seed), grid.name, "pope")[:count], drawn, strict=False):
        for colour, label in ((yes, "yes"), (no, "no")):
            yield {"image": GRID_FILE.format(grid.id), "text": presence(colour), "label": label}


def _common(grids: Sequence[ArcGrid]) -> Mapping[str, int]:
    return Counter(colour for grid in grids for colour in present_and_absent(grid)[0])


def _together(grids: Sequence[ArcGrid]) -> Mapping[tuple[str, str], int]:
    """Return how many grids hold both colours of a pair."""
    pairs: Counter[tuple[str, str]] = Counter()
    for grid in grids:
        here, _ = present_and_absent(grid)
        pairs.update((one, other) for one in here for other in here)
    return pairs


def write_mmbench(root: Path, grids: Sequence[ArcGrid], pieces: Sequence[Square], seed: int) -> None:
    """Write MMBench's table: every question once with each rotation of its options.

    A rotation's picture cell holds the index of the row with the picture, as in later releases.
    """
    asked = [*_grid_questions(grids, seed), *_piece_questions(pieces, seed)]
    rows = [row for index, question in enumerate(asked, 1) for row in _rotations(index, *question)]
    write_table(root / "mmbench_dev_demo.tsv", COLUMNS, rows, separator="\t")


DemoQuestion = tuple[str, str, tuple[str, ...], bytes, str]
"""Question, answer, options, picture, category."""


def _grid_questions(grids: Sequence[ArcGrid], seed: int) -> Iterator[DemoQuestion]:
    sorts = {sort: ASKED[sort] for sort in ("top_left", "background", "shape")}
    sorts[MOSTLY] = (MOSTLY_ASKED, 1.0, most_cells)
    for sort, (question, _, answer) in sorts.items():
        chosen = [grid for grid in _in_order(grids, seed, sort) if answer(grid)][:MOST_GROUP]
        for grid in chosen:
            right = str(answer(grid))
            options = _options(sort, right, str(seed), grid.name, sort)
            yield question, right, options, grid.image, sort


def _options(sort: str, right: str, *parts: str) -> tuple[str, ...]:
    fixed = {MOSTLY: ("black", "coloured"), "shape": ("square", "wide", "tall")}
    if sort in fixed:
        return shuffled(fixed[sort], *parts)
    wrong = shuffled((colour for colour in COLOURS if colour != right), *parts, "wrong")[:3]
    return shuffled((right, *wrong), *parts)


def _piece_questions(pieces: Sequence[Square], seed: int) -> Iterator[DemoQuestion]:
    ordered = sorted(pieces, key=lambda piece: rank(str(seed), "mmbench", piece.name))
    for piece in ordered[:MOST_GROUP]:
        options = shuffled(PHOTOGRAPHS, str(seed), piece.name)
        yield "What does the photograph show?", piece.photograph, options, piece.image, "photograph"


def _rotations(
    index: int, question: str, right: str, options: tuple[str, ...], image: bytes, category: str
) -> Iterator[tuple[object, ...]]:
    for turn in range(len(options)):
        turned = [options[(slot - turn) % len(options)] for slot in range(len(options))]
        cells = [*turned, *[""] * (len(LETTERS) - len(turned))]
        cell = str(index) if turn else base64.b64encode(image).decode()
        yield (
            index + turn * ROTATION, question, "", *cells, LETTERS[turned.index(right)], category, cell,
            "vf-ray demo", "perception", "", "dev",
        )  # fmt: skip


def write_cf(root: Path, digits: Digits, unseen: Sequence[int]) -> None:
    """Write the held-out digits as MNIST's test set."""
    write_idx(root / "t10k-images-idx3-ubyte.gz", digits.pixels[list(unseen)])
    write_idx(root / "t10k-labels-idx1-ubyte.gz", digits.labels[list(unseen)])


def _in_order(grids: Sequence[ArcGrid], seed: int, *parts: str) -> list[ArcGrid]:
    return sorted(grids, key=lambda grid: rank(str(seed), *parts, grid.name))
