"""Checkpoints in the store: what every rank holds, written beside the training, read by any number.

One checkpoint is ``work/checkpoints/step-<n>/<run>/rank-<r>-of-<w>.safetensors`` for each rank, with
the pieces (values and optimizer state of parts of parameters) that this rank updates, a
JSON index beside each, and last ``work/checkpoints/step-<n>/COMPLETE.json``. ``<run>`` is drawn anew
by every start, so the files of one checkpoint never stem from two. Only tensors are ever read, and of
each file only the blocks that hold what a rank needs.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import torch
import torch.distributed
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from vf_ray.artifacts import WORK, Writer
from vf_ray.errors import MissingError, UserError
from vf_ray.store.scratch import scratch
from vf_ray.train.blocks import BlockRun, BlockSums, runs
from vf_ray.train.pieces import KINDS, Piece, pieces, restored, sizes

ROOT = f"{WORK}checkpoints/"
MARK = "COMPLETE.json"
KEEP = 2
"""Complete checkpoints that stay; an older one goes only after a newer one is complete."""
log = logging.getLogger(__name__)
WIDTH = 4
"""Bytes of an element: all of them are fp32."""
PATIENCE_S = 1800.0
"""How long the first rank waits for the others' files before it gives a checkpoint up."""
Overlap: TypeAlias = tuple[Piece, str, int, int, int]
"""Piece, key suffix, start in the stored part, start in the piece, elements."""


@dataclass(frozen=True)
class RankFile:
    """What is known of the file of one rank."""

    pieces: Sequence[tuple[str, int, int]]
    """Parameter, start and size of each."""
    header: int
    """Bytes before the first tensor, which say where each lies."""
    blocks: BlockSums

    @classmethod
    def of(cls, pieces: Sequence[Piece], local: Path) -> "RankFile":
        """Read the file that holds some pieces."""
        with local.open("rb") as file:
            header = 8 + int.from_bytes(file.read(8), "little")
        return cls([(piece.name, piece.start, piece.size) for piece in pieces], header, BlockSums.of(local))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "RankFile":
        """Return what ``asdict`` made plain."""
        return cls([(n, a, s) for n, a, s in plain["pieces"]], plain["header"], BlockSums(**plain["blocks"]))


@dataclass(frozen=True)
class StoredCheckpoint:
    """A complete checkpoint."""

    step: int
    files: Mapping[str, "RankFile"]
    """By name."""
    sizes: Mapping[str, int]
    carried: Any
    """What the run hands on to itself."""


