"""Batched greedy answers of a saved LLaVA.

What questions share is computed once: the system message for all, a picture's tokens for all of
its questions. A batch holds questions of about one length, pads on the left of the question, and
drops the rows that are finished. Greedy: the same as ``generate(do_sample=False)``, up to rounding.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from vf_ray.errors import UserError
from vf_ray.eval.asking import in_order
from vf_ray.eval.benchmark import Answered, Question
from vf_ray.model.conversation import Encoder, TooLongError
from vf_ray.model.load import load

# Shapes: B questions, U pictures, P tokens of a picture, S tokens of the system message,
# Q tokens of the longest question, D width, C tokens in the cache, L layers

Layers = list[tuple[Tensor, Tensor]]
"""Keys and values of each layer, (rows, heads, tokens, width of a head)."""
DROP_SHARE = 0.25
"""Finished rows are dropped when they are this share of the batch: a drop copies the cache."""


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
class Answerer:
    """A model that is loaded and ready."""

    model: Any
    encoder: Encoder
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    name: str = "this model"

    @classmethod
    def of(cls, folder: Path, dtype: torch.dtype | None = None) -> "Answerer":
        """Load a saved LLaVA onto the GPU in bfloat16 if there is one, else in float32."""
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        precision = dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
        return cls(load(folder, precision).to(device), Encoder.of(folder), device)

    def answers(self, questions: Sequence[Question], batch: int) -> Iterator[Answered]:
        """Yield an answer to each question, in order."""
        for start in range(0, len(questions), batch):
            yield from self._batch(questions[start : start + batch])

    def _batch(self, questions: Sequence[Question]) -> Iterator[Answered]:
        asked, errors = self._encoded(questions)
        found: dict[int, str] = {}
        for with_image in (True, False):
            rows = [row for row in asked if row.has_image == with_image]
            if rows:
                found |= self._generate(rows, questions)
        for place, question in enumerate(questions):
            yield Answered(question.id, found.get(place, ""), errors.get(place, ""))

    def _encoded(self, questions: Sequence[Question]) -> tuple[list["_Row"], dict[int, str]]:
        rows, errors = [], {}
        for place, question in enumerate(questions):
            try:
                rows.append(self._row(place, question))
            except TooLongError as error:
                errors[place] = str(error)
        return rows, errors

    def _row(self, place: int, question: Question) -> "_Row":
        if question.image is None:
            ids = self.encoder.text_ids(question.prompt)
            return _Row(place, False, ids, self._room(len(ids), question))
        ids = self.encoder.prompt_ids(question.prompt)
        return _Row(place, True, ids[self._prefix :], self._room(len(ids), question))

    def _room(self, tokens: int, question: Question) -> int:
        return max(1, min(question.max_new_tokens, self.encoder.max_length - tokens))

    @cached_property
    def _prefix(self) -> int:
        """Number of tokens up to and with the picture."""
        ids = self.encoder.prompt_ids("")
        return len(ids) - ids[::-1].index(self.encoder.image_id)

    @torch.inference_mode()
    def _generate(self, rows: Sequence["_Row"], questions: Sequence[Question]) -> dict[int, str]:
        decoding = _Decoding(self, rows)
        cache = self._seen(rows, questions) if rows[0].has_image else DynamicCache()
        logits_BV = decoding.ask(cache)
        while decoding.take(logits_BV):
            logits_BV = decoding.step()
        return {place: self.encoder.decode(ids).strip() for place, ids in decoding.said.items()}

    def _seen(self, rows: Sequence["_Row"], questions: Sequence[Question]) -> Any:
        """Return a cache that holds, for each row, the system message and its picture."""
        where: dict[str, int] = {}
        images: list[bytes] = []
        of_row: list[int] = []
        for row in rows:
            question = questions[row.place]
            identity = question.image_id or question.id
            if identity not in where:
                where[identity] = len(images)
                images.append(_fetched(question))
            of_row.append(where[identity])
        layers = self._images(torch.cat([self._pixels(*pair) for pair in zip(where, images, strict=True)]))
        index_B = torch.tensor(of_row, device=self.device)
        return _cache([(keys[index_B], values[index_B]) for keys, values in layers])

    def _pixels(self, identity: str, image: bytes) -> Tensor:
        try:
            return self.encoder.pixels([image])
        except ValueError as error:
            raise UserError(f"picture {identity}: {error}; get its benchmark's files anew") from error

    def _images(self, pixels_UCHW: Tensor) -> Layers:
        """Return keys and values of the system message and each picture."""
        pixels_UCHW = pixels_UCHW.to(self.device, self.model.dtype)
        features = self.model.model.get_image_features(pixel_values=pixels_UCHW, return_dict=True)
        embeds_UPD = torch.stack(list(features.pooler_output)).to(self.model.dtype)
        n = len(embeds_UPD)
        cache = _cache([(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in self._system])
        self.read(cache, embeds_UPD)
        return _layers(cache)

    @cached_property
    def _system(self) -> Layers:
        """Keys and values of the system message."""
        ids = self.encoder.prompt_ids("")[: self._prefix - self.encoder.image_tokens]
        cache = DynamicCache()
        self.read(cache, self.embed(torch.tensor([ids], device=self.device)))
        return _layers(cache)

    def embed(self, ids: Tensor) -> Tensor:
        """Return the embeddings of token ids."""
        found: Tensor = self.model.get_input_embeddings()(ids)
        return found

    def read(
        self, cache: Any, embeds: Tensor, mask: Tensor | None = None, at: Tensor | None = None
    ) -> Tensor:
        """Read tokens after what is in the cache; return their last hidden states."""
        inputs = {"inputs_embeds": embeds, "attention_mask": mask, "position_ids": at, "use_cache": True}
        found: Tensor = self.model.model.language_model(
            **inputs, **{self._cache_name: cache}
        ).last_hidden_state
        return found

    @cached_property
    def _cache_name(self) -> str:
        """Name of the cache argument: transformers 5.24 renames ``past_key_values``."""
        forward = inspect.unwrap(type(self.model.model.language_model).forward)
        return "cache" if "cache" in inspect.signature(forward).parameters else "past_key_values"


@dataclass(frozen=True, slots=True)
class _Row:
    place: int
    has_image: bool
    ids: list[int]
    """Tokens after the picture; without one, all."""
    room: int
    """Tokens the answer may have."""


class _Decoding:
    """The answers of one batch as they grow."""

    def __init__(self, answerer: Answerer, rows: Sequence[_Row]) -> None:
        self._answerer = answerer
        self.said: dict[int, list[int]] = {row.place: [] for row in rows}
        self._rows = list(rows)
        self._done = [False] * len(rows)

    def ask(self, cache: Any) -> Tensor:
        """Read the questions, padded on the left; return logits (B, V) of the first token."""
        self._cache, device = cache, self._answerer.device
        seen, longest = cache.get_seq_length(), max(len(row.ids) for row in self._rows)
        ids, real = [], []
        for row in self._rows:
            gap = longest - len(row.ids)
            ids.append([self._answerer.encoder.pad_id] * gap + row.ids)
            real.append([1] * seen + [0] * gap + [1] * len(row.ids))
        self._mask_BC = torch.tensor(real, device=device)
        at_BQ = (self._mask_BC.cumsum(dim=1) - 1).clamp(min=0)[:, seen:]
        self._at_B1 = at_BQ[:, -1:]
        return self._read(torch.tensor(ids, device=device), at_BQ)

    def take(self, logits_BV: Tensor) -> bool:
        """Add each row's best token; tell whether any row goes on."""
        self._next_B = logits_BV.argmax(dim=-1)
        end = self._answerer.encoder.end_id
        for n, token in enumerate(self._next_B.tolist()):
            if self._done[n]:
                continue
            said = self.said[self._rows[n].place]
            if token != end:
                said.append(token)
            self._done[n] = token == end or len(said) >= self._rows[n].room
        self._drop()
        return bool(self._rows)

    def step(self) -> Tensor:
        """Read the tokens just taken; return the logits (B, V) of the next."""
        self._at_B1 = self._at_B1 + 1
        self._mask_BC = torch.cat([self._mask_BC, torch.ones_like(self._at_B1)], dim=1)
        return self._read(self._next_B[:, None], self._at_B1)

    def _read(self, ids_BQ: Tensor, at_BQ: Tensor) -> Tensor:
        hidden_BQD = self._answerer.read(self._cache, self._answerer.embed(ids_BQ), self._mask_BC, at_BQ)
        logits: Tensor = self._answerer.model.lm_head(hidden_BQD[:, -1])
        return logits

    def _drop(self) -> None:
        going = [n for n, done in enumerate(self._done) if not done]
        if len(self._rows) - len(going) < DROP_SHARE * len(self._rows) and going:
            return
        self._rows = [self._rows[n] for n in going]
        self._done = [False] * len(going)
        if going:
            index = torch.tensor(going, device=self._answerer.device)
            self._cache.batch_select_indices(index)
            self._mask_BC, self._at_B1 = self._mask_BC[index], self._at_B1[index]
            self._next_B = self._next_B[index]


def _fetched(question: Question) -> bytes:
    assert question.image is not None, f"question {question.id} has no picture"
    return question.image()


def _layers(cache: Any) -> Layers:
    return [(layer.keys, layer.values) for layer in cache.layers]


def _cache(layers: Layers) -> Any:
    cache = DynamicCache()
    for place, (keys, values) in enumerate(layers):
        cache.update(keys, values, place)
    return cache
