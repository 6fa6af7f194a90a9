"""What a rank reads and encodes of a step that many share: with the lengths at hand, and without."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import pytest

from tests.tiny import make_tiny
from tests.train.inputs import Listed, Said, stage
from vf_ray.train.batches import Batches
from vf_ray.train.lengths import Lengths

pytestmark = pytest.mark.bench
SIZE, BATCH, RANKS, STEPS = 4096, 1024, 128, 4


@dataclass(frozen=True)
class Counted(Listed):
    """Samples that count what is read of them."""

    read: list[int] = field(default_factory=list)

    def text(self, rows: Sequence[int]) -> list[Said]:
        self.read.append(sum(len(self.said[row].prompt + self.said[row].response) for row in rows))
        return super().text(rows)


def test_a_rank_reads_its_own_share(tmp_path: Path) -> None:
    plain, folder, chosen = Listed.of(SIZE), make_tiny(tmp_path), stage(batch=BATCH)
    encoder = Batches.of(chosen, plain, folder, 0, 0, 1).encoder
    began = process_time()
    lengths = Lengths.measured(encoder, plain, range(SIZE))
    measured = process_time() - began
    cost, read = {}, {}
    for name, known in (("before", None), ("with lengths", lengths)):
        samples = Counted(plain.said, plain.seen)
        batches = Batches(chosen, samples, encoder, 0, 0, RANKS, lengths=known)
        began = process_time()
        steps = [batches.step(number) for number in range(1, STEPS + 1)]
        cost[name], read[name] = (process_time() - began) / STEPS, sum(samples.read) / STEPS
        used = sum(len(pack.cu_seqlens) - 1 for step in steps for pack in step.packs) / STEPS
        print(f"\n{name}: {cost[name] * 1e3:.0f} ms of CPU, {read[name]:,.0f} bytes of text a step", end="")
    print(f"; {used:.0f} of {BATCH} samples are the rank's; measured once: {SIZE / measured:,.0f} a second")
    less = {what: spent["before"] / spent["with lengths"] for what, spent in (("read", read), ("CPU", cost))}
    print(f"text read: {less['read']:.0f}x less; CPU: {less['CPU']:.1f}x less")
    assert read["with lengths"] * RANKS < 1.5 * read["before"]
    assert cost["with lengths"] < cost["before"] / 2