@dataclass(frozen=True)
class Saver:
    """Saves one run's checkpoints, one at a time, in a thread."""

    writer: Writer
    rank: int
    world: int
    run: str
    """The same on all ranks, another at every start."""
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "checkpoint"))
    _last: list["Future[None]"] = field(default_factory=list)
    _given_up: threading.Event = field(default_factory=threading.Event)
    _took: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return how long the newest save took, beside the training; 0 before the first."""
        return self._took[-1] if self._took else 0.0

    def save(self, engine: Any, step: int, carried: Any, keep: int | None = None) -> None:
        """Copy this rank's pieces and store them in the background, once the last save is through.

        The checkpoint of step ``keep`` stays whatever its age.

        Raises:
            Exception: whatever the last save raised.
        """
        self.wait()
        held = _own(engine, self.rank, self.world)
        tensors = {_key(kind, p): _copy(p.views[kind]) for p in held for kind in KINDS}
        self._last.append(self._pool.submit(self._store, step, tensors, held, sizes(engine), carried, keep))

    def wait(self) -> None:
        """Wait for the save that is under way and raise what it raised."""
        while self._last:
            self._last.pop().result()

    def close(self) -> None:
        """Give up a save that is still waiting for other ranks, which may be dead, and end the thread."""
        self._given_up.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _store(
        self, step: int, tensors: dict[str, Tensor], held: Sequence[Piece], whole: Mapping[str, int],
        carried: Any, keep: int | None,
    ) -> None:  # fmt: skip
        began, names = time.monotonic(), [self._name(step, rank) for rank in range(self.world)]
        with scratch("vf-ray-checkpoint-") as folder:
            local = folder / "tensors"
            save_file(tensors, local)
            self.writer.commit(names[self.rank], local)
            # the index after the tensors: where it stands, they do
            index = asdict(RankFile.of(held, local))
        self.writer.commit(f"{names[self.rank]}.json", json.dumps(index).encode())
        if self.rank == 0:
            self._complete(step, names, {"step": step, "sizes": dict(whole), "carried": carried}, keep)
        self._took.append(time.monotonic() - began)

    def _complete(self, step: int, names: Sequence[str], record: dict[str, Any], keep: int | None) -> None:
        """Mark the checkpoint once every rank's file is there, then delete what is no longer needed."""
        # complete only once every rank has stored its part
        for name in names:
            self._await(f"{name}.json")
        files = {name: json.loads(self.writer.read(f"{name}.json")) for name in names}
        self.writer.commit(f"{_folder(step)}{MARK}", json.dumps({**record, "files": files}).encode())
        # the mark first: a folder without one is no checkpoint, whatever is left of it
        stale = steps(self.writer)[KEEP:]
        if stale:
            for old in {name.split("/")[2] for name in self.writer.names(ROOT)}:
                if int(old.removeprefix("step-")) <= stale[0] and int(old.removeprefix("step-")) != keep:
                    self.writer.discard(f"{ROOT}{old}/{MARK}")
                    self.writer.discard(f"{ROOT}{old}/")

    def _await(self, name: str) -> None:
        began = time.monotonic()
        while self.writer.committed(name) is None:
            if self._given_up.is_set() or time.monotonic() - began > PATIENCE_S:
                raise TimeoutError(
                    f"{self.writer.address}: {name} did not come in {PATIENCE_S} s; is its rank alive?"
                )
            self._given_up.wait(0.02)

    def _name(self, step: int, rank: int) -> str:
        return f"{_folder(step)}{self.run}/rank-{rank}-of-{self.world}.safetensors"


def steps(writer: Writer) -> list[int]:
    """Return the steps that have a complete checkpoint, newest first."""
    marks = [name for name in writer.names(ROOT) if name.endswith(f"/{MARK}")]
    return sorted((int(name.split("/")[2].removeprefix("step-")) for name in marks), reverse=True)


def find(writer: Writer, step: int) -> StoredCheckpoint:
    """Return the complete checkpoint of a step."""
    record = json.loads(writer.read(f"{_folder(step)}{MARK}"))
    files = {name: RankFile.from_plain(plain) for name, plain in record["files"].items()}
    return StoredCheckpoint(record["step"], files, record["sizes"], record["carried"])


def resume(engine: Any, writer: Writer, step: int) -> StoredCheckpoint | None:
    """Restore the complete checkpoint of a step; None if a rank finds its files damaged.

    Every rank must call it. A rank fetches only the parts of files that overlap its own pieces, whatever
    the number of ranks that wrote them, and nothing is written to the engine before all ranks have theirs.

    Raises:
        ValueError: if it is of another model or tunes other parameters.
    """
    checkpoint = find(writer, step)
    _require_same(checkpoint, sizes(engine), writer)
    # which parts of which files lie here
    held = pieces(engine)
    overlaps = {name: list(_overlaps(held, file.pieces)) for name, file in checkpoint.files.items()}
    # fetched, and filled in if every rank has all of its own
    with scratch("vf-ray-restore-") as folder:
        whole = _fetch(writer, checkpoint, {name: parts for name, parts in overlaps.items() if parts}, folder)
        if not _all_agree(whole, engine.device):
            return None
        filled = sum(_fill(folder / name, parts) for name, parts in overlaps.items() if parts)
    assert filled == sum(piece.size for piece in held), (filled, checkpoint.step)
    restored(engine, checkpoint.step)
    return checkpoint


