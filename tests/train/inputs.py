"""What the tests of training share: listed samples with drawn pictures, a tiny stage, a writer."""

import io
import itertools
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.benchmarks.tasks import TaskAnswer
from vf_ray.eval.watched import WatchedBenchmarks
from vf_ray.recipe import Stage
from vf_ray.store import Store
from vf_ray.train.batches import Batches
from vf_ray.train.collate import Pack

COLOURS = {"red": (230, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 220), "white": (250, 250, 250)}


@dataclass(frozen=True)
class Said:
    """One sample's words."""

    task: str
    key: str
    prompt: str
    response: str
    further: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shuffled:
    """An order of listed samples."""

    rows_in_order: tuple[int, ...]

    def rows(self, start: int, count: int) -> list[int]:
        return list(self.rows_in_order[start : start + count])


class Seen(NamedTuple):
    """An image that is 16 pixels high."""

    data: bytes
    width: int

    @property
    def size(self) -> tuple[int, int]:
        return self.width, 16


@dataclass(frozen=True)
class Listed:
    """Samples in memory: name the colour, with answers of very different lengths."""

    said: tuple[Said, ...]
    seen: tuple[bytes, ...]
    """Pictures; no bytes where a sample shows none."""
    widths: tuple[int, ...] = (16,)
    """Of the pictures, by turns."""

    @classmethod
    def of(cls, size: int, silent: int = 0, widths: tuple[int, ...] = (16,)) -> "Listed":
        """Make samples, of which every ``silent``-th, counted from the last, shows nothing."""
        names = list(COLOURS)
        said, seen = [], []
        for i in range(size):
            colour = names[i % len(names)]
            answer = " ".join([colour] * (1 + i * 7 % 5))
            said.append(
                Said("demo/colour", str(i), "What colour is this" + " please" * (i % 3) + "?", answer)
            )
            image_index = not silent or (size - 1 - i) % silent
            seen.append(_image(COLOURS[colour], i, widths[i % len(widths)]) if image_index else b"")
        return cls(tuple(said), tuple(seen), widths)

    def __len__(self) -> int:
        return len(self.said)

    def order(self, seed: int, epoch: int) -> Shuffled:
        rows = list(range(len(self)))
        random.Random(f"{seed}/{epoch}").shuffle(rows)
        return Shuffled(tuple(rows))

    def text(self, rows: Sequence[int]) -> list[Said]:
        return [self.said[row] for row in rows]

    def shown(self, rows: Sequence[int]) -> list[tuple[Seen, ...]]:
        return [(self._seen(row),) if self.seen[row] else () for row in rows]

    def images(self, shown: Sequence[Seen]) -> list[bytes]:
        return [image.data for image in shown]

    def _seen(self, row: int) -> Seen:
        return Seen(self.seen[row], self.widths[row % len(self.widths)])


def _image(colour: tuple[int, int, int], salt: int, width: int) -> bytes:
    image = Image.new("RGB", (width, 16), colour)
    image.putpixel((salt % 16, salt // 16 % 16), (0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def question_set(size: int) -> QuestionSet:
    """Return a question about each of the last of so many samples, and one that shows nothing."""
    listed = Listed.of(size)
    asked = [
        Question(
            id=one.key, prompt=one.prompt, image=partial(bytes, image), image_id=one.key, category=one.task,
            gold=one.response, max_new_tokens=4, meta=TaskAnswer(answer=one.response.split()[0], letter=""),
        )
        for one, image in zip(listed.said, listed.seen, strict=True)
    ]  # fmt: skip
    blind = replace(asked[0], id="blind", image=None, image_id="")
    return QuestionSet(questions=(*asked, blind))


def questions(size: int) -> WatchedBenchmarks:
    """Return what asks a model in training about so many samples, a few at a time."""
    return WatchedBenchmarks({"tasks": question_set(size)}, batch=24)


def stage(**changes: Any) -> Stage:
    """Return a stage of a few steps of the tiny model."""
    values: dict[str, Any] = {
        "tasks": ("demo/colour",), "lr": 3e-3, "batch": 8, "steps": 6, "save_every": 2, "micro_tokens": 2000,
        "zero": 0,
    }  # fmt: skip
    return Stage(**values | changes)


def ready(batches: Batches, step: int) -> list[Pack]:
    """Return the packs of a step as a model on the CPU takes them."""
    cpu, pixels = torch.device("cpu"), batches.encoder.images
    return [pack.ready(pixels, cpu, torch.float32) for pack in batches.step(step).packs]


def broken(folder: Path, out: Path) -> Path:
    """Copy a model to ``out`` with weights whose products are no numbers."""
    shutil.copytree(folder, out)
    weights = load_file(out / "model.safetensors")
    weights["multi_modal_projector.linear_1.weight"][0] = 3e38  # finite, what it is multiplied with is not
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    return out


def train(
    folder: Path,
    store: Path,
    tuned: Stage,
    *,
    size: int = 40,
    silent: int = 0,
    kill_at: int = 0,
    leave_at: int = 0,
    name: str = "tiny",
    held_out: int = 0,
    quiz: int = 0,
    widths: tuple[int, ...] = (16,),
) -> Artifact:
    """Run the stage in this process and return its artifact; with ``kill_at`` the report raises there.

    ``quiz`` is how many samples a watched model is asked about.
    With ``leave_at`` the machine is said to be taken away when that is asked for the n-th time.
    """
    from vf_ray.train.loop import run

    def report(metrics: Any) -> None:
        if metrics.step == kill_at:
            raise KeyboardInterrupt

    asked = itertools.count(1)

    def make(writer: Writer) -> Mapping[str, Any]:
        return {
            "run": run(
                tuned, model_folder=folder, samples=Listed.of(size, silent, widths), writer=writer, rank=0,
                world=1, seed=0, report=report, leaving=lambda: next(asked) == leave_at,
                held_out=Listed.of(held_out) if held_out else None,
                benchmarks=questions(quiz) if quiz else None,
            )
        }  # fmt: skip

    return build(Store.open(str(store)), Spec(kind="stage1", name=name, config={}), make)
