"""Parts of a stored file: what is wanted is there, little else is fetched, what was altered is noticed."""

import random
from pathlib import Path

import pytest

from vf_ray.errors import UserError
from vf_ray.store import Store
from vf_ray.train import blocks
from vf_ray.train.blocks import BlockRun, BlockSums, runs

SIZE = 5_000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 64)
    monkeypatch.setattr(blocks, "RUN", 3)


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Store, bytes]:
    store, data = Store.open(str(tmp_path / "store")), random.Random(0).randbytes(SIZE)
    store.create("file", data)
    return store, data


def known(tmp_path: Path, data: bytes) -> tuple[BlockSums, Path]:
    local = tmp_path / "local"
    local.write_bytes(data)
    found = BlockSums.of(local)
    local.write_bytes(bytes(SIZE))
    return found, local


@pytest.mark.parametrize("seed", range(20))
def test_any_spans_are_fetched_with_less_than_a_block_at_each_end(
    tmp_path: Path, stored: tuple[Store, bytes], seed: int
) -> None:
    store, data = stored
    draw, (sums, local) = random.Random(seed), known(tmp_path, data)
    spans = [sorted(draw.sample(range(SIZE + 1), 2)) for _ in range(draw.randrange(4))]
    wanted = list(runs(store, "file", sums, [(a, b) for a, b in spans], local))
    fetched = sum(map(BlockRun.fetch, wanted))
    assert all(local.read_bytes()[a:b] == data[a:b] for a, b in spans)
    assert fetched <= sum(b - a + 2 * 64 for a, b in spans)
    assert sum(byte != 0 for byte in local.read_bytes()) <= fetched
    numbers = [n for run in wanted for n in range(run.first, run.end)]
    assert len(numbers) == len(set(numbers)) and all(run.end - run.first <= 3 for run in wanted)


@pytest.mark.parametrize("harm", ["altered", "cut"])
def test_harm_is_noticed_where_it_is_read_and_only_there(tmp_path: Path, harm: str) -> None:
    data = random.Random(1).randbytes(SIZE)
    sums, local = known(tmp_path, data)
    store = Store.open(str(tmp_path / "harmed"))
    store.create("file", data[:3_000] + (b"" if harm == "cut" else b"!" + data[3_001:]))
    (good,) = runs(store, "file", sums, [(0, 100)], local)
    (bad,) = runs(store, "file", sums, [(2_990, 3_010)], local)
    assert good.fetch() == 128
    with pytest.raises(UserError, match="file"):
        bad.fetch()