def _require_same(checkpoint: StoredCheckpoint, expected: Mapping[str, int], writer: Writer) -> None:
    odd = sorted(set(checkpoint.sizes.items()) ^ set(expected.items()))[:4]
    if odd:
        raise UserError(
            f"{writer.store.at(writer.address)}: the checkpoint of step {checkpoint.step} is of another "
            f"model or tunes other parameters, such as {odd}; delete {ROOT} there to start afresh"
        )


def _fetch(
    writer: Writer, checkpoint: StoredCheckpoint, overlaps: Mapping[str, Sequence[Overlap]], folder: Path
) -> bool:
    """Fetch what lies in the overlaps, checksums verified; tell whether all of it is what was stored."""
    try:
        paths = dict(zip(overlaps, writer.store.many(writer.stored_at, overlaps), strict=True))

        def fetch(spans: Mapping[str, Sequence[tuple[int, int]]]) -> None:
            wanted = (
                runs(writer.store, paths[name], checkpoint.files[name].blocks, parts, folder / name)
                for name, parts in spans.items()
            )
            writer.store.many(BlockRun.fetch, chain.from_iterable(wanted))

        # headers first: they say where the parts lie
        for name in overlaps:
            _make_room(folder / name, checkpoint.files[name].blocks.size)
        fetch({name: [(0, checkpoint.files[name].header)] for name in overlaps})
        fetch({name: list(_spans(folder / name, parts)) for name, parts in overlaps.items()})
    except (UserError, MissingError) as error:
        log.warning("checkpoint left aside, an older one is tried: %s", error)
        return False
    return True


def _make_room(local: Path, size: int) -> None:
    """Make a file that is one hole."""
    local.parent.mkdir(parents=True, exist_ok=True)
    with local.open("wb") as file:
        file.truncate(size)


def _spans(local: Path, overlaps: Sequence[Overlap]) -> Iterator[tuple[int, int]]:
    """Yield where in a file, whose header is there, the overlaps lie: (start, end) in bytes."""
    with local.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    for _, suffix, source, _, count in overlaps:
        for kind in KINDS:
            start = 8 + length + header[f"{kind}/{suffix}"]["data_offsets"][0] + WIDTH * source
            yield start, start + WIDTH * count


def _all_agree(good: bool, device: torch.device) -> bool:
    votes = torch.tensor(int(good), device=device)
    torch.distributed.all_reduce(votes, torch.distributed.ReduceOp.MIN)
    return bool(votes)


def _overlaps(held: Sequence[Piece], index: Any) -> Iterator[Overlap]:
    by_name: dict[str, list[tuple[int, int]]] = {}
    for name, start, size in index:
        by_name.setdefault(name, []).append((start, size))
    # what this rank now needs of each piece that some rank had then
    for piece in held:
        for start, size in by_name.get(piece.name, []):
            low, high = max(start, piece.start), min(start + size, piece.start + piece.size)
            if low < high:
                yield piece, f"{piece.name}@{start}", low - start, low - piece.start, high - low


def _fill(local: Path, overlaps: Sequence[Overlap]) -> int:
    with safe_open(local, framework="pt") as stored:
        for piece, suffix, source, target, count in overlaps:
            for kind in KINDS:
                part = stored.get_slice(f"{kind}/{suffix}")[source : source + count]
                piece.views[kind].narrow(0, target, count).copy_(part)
    return sum(count for *_, count in overlaps)


def _own(engine: Any, rank: int, world: int) -> list[Piece]:
    """Return the pieces this rank is to save: its own, or its turn of those that all ranks hold."""
    held = pieces(engine)
    return held[rank::world] if engine.zero_optimization_stage() == 0 else held


def _copy(view: Tensor) -> Tensor:
    return view.detach().to("cpu", copy=True)


def _key(kind: str, piece: Piece) -> str:
    return f"{kind}/{piece.name}@{piece.start}"


def _folder(step: int) -> str:
    return f"{ROOT}step-{step:08d}/"
