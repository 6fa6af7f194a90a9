"""Features of all instances, chunk by chunk: each chunk a file that a killed run does not make again.

A chunk of n instances is an (n, size) .npy; what cannot be encoded is a row of NaN and a counted reject.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, Artifact, Spec, Writer
from vf_ray.model.families import encoder_of
from vf_ray.recipe import Stage
from vf_ray.select import features
from vf_ray.select.features import Feature
from vf_ray.select.k_means import Chunks, Floats32
from vf_ray.select.one_by_one import OneByOne
from vf_ray.select.proxy import proxy, put, warm_up
from vf_ray.select.sketch import Sketch
from vf_ray.store import Store
from vf_ray.train.collate import Pack
from vf_ray.train.schedule import Samples
from vf_ray.work import Workers

CHUNK = 512
"""Instances of one file: what a kill may lose. Another number is another layout of ``features``."""
HALF: tuple[Feature, ...] = ("gradients", "hidden")
"""Kinds of unit length, kept in half precision."""


@dataclass(frozen=True)
class Inquiry:
    """What is asked of which model about which samples."""

    kind: Feature
    stage: Stage
    """As which the samples are read; its adapters are what gradients are taken by."""
    model: Artifact
    samples: Callable[[], Samples]
    known_as: str
    """What tells these samples from others."""
    seed: int
    size: int
    """Numbers of a sketch."""
    warm: Artifact | None = None
    """Where the weights of a short tuning lie; None: the model is asked as it is."""
    marks: Sequence[int] = ()
    """After which of its steps the model is asked, one after the other."""


class Collector:
    """A worker with the last model it was asked about in memory."""

    def __init__(self) -> None:
        self._held: tuple[Any, Any, Any] | None = None
        self._opened: tuple[str, Samples] | None = None

    def ready(self) -> None:
        """Return as soon as the worker stands."""

    def warm_up(
        self, writer: Writer, stage: Stage, model: Artifact, samples: Callable[[], Samples], seed: int,
        marks: Sequence[int],
    ) -> Mapping[str, Any]:  # fmt: skip
        """Tune a proxy and commit its weights; return statistics."""
        with model.at_hand(MODEL) as folder:
            return warm_up(writer, stage, folder, samples(), seed, marks)

    def collect(self, writer: Writer, name: str, inquiry: Inquiry, rows: Sequence[int]) -> int:
        """Commit the features of some rows; return how many could not be encoded."""
        if writer.committed(name) is None:
            model, encoder = self._loaded(inquiry)
            table, rejects = Probe(inquiry, model, encoder, self._samples(inquiry)).table(rows)
            writer.reject(Path(name).stem, rejects)
            writer.commit(name, _npy(table))
        return int(np.isnan(_read(writer.read(name))).any(axis=1).sum())

    def _samples(self, inquiry: Inquiry) -> Samples:
        if self._opened is None or self._opened[0] != inquiry.known_as:
            self._opened = inquiry.known_as, inquiry.samples()
        return self._opened[1]

    def _loaded(self, inquiry: Inquiry) -> tuple[Any, Any]:
        """Load a model and its encoder, forgetting those before first: there may be no room for both."""
        key = inquiry.model, inquiry.stage, inquiry.seed, inquiry.warm
        if self._held is None or self._held[0] != key:
            # the old model goes before the new one comes: both at once may not fit
            self._held, stage = None, inquiry.stage
            with inquiry.model.at_hand(MODEL) as folder:
                model = proxy(stage, folder, inquiry.seed).eval()
                encoder = encoder_of(folder, stage.max_length, stage.template, stage.too_long)
            self._held = key, model, encoder
        return self._held[1], self._held[2]


@dataclass(frozen=True)
class Probe:
    """An inquiry with its model at hand."""

    inquiry: Inquiry
    model: Any
    encoder: Any
    samples: Samples

    def table(self, rows: Sequence[int]) -> tuple[Floats32, list[Any]]:
        """Return (n, size) of some rows, NaN for those that cannot be encoded, and these as rejects."""
        # what cannot be encoded keeps its row, of no numbers
        samples = OneByOne(self.samples, tuple(rows))
        usable, places, rejects = samples.usable(self.encoder)
        parts = [self._measured(usable, asked) for asked in self._askings() for _ in self._marked()]
        width = sum(part.shape[1] for part in parts)
        table = np.full((len(rows), width), np.nan, np.float16 if self.inquiry.kind in HALF else np.float32)
        if places:
            table[places] = torch.cat(parts, dim=1).numpy()
        return table, rejects

    def _askings(self) -> tuple[bool, ...]:
        """Return whether the samples are read with their questions; losses are measured with and without."""
        return (True, False) if self.inquiry.kind == "losses" else (True,)

    def _marked(self) -> Iterator[None]:
        """Yield once for every state of the model, which it then has."""
        if self.inquiry.warm is None:
            yield
            return
        for mark in self.inquiry.marks:
            put(self.model, self.inquiry.warm, mark)
            yield

    def _measured(self, usable: OneByOne, asked: bool) -> Tensor:
        """Return (n, size) of what can be encoded."""
        look, stage = self._look(), self.inquiry.stage
        view = OneByOne(usable.samples, usable.chosen, asked)
        packs = view.packs(stage, self.encoder, self.model.device, self.model.dtype)
        each = [look(pack).cpu() for pack in packs]
        return torch.stack(each) if each else torch.zeros(0, 1)

    def _look(self) -> Callable[[Pack], Tensor]:
        model, image_id = self.model, self.encoder.image_id
        sketch = Sketch(self.inquiry.size, self.inquiry.seed)
        looks: Mapping[Feature, Callable[[Pack], Tensor]] = {
            "gradients": lambda pack: features.gradient(model, pack, sketch),
            "losses": lambda pack: features.loss(model, pack),
            "hidden": lambda pack: features.hidden(model, pack, image_id, sketch),
            "looks": lambda pack: features.look(model, pack),
            "attention": lambda pack: features.attention(model, pack, image_id),
        }
        return looks[self.inquiry.kind]


def collected(store: Store, spec: Spec, inquiry: Inquiry, rows: Sequence[int], workers: Workers) -> Artifact:
    """Return the features of some samples, asking what is not there yet."""

    def make(writer: Writer) -> Mapping[str, Any]:
        parts = [
            workers.submit("collect", writer, part(n), inquiry, rows[start : start + CHUNK])
            for n, start in enumerate(range(0, len(rows), CHUNK))
        ]
        rejected = 0
        for number, future in enumerate(parts, 1):
            rejected += future.result()
            writer.progress(number, len(parts), "parts")
        return {"instances": len(rows), "rejected": rejected}

    return artifacts.build(store, spec, make)


def warmed(
    store: Store, spec: Spec, stage: Stage, model: Artifact, samples: Callable[[], Samples], seed: int,
    marks: Sequence[int], workers: Workers,
) -> Artifact:  # fmt: skip
    """Return the weights of a short tuning of adapters."""
    ask = partial(workers.submit, "warm_up")
    return artifacts.build(
        store, spec, lambda writer: ask(writer, stage, model, samples, seed, marks).result()
    )


def part(number: int) -> str:
    """Return the name of a chunk's file."""
    return f"{number:05d}.npy"


@contextmanager
def chunks_of(features: Artifact) -> Iterator[Chunks]:
    """Give the features as the files hold them, mapped into memory."""
    with features.at_hand("") as folder:
        yield [np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in features.names()]


def _npy(table: Floats32) -> bytes:
    sink = io.BytesIO()
    np.save(sink, table, allow_pickle=False)
    return sink.getvalue()


def _read(data: bytes) -> Floats32:
    table: Floats32 = np.load(io.BytesIO(data), allow_pickle=False)
    return table
