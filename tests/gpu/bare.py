"""Check, time and print a table on one device: ``python -m tests.gpu.bare [--size 7B] [--layers N]``.

That is a LLaVA-1.5; with ``--family qwen_vl --size 4B``, or another of ``families/published.py``, a family
on images of mixed sizes. Then it needs pytest and Pillow, too, and ``--rows`` so few that the longest fit,
padded.

All rows are taken in one run on one device: a Hugging Face loop (padding to the longest, bf16, SDPA,
gradient checkpointing) and ours with one thing changed at a time. Model FLOPs are those of
``vf_ray.train.estimate.work`` (6 a parameter and token that learns, 2 for the frozen vision tower), never
those of recomputation; beside the peak stands the rate of a plain matrix product measured in this run.
The optimizer keeps fp32 copies and moments; gradients add up in bf16, for a card alone has no room for more.
"""

import argparse
import gc
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import torch
from torch import Tensor

from tests.gpu import work
from vf_ray.model import packed_model as head
from vf_ray.model.families import FAMILIES, family_of_model
from vf_ray.model.packed import compile_parts, packed, recompute
from vf_ray.model.sizes import sizes_of
from vf_ray.recipe import Stage
from vf_ray.train import estimate
from vf_ray.train.collate import Pack
from vf_ray.train.learner import fast_paths

PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bf16, by their makers."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    seconds: float
    """Of a step."""
    memory_gib: float
    losses: Sequence[float]


@dataclass(frozen=True)
class Asked:
    """What is measured."""

    family: str
    size: str
    layers: int
    device: torch.device
    dtype: torch.dtype
    batch: int
    rows: int
    """Conversations of the padded loop's micro-batches."""
    capacity: int
    """Tokens of a pack."""
    steps: int
    compiled: bool


