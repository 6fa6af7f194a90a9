"""Batched answers of a saved model, greedy unless they are to be drawn.

What questions share is computed once: the system message for all, a picture's tokens for all of
its questions. Where a picture stands amid a question's words, it is encoded once and nothing else shared.
A batch holds questions of about one length, pads on the left of the question, and drops the rows that are
finished. Greedy: the same as ``generate(do_sample=False)``, up to rounding.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from vf_ray.errors import UserError
from vf_ray.eval.asking import in_order
from vf_ray.eval.benchmark import Answered, Question
from vf_ray.eval.cached_reader import CachedReader
from vf_ray.eval.drawn import DrawnBatch, TokenDraw
from vf_ray.eval.follow_up import said_before
from vf_ray.eval.greedy import AskedRow, GreedyBatch
from vf_ray.model.dialogue import question_after
from vf_ray.model.encoded import ImageSize, TooLongError
from vf_ray.model.families import encoder_of
from vf_ray.model.families.family import Inputs
from vf_ray.model.image_size import size_of
from vf_ray.model.load import load

# Shapes: B questions, U images, P tokens up to the end of an image, Q tokens of the longest question,
# D width, C tokens in the cache; positions may have one more dimension in front: their axes

UNENDED = "the answer does not end within {} tokens"
Layers = list[tuple[Tensor, Tensor]]
"""Keys and values of each layer, (rows, heads, tokens, width of a head)."""


def answers(folder: Path, questions: Sequence[Question], batch: int = 64) -> Iterator[tuple[str, str]]:
    """Yield question ids and answers of the model in ``folder``, batch by batch.

    Raises:
        ValueError: for a question that does not fit the model, or a picture that cannot be decoded.
    """
    for answered in Answerer.of(folder).answers(in_order(questions), batch):
        if answered.error:
            raise UserError(f"question {answered.id}: {answered.error}")
        yield answered.id, answered.text


@dataclass
class Answerer(CachedReader):
    """A model that is loaded and ready."""

    name: str = "this model"
    drawing: TokenDraw | None = None
    """How tokens are drawn; None: greedily."""
    must_end: bool = False
    """Whether an answer that does not end where it has to is an error."""
    learns_on: bool = False
    """Whether the model is in training: what it remembers of being asked must be fit to learn with."""

    @classmethod
    def of(cls, folder: Path, dtype: torch.dtype | None = None) -> "Answerer":
        """Load a saved model onto the GPU in bfloat16 if there is one, else in float32."""
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        precision = dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
        return cls(load(folder, precision).to(device), encoder_of(folder), device)

    def answers(self, questions: Sequence[Question], batch: int) -> Iterator[Answered]:
        """Yield an answer to each question, in order."""
        for start in range(0, len(questions), batch):
            yield from self._batch(questions[start : start + batch])

    def longest(self, questions: Sequence[Question]) -> int:
        """Return the most tokens that one of some questions takes with its answer."""
        rows, _ = self._encoded(questions, _fetched(questions))
        return max((len(row.encoded.ids) + row.room for row in rows), default=1)

    def _batch(self, questions: Sequence[Question]) -> Iterator[Answered]:
        images = _fetched(questions)
        asked, errors = self._encoded(questions, images)
        tokens: dict[int, list[int]] = {}
        for _, rows in groupby(sorted(asked, key=_prefix_len), key=_prefix_len):
            tokens |= self._generate(list(rows), images)
        if self.must_end:  # what tells the end is no part of what is said
            errors |= {
                row.place: UNENDED.format(row.room) for row in asked if len(tokens[row.place]) >= row.room
            }
        replies = {place: self.encoder.decode(ids).strip() for place, ids in tokens.items()}
        for place, question in enumerate(questions):
            error = errors.get(place, "")
            yield Answered(question.id, "" if error else replies[place], error)

    def _encoded(
        self, questions: Sequence[Question], images: Mapping[str, bytes]
    ) -> tuple[list[AskedRow], dict[int, str]]:
        rows, errors = [], {}
        for place, question in enumerate(questions):
            shown = tuple(identity for identity, _ in _shown(question))
            try:
                sizes, earlier = [_size(i, images[i]) for i in shown], said_before(question)
                encoded = question_after(self.encoder, earlier, question.prompt, images=sizes)
            except TooLongError as error:
                errors[place] = str(error)
            else:
                rows.append(
                    AskedRow(question.id, place, encoded, self._room(len(encoded.ids), question), shown)
                )
        return rows, errors

    def _room(self, tokens: int, question: Question) -> int:
        return max(1, min(question.max_new_tokens, self.encoder.max_length - tokens))

    def _generate(self, rows: Sequence[AskedRow], images: Mapping[str, bytes]) -> dict[int, list[int]]:
        """Return the tokens of the answers to questions whose prefixes are of one length."""
        with torch.no_grad() if self.learns_on else torch.inference_mode():
            decoding = DrawnBatch(self, rows, self.drawing) if self.drawing else GreedyBatch(self, rows)
            if _prefix_len(rows[0]):
                logits_BV = decoding.ask(self._seen(rows, images))
            else:
                logits_BV = decoding.ask(DynamicCache(), self._amid(rows, images))
            while decoding.take(logits_BV):
                logits_BV = decoding.step()
            return decoding.said

    def _seen(self, rows: Sequence[AskedRow], images: Mapping[str, bytes]) -> Any:
        """Return a cache that holds, for each row, the system message and its images."""
        first_of = {row.shown: row for row in reversed(rows)}
        shown = dict.fromkeys(row.shown for row in rows)
        decoded = [self._decoded(identity, images[identity], len(one)) for one in shown for identity in one]
        layers = self._prefixes([first_of[one] for one in shown], decoded)
        number = {one: place for place, one in enumerate(shown)}
        index_B = torch.tensor([number[row.shown] for row in rows], device=self.device)
        return _cache([(keys[index_B], values[index_B]) for keys, values in layers])

    def _amid(self, rows: Sequence[AskedRow], images: Mapping[str, bytes]) -> Tensor | None:
        """Return (P, E): what stands for images amid the words of questions, row by row; None: nothing."""
        shown = list(dict.fromkeys((identity, len(row.shown)) for row in rows for identity in row.shown))
        if not shown:
            return None
        decoded = [self._decoded(identity, images[identity], among) for identity, among in shown]
        each = dict(zip(shown, self.family.embedded(self.model, self._inputs(decoded)), strict=True))
        return torch.cat([each[identity, len(row.shown)] for row in rows for identity in row.shown])

    def _decoded(self, identity: str, image: bytes, among: int) -> Any:
        with _of_image(identity):
            return self.encoder.images.among(among).decoded([image])[0]

    def _prefixes(self, rows: Sequence[AskedRow], decoded: Sequence[Any]) -> Layers:
        """Return keys and values of what each row begins with, up to the end of its image."""
        prefix_len = _prefix_len(rows[0])
        ids_UP = torch.tensor([row.encoded.ids[:prefix_len] for row in rows], device=self.device)
        at_UP = torch.stack([row.encoded.positions[..., :prefix_len] for row in rows], -2).to(self.device)
        is_image_UP = ids_UP == self.encoder.image_id
        same_P = (ids_UP == ids_UP[:1]).all(0) & ~is_image_UP.any(0)
        alike = int(same_P.int().cumprod(0).sum())  # the system message, the same in all
        images_PE = torch.cat(list(self.family.embedded(self.model, self._inputs(decoded))))
        text_UPD, cache = self.embed(ids_UP), DynamicCache()
        if alike:
            self.read(cache, {"inputs_embeds": text_UPD[:1, :alike]}, at=at_UP[..., :1, :alike])
        n = len(rows)
        cache = _cache([(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in _layers(cache)])
        own = self.family.placed(text_UPD[:, alike:], is_image_UP[:, alike:], images_PE)
        self.read(cache, own, at=at_UP[..., alike:])
        return _layers(cache)

    def _inputs(self, decoded: Sequence[Any]) -> Inputs:
        collated = self.encoder.images.collated(decoded)
        normalised = self.encoder.images.normalised({n: t.to(self.device) for n, t in collated.items()})
        dtype = self.model.dtype
        return {n: t.to(dtype) if t.is_floating_point() else t for n, t in normalised.items()}


def _prefix_len(row: AskedRow) -> int:
    return row.encoded.prefix_len


def _shown(question: Question) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield identity and what fetches it of each image that a question shows."""
    identity = question.image_id or question.id
    if question.image:
        yield identity, question.image
    for number, image in enumerate(question.later_images, 2):
        yield f"{identity} ({number})", image


def _fetched(questions: Sequence[Question]) -> dict[str, bytes]:
    """Return the encoded images of some questions by identity, each fetched once."""
    images: dict[str, bytes] = {}
    for question in questions:
        for identity, fetch in _shown(question):
            if identity not in images:
                images[identity] = fetch()
    return images


def _size(identity: str, image: bytes) -> ImageSize:
    with _of_image(identity):
        return size_of(image)


@contextmanager
def _of_image(identity: str) -> Iterator[None]:
    """Say of an error which image it is about."""
    try:
        yield
    except ValueError as error:
        raise UserError(f"picture {identity}: {error}; get its benchmark's files anew") from error


def _layers(cache: Any) -> Layers:
    return [(layer.keys, layer.values) for layer in cache.layers]


def _cache(layers: Layers) -> Any:
    cache = DynamicCache()
    for place, (keys, values) in enumerate(layers):
        cache.update(keys, values, place)
    return cache
