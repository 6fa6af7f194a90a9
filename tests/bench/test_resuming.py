"""What a rank of a larger cluster fetches of a checkpoint that fewer ranks wrote."""

import math
import uuid
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.bench.counting import counted
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.store import Store
from vf_ray.train import checkpoint
from vf_ray.train.pieces import KINDS, Piece

pytestmark = pytest.mark.bench
LAYERS, ELEMENTS = 2, 16 << 20
"""Weights of a layer of 13B, of which ZeRO-3 gives each rank a part: here two of them."""
BEFORE, AFTER = 8, 64


def part(rank: int, world: int) -> list[Piece]:
    """Return what a rank holds under ZeRO-3."""
    size = math.ceil(ELEMENTS / world)
    return [
        Piece(f"layer.{n}", rank * size, size, {k: torch.full((size,), float(rank)) for k in KINDS})
        for n in range(LAYERS)
    ]


def test_resume_on_more_ranks(s3_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {f"layer.{n}": ELEMENTS for n in range(LAYERS)}
    monkeypatch.setattr(checkpoint, "sizes", lambda rank: sizes)
    monkeypatch.setattr(checkpoint, "_own", lambda engine, rank, world: part(rank, world))

    def make(writer: Writer) -> dict[str, Any]:
        for rank in reversed(range(BEFORE)):
            saver = checkpoint.Saver(writer, rank, BEFORE, "bench")
            saver.save(None, 1, {})
            saver.wait()
            saver.close()
        held, found = part(AFTER // 2, AFTER), checkpoint.find(writer, 1)
        overlaps = {name: list(checkpoint._overlaps(held, file.pieces)) for name, file in found.files.items()}
        wanted = {name: parts for name, parts in overlaps.items() if parts}
        with counted() as asked:
            assert checkpoint._fetch(writer, found, wanted, tmp_path)
        for name, parts in wanted.items():
            checkpoint._fill(tmp_path / name, parts)
        assert all((view == BEFORE // 2).all() for piece in held for view in piece.views.values())
        used = sum(12 * piece.size for piece in held)
        whole = sum(found.files[name].blocks.size for name in wanted)
        print(
            f"\na checkpoint of {BEFORE} ranks read by one of {AFTER}: {used / 2**20:.1f} MiB used; before: "
            f"{whole / 2**20:.1f} MiB ({whole / used:.1f}x); now: {asked} ({asked.received / used:.2f}x)"
        )
        assert asked.received < 2 * used < whole
        return {}

    build(
        Store.open(f"{s3_store_url}-{uuid.uuid4().hex[:8]}"), Spec(kind="stage1", name="b", config={}), make
    )
