"""The steps of a run as packs of this rank, made ahead of the training by a thread.

Every rank knows the lengths of the whole global batch, and so the batch's label tokens and the partition
without talking to the others; it reads, encodes and decodes only what its own packs hold. Where nobody
has measured the lengths, it encodes the whole batch itself.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from vf_ray.model.encoded import Encoded
from vf_ray.model.families import encoder_of
from vf_ray.model.families.family import Encoder, Images
from vf_ray.recipe import Stage
from vf_ray.train.collate import Pack, collate, token_weights
from vf_ray.train.lengths import Length, Lengths, encoded
from vf_ray.train.pack import StepPacks, partition
from vf_ray.train.schedule import Samples, Shown, rows_of_step
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
    """Images that the vision tower goes through, in all packs of the global batch."""
    image_tokens: int
    """Tokens that those have."""
    cut: int
    """Samples that were cut at the end."""
    rejects: tuple[Reject, ...]
    rows: tuple[int, ...]
    """Every sample of the global batch."""

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
    lengths: Lengths | None = None
    """Those of all samples, where they have been measured."""

    @classmethod
    def of(
        cls, stage: Stage, samples: Samples, folder: Path, seed: int, rank: int, world: int, threads: int = 1,
        lengths: Lengths | None = None,
    ) -> "Batches":  # fmt: skip
        """Read the encoder of the model's folder."""
        encoder = encoder_of(folder, stage.max_length, stage.template, stage.too_long)
        return cls(stage, samples, encoder, seed, rank, world, threads, lengths)

    def step(self, number: int) -> Step:
        """Return this rank's share of step ``number`` (from 1).

        Raises:
            ValueError: if no sample of the step can be trained on.
        """
        # the samples and their lengths
        rows = rows_of_step(self.samples, seed=self.seed, step=number, batch=self.stage.batch)
        return self.taking(number, rows)

    def taking(self, number: int, rows: Sequence[int]) -> Step:
        """Return this rank's share of a step of some samples.

        Those that cannot be encoded are left out and returned as rejects.

        Raises:
            ValueError: if none of them can be trained on.
        """
        held = {} if self.lengths else encoded(self.encoder, self.samples, rows)
        lengths = self.lengths.of(rows) if self.lengths else [Length.of(held[row]) for row in rows]
        # the plan of all ranks, and this rank's part of it
        batch = self._planned(
            [(row, length) for row, length in zip(rows, lengths, strict=True) if length.tokens]
        )
        mine, looked_at = self._mine(batch), batch.plan.distinct(batch.shown)
        image_tokens = [self.encoder.image_tokens(*viewed.image.size) for viewed in looked_at]
        # what is encoded here
        odd = [row for row, length in zip(rows, lengths, strict=True) if not length.tokens]
        missing = {*odd, *(batch.rows[i] for members, _ in mine for i in members)} - held.keys()
        held |= encoded(self.encoder, self.samples, sorted(missing))
        return Step(
            number=number,
            packs=self._packs(batch, mine, held),
            samples=len(batch.rows),
            tokens=sum(length.tokens for length in lengths),
            labels=sum(length.labels for length in lengths),
            computed=batch.plan.tokens,
            fill=batch.plan.fill,
            imaged=sum(bool(images) for images in batch.shown),
            encoded=len(looked_at),
            image_tokens=sum(image_tokens),
            cut=sum(length.cut > 0 for length in lengths),
            rejects=tuple(one for row in odd if isinstance(one := held[row], Reject)),
            rows=tuple(rows),
        )

    def keys(self, step: Step) -> list[str]:
        """Return ``task key`` of every sample of the global batch."""
        return [f"{text.task} {text.key}" for text in self.samples.text(step.rows)]

    def _planned(self, usable: Sequence[tuple[int, Length]]) -> "_Batch":
        """Return how the usable samples of a step are cut, and what each of their label tokens weighs."""
        # which conversation goes into which pack, by lengths alone: nothing is decoded yet
        rows, lengths = [row for row, _ in usable], [length for _, length in usable]
        shown = self.samples.shown(rows)
        plan = partition(
            [length.tokens for length in lengths], ranks=self.world, capacity=self.stage.micro_tokens,
            shown=shown, prefix_lens=[length.prefix_len * self.stage.share_tokens for length in lengths],
        )  # fmt: skip
        weights = token_weights([length.labels for length in lengths], self.stage.loss)
        return _Batch(rows, lengths, weights, [self._viewed(images) for images in shown], plan)

    def _viewed(self, images: Sequence[Shown]) -> "tuple[Viewed, ...]":
        among = self.encoder.images.among(len(images))
        return tuple(Viewed(image, among) for image in images)

    def _mine(self, batch: "_Batch") -> list[tuple[tuple[int, ...], float]]:
        """Return what this rank's packs hold, and their weight: 0 for the shortest sample in an empty one."""
        shortest = min(range(len(batch.rows)), key=lambda i: (batch.lengths[i].tokens, i))
        return [
            (ranks[self.rank] or (shortest,), float(bool(ranks[self.rank]))) for ranks in batch.plan.packs
        ]

    def _packs(
        self, batch: "_Batch", mine: Sequence[tuple[tuple[int, ...], float]],
        held: Mapping[int, Encoded | Reject],
    ) -> tuple[Pack, ...]:  # fmt: skip
        """Collate this rank's packs of what is ``held``, by row.

        A picture that several samples of the step show is decoded once, and once in each of their packs. A
        pack that shows none has a blank one, which nothing reads.
        """
        # each image once, however many conversations of these packs show it
        distinct = list(dict.fromkeys(s for members, _ in mine for i in members for s in batch.shown[i]))
        decoded_of = self._decoded(distinct)
        return tuple(
            self._pack(
                [_as_measured(held[batch.rows[i]], batch.lengths[i].tokens) for i in members],
                [share * batch.weights[i] for i in members],
                [batch.shown[i] for i in members], decoded_of,
            )
            for members, share in mine
        )  # fmt: skip

    def _decoded(self, distinct: "Sequence[Viewed]") -> "dict[Viewed, Any]":
        data = dict(zip(distinct, self.samples.images([one.image for one in distinct]), strict=True))
        decoded_of = dict[Viewed, Any]()
        for images in dict.fromkeys(one.images for one in distinct):
            alike = [one for one in distinct if one.images == images]
            decoded = images.decoded([data[one] for one in alike], self.threads)
            decoded_of |= zip(alike, decoded, strict=True)
        return decoded_of

    def _pack(
        self, encoded: Sequence[Encoded], weights: Sequence[float], shown: "Sequence[Sequence[Viewed]]",
        decoded_of: "Mapping[Viewed, Any]",
    ) -> Pack:  # fmt: skip
        """Collate one pack of conversations, which show what is decoded."""
        number = {image: n for n, image in enumerate(dict.fromkeys(s for images in shown for s in images))}
        image_index = [tuple(number[image] for image in images) for images in shown]
        decoded = [decoded_of[image] for image in number] or [self.encoder.images.blank()]
        images = self.encoder.images.collated(decoded)
        return collate(encoded, weights, images, image_index, share=self.stage.share_tokens)