class Work(Protocol):
    """A model and a batch that it learns from, padded or in packs."""

    def model(self) -> Any: ...
    def packs(self, network: Any, capacity: int) -> list[Pack]: ...
    def in_packs(self, network: Any, made: Sequence[Pack]) -> Iterator[Tensor]: ...
    def padded(self, network: Any) -> Iterator[Tensor]: ...
    def counts(self) -> tuple[int, int, int]: ...


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measure and print."""
    asked = _asked(arguments)
    print(f"{_name(asked.device)}, torch {torch.__version__}, {asked}", flush=True)
    if asked.family == FAMILIES[0].name:
        check(asked)
    product = matrix_rate(asked)
    with TemporaryDirectory() as below:
        return _measured(asked, _work(asked, Path(below)), product)


def _work(asked: Asked, folder: Path) -> Work:
    """Return what is measured; of a family that chats, what it needs is written to ``folder``."""
    if asked.family == FAMILIES[0].name:
        return work.LlavaWork(asked.size, asked.layers, asked.batch, asked.rows, asked.device, asked.dtype)
    from tests.gpu.chatting import ChatWork

    return ChatWork.of(
        asked.family, asked.size, folder, layers=asked.layers, batch=asked.batch, rows=asked.rows,
        device=asked.device, dtype=asked.dtype,
    )  # fmt: skip


def _measured(asked: Asked, measured: Work, product: float) -> list[Row]:
    network = measured.model()
    tokens, image_tokens, patches = measured.counts()
    sizes = sizes_of(network, family_of_model(network))
    operations = estimate.work(
        _stage(asked), sizes, tokens=tokens, image_tokens=image_tokens, patches=patches
    )
    del network
    rows = []
    for name, loop in _loops(asked, measured).items():
        try:
            rows.append(_timed(name, asked, loop))
        except torch.OutOfMemoryError:
            print(f"{name}: out of memory", flush=True)
        _forget(asked.device)
    table(asked, rows, tokens, operations, product)
    return rows


def check(asked: Asked) -> None:
    """Hold packed, recomputed and piecewise losses and gradients to single conversations in fp32."""
    kinds = (torch.float32, 1e-4), (torch.bfloat16, 3e-2)
    for (dtype, tolerance), of_each in itertools.product(kinds, (1, 4)):
        plain = work.model("tiny", asked.device, torch.float32)
        ours = packed(work.model("tiny", asked.device, dtype))
        recompute(ours, 0.5)
        batch = work.conversations(12, 16, 1024, seed=5)
        expected = work.reference(plain, batch, asked.device)
        expected.backward()  # type: ignore[no-untyped-call]
        before, head.LOGITS = head.LOGITS, 7 * 1024
        try:
            made = work.packs(ours, batch, 700, of_each)
            found = sum(_backward(share) for share in work.in_packs(ours, made, asked.device))
        finally:
            head.LOGITS = before
        odd = {
            name: float((other.grad.float() - one.grad).norm() / one.grad.norm())
            for (name, one), other in zip(plain.named_parameters(), ours.parameters(), strict=True)
            if one.grad is not None and other.grad is not None
        }
        worst, wanted = max(odd, key=odd.__getitem__), float(expected.detach())
        told = f"{dtype}, {of_each} to a picture: loss {found:.5f} for {wanted:.5f}"
        print(f"{told}; gradients differ by at most {odd[worst]:.1e}")
        assert abs(found - wanted) < tolerance, (found, wanted)
        assert odd[worst] < 10 * tolerance, (worst, odd[worst])


def matrix_rate(asked: Asked) -> float:
    """Return the operations a second of a plain bf16 matrix product."""
    side = 8192 if asked.device.type == "cuda" else 512
    one = torch.randn(side, side, device=asked.device, dtype=torch.bfloat16)
    spent = min(_seconds(lambda: one @ one, asked.device) for _ in range(8))
    return 2 * side**3 / spent


def table(asked: Asked, rows: Sequence[Row], tokens: int, operations: float, product: float) -> None:
    """Print what came out; ratios are to the first row."""
    peak = next((rate for card, rate in PEAKS.items() if card in _name(asked.device)), 0.0)
    print(f"plain bf16 matrix product: {product / 1e12:.1f} TFLOP/s; peak {peak / 1e12:.0f}")
    print(f"{asked.batch} samples, {tokens} real tokens, {operations / 1e12:.2f} TFLOP a step\n")
    print(f"{'':<34}{'samples/s':>10}{'tokens/s':>10}{'MFU':>7}{'of matmul':>10}{'GiB':>7}{'ratio':>7}  loss")
    for row in rows:
        rate = operations / row.seconds
        share = f"{rate / peak:.1%}" if peak else "-"
        print(
            f"{row.name:<34}{asked.batch / row.seconds:>10.2f}{tokens / row.seconds:>10.0f}{share:>7}"
            f"{rate / product:>10.1%}{row.memory_gib:>7.1f}{rows[0].seconds / row.seconds:>7.2f}"
            f"  {row.losses[0]:.4f} > {row.losses[-1]:.4f}"
        )


Loop = Callable[[], tuple[Any, Callable[[], Iterator[Tensor]]]]


def _loops(asked: Asked, measured: Work) -> dict[str, Loop]:
    """Return what is compared: each makes its model, and says how to go through the batch."""

    def hugging_face() -> Any:
        network = measured.model().train()
        network.gradient_checkpointing_enable({"use_reentrant": False})
        return network, lambda: measured.padded(network)

    def ours(share: float, *, compiled: bool = False, capacity: int = asked.capacity) -> Any:
        network = packed(measured.model())
        recompute(network, share)
        if compiled:
            compile_parts(network)
        made = measured.packs(network, capacity)
        _tell(asked, network, share, compiled)
        return network, lambda: measured.in_packs(network, made)

    compiled: dict[str, Loop] = {
        "packed, all recomputed, compiled": lambda: ours(1.0, compiled=True),
        "packed, half recomputed, compiled": lambda: ours(0.5, compiled=True),
    }
    return {
        "transformers, padded to the longest": hugging_face,
        "packed, all layers recomputed": lambda: ours(1.0),
        "packed, 3/4 recomputed": lambda: ours(0.75),
        "packed, half recomputed": lambda: ours(0.5),
        "packed, half, packs half as long": lambda: ours(0.5, capacity=asked.capacity // 2),
        "packed, none recomputed": lambda: ours(0.0, capacity=asked.capacity // 2),
        **(compiled if asked.compiled else {}),
    }


def _timed(name: str, asked: Asked, loop: Loop) -> Row:
    if asked.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(asked.device)
    network, shares = loop()
    masters = work.Masters(network, lr=1e-5)
    losses = work.train(shares, masters, 1)  # compiles, and warms up
    spent = _seconds(lambda: losses.extend(work.train(shares, masters, asked.steps)), asked.device)
    held = torch.cuda.max_memory_allocated(asked.device) if asked.device.type == "cuda" else 0
    print(f"{name}: {spent / asked.steps:.2f} s a step", flush=True)
    return Row(name, spent / asked.steps, held / (1 << 30), losses)


def _seconds(what: Callable[[], object], device: torch.device) -> float:
    _wait(device)
    began = time.perf_counter()
    what()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget(device: torch.device) -> None:
    gc.collect()
    torch.compiler.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _backward(share: Tensor) -> float:
    share.backward()  # type: ignore[no-untyped-call]
    return float(share.detach())


def _stage(asked: Asked, share: float = 0.0, compiled: bool = False) -> Stage:
    half: Any = "bf16" if asked.dtype == torch.bfloat16 else "fp32"
    return Stage(
        tasks=("*",), lr=1e-5, batch=asked.batch, steps=1, precision=half, zero=1, recompute=share,
        compile=compiled,
    )  # fmt: skip


def _tell(asked: Asked, network: Any, share: float, compiled: bool) -> None:
    print("fast paths:", fast_paths(_stage(asked, share, compiled), network, asked.device), flush=True)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _asked(arguments: Sequence[str] | None) -> Asked:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", default=FAMILIES[0].name)
    parser.add_argument("--size", default="7B")
    parser.add_argument("--layers", type=int, default=0, help="of the language model; 0: the size's")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--capacity", type=int, default=8192)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--uncompiled", action="store_true", help="leave out the rows that need a compiler")
    given = parser.parse_args(arguments)
    device = torch.device(given.device)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    return Asked(
        given.family,
        given.size,
        given.layers,
        device,
        dtype,
        given.batch,
        given.rows,
        given.capacity,
        given.steps,
        not given.uncompiled,
    )


if __name__ == "__main__":
    main()
