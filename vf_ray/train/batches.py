"""The steps of a run as packs of this rank, made ahead of the training by a thread.

Every rank reads the text of the whole global batch, which is cheap, and so knows the batch's label
tokens and the partition without talking to the others; it decodes only its own packs' pictures.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import torch

from vf_ray.model.conversation import Encoded, Encoder
from vf_ray.model.pixels import stacked
from vf_ray.recipe import Stage
from vf_ray.train.collate import Pack, collate, num_labels, token_weights
from vf_ray.train.pack import StepPacks, partition
from vf_ray.train.schedule import Samples, Text, rows_of_step
from vf_ray.types import Reject

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Step:
    """What one rank needs of one step."""

    number: int
    packs: tuple[Pack, ...]
    samples: int
    tokens: int
    """Of the global batch, picture tokens included."""
    labels: int
    """Tokens of the global batch that are trained."""
    computed: int
    """Tokens of the global batch that the language model goes through; those that are shared count once."""
    fill: float
    imaged: int
    """Samples of the global batch that show a picture."""
    encoded: int
    """Pictures that the vision tower goes through, in all packs of the global batch."""
    cut: int
    """Samples that were cut at the end."""
    rejects: tuple[Reject, ...]
    keys: tuple[str, ...]
    """``task key`` of every sample of the global batch."""

    @property
    def shared(self) -> float:
        """Return the share of the samples with a picture that is encoded for another one of their pack."""
        return 1 - self.encoded / self.imaged if self.imaged else 0.0


@dataclass(frozen=True)
class Batches:
    """Makes steps; a pure function of the step's number."""

    stage: Stage
    samples: Samples
    encoder: Encoder
    seed: int
    rank: int
    world: int
    threads: int = 1
    """Threads that decode pictures."""

    @classmethod
    def of(
        cls, stage: Stage, samples: Samples, folder: Path, seed: int, rank: int, world: int, threads: int = 1
    ) -> "Batches":
        """Read the encoder of the model's folder."""
        encoder = Encoder.of(folder, stage.max_length, stage.template, stage.too_long)
        return cls(stage, samples, encoder, seed, rank, world, threads)

    def step(self, number: int) -> Step:
        """Return this rank's share of step ``number`` (from 1).

        Samples that cannot be encoded are left out and returned as rejects.

        Raises:
            ValueError: if no sample of the step can be trained on.
        """
        rows = rows_of_step(self.samples, seed=self.seed, step=number, batch=self.stage.batch)
        texts = self.samples.text(rows)
        images = self.samples.shown(rows)
        tried = [self._encode(text, image is not None) for text, image in zip(texts, images, strict=True)]
        usable = [i for i, one in enumerate(tried) if not isinstance(one, Reject)]
        encoded = [one for one in tried if not isinstance(one, Reject)]
        weights = token_weights(encoded, self.stage.loss)
        lengths = [len(one.ids) for one in encoded]
        shown = [images[i] for i in usable]
        plan = partition(
            lengths,
            ranks=self.world,
            capacity=self.stage.micro_tokens,
            shown=shown,
            prefix_len=self._prefix_len,
        )
        return Step(
            number=number,
            packs=self._packs(plan, [rows[i] for i in usable], encoded, weights),
            samples=len(encoded),
            tokens=sum(lengths),
            labels=sum(map(num_labels, encoded)),
            computed=plan.tokens,
            fill=plan.fill,
            imaged=sum(image is not None for image in shown),
            encoded=plan.distinct(shown),
            cut=sum(one.cut > 0 for one in encoded),
            rejects=tuple(one for one in tried if isinstance(one, Reject)),
            keys=tuple(f"{text.task} {text.key}" for text in texts),
        )

    @property
    def _prefix_len(self) -> int:
        return self.encoder.prefix_len if self.stage.share_tokens else 0

    def _encode(self, text: Text, image: bool) -> Encoded | Reject:
        try:
            return self.encoder.encode(text.prompt, text.response, text.further, image=image)
        except ValueError as error:
            return Reject(text.key, "cannot be encoded", str(error), text.task)

    def _packs(
        self, plan: StepPacks, rows: Sequence[int], encoded: Sequence[Encoded], weights: Sequence[float]
    ) -> tuple[Pack, ...]:
        """Collate this rank's packs; an empty one becomes the shortest sample, of weight 0.

        A picture that several samples of the step show is decoded once, and once in each of their packs. A
        pack that shows none has a blank one, which nothing reads.
        """
        shortest = min(range(len(encoded)), key=lambda i: (len(encoded[i].ids), i))
        packs = [(ranks[self.rank] or (shortest,), float(bool(ranks[self.rank]))) for ranks in plan.packs]
        images = self.samples.images([rows[i] for members, _ in packs for i in members])
        places = {image: place for place, image in enumerate(dict.fromkeys(filter(None, images)))}
        decoded = self.encoder.images.decoded(list(places), self.threads)
        shown = map(places.get, images)
        made = []
        for members, share in packs:
            image_index = list(islice(shown, len(members)))
            here = [place for place in dict.fromkeys(image_index) if place is not None]
            made.append(
                collate(
                    [encoded[i] for i in members], [share * weights[i] for i in members],
                    stacked([decoded[place] for place in here] or [self.encoder.images.blank()]),
                    [None if place is None else here.index(place) for place in image_index], self._prefix_len,
                )
            )  # fmt: skip
        return tuple(made)


def ahead(make: Callable[[S], T], items: Iterable[S], depth: int = 2) -> Iterator[T]:
    """Yield ``make(item)`` for each item in order, making up to ``depth`` more in a thread meanwhile.

    That thread computes with itself alone: a second team of OpenMP threads on the same cores would make
    the training's own wait asleep at every barrier, which costs a third of its rate.
    """
    pool = ThreadPoolExecutor(1, "feed", initializer=torch.set_num_threads, initargs=(1,))
    waiting = deque[Future[T]]()
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def timed(steps: Iterator[T], clock: Callable[[], float]) -> Iterator[tuple[T, float]]:
    """Yield each item with the seconds that the caller waited for it."""
    while True:
        began = clock()
        item: Any = next(steps, None)
        if item is None:
            return
        yield item, clock() - began