@dataclass(frozen=True)
class Viewed:
    """An image, and what looks at it: families may look otherwise at one of several."""

    image: Shown
    images: Images


@dataclass(frozen=True)
class _Batch:
    """The samples of a step that can be encoded, one beside the other, and how they are cut."""

    rows: Sequence[int]
    lengths: Sequence[Length]
    weights: Sequence[float]
    """Of each label token."""
    shown: Sequence[tuple[Viewed, ...]]
    plan: StepPacks


def _as_measured(encoded: Encoded | Reject, tokens: int) -> Encoded:
    """Return a conversation that is as long as it was when it was measured.

    Raises:
        RuntimeError: if it is not, since ranks would then cut the step in different ways.
    """
    if isinstance(encoded, Reject) or len(encoded.ids) != tokens:
        raise RuntimeError(f"{encoded} was measured as {tokens} tokens; measure the mixture again with force")
    return encoded


def ahead(make: Callable[[S], T], items: Iterable[S], depth: int = 2) -> Generator[T, None, None]:
    """Yield ``make(item)`` for each item in order, making up to ``depth`` more in a thread meanwhile.

    That thread computes with itself alone: a second team of OpenMP threads on the same cores would make
    the training's own wait asleep at every barrier, which costs a third of its rate.
    """
    pool = ThreadPoolExecutor(1, "feed", initializer=torch.set_num_threads, initargs=(1,))
    waiting = deque[Future[T]]()
    try:
        # so many ahead, in order
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
