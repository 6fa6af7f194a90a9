"""The answers of one batch as they grow, token by token; rows that are finished leave it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vf_ray.eval.cached_reader import CachedReader
from vf_ray.model.encoded import Encoded

# Shapes: B questions, Q tokens of the longest, C tokens in the cache, P tokens of images, E their width;
# positions may have one more dimension in front: their axes

DROP_SHARE = 0.25
"""Finished rows are dropped when they are this share of the batch: a drop copies the cache."""


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A question of a batch, as tokens."""

    id: str
    """Of the question."""
    place: int
    """In the batch."""
    encoded: Encoded
    room: int
    """Tokens the answer may have."""
    shown: tuple[str, ...]
    """Identities of the images, in their order."""

    @property
    def ids(self) -> list[int]:
        """Return the tokens after the image; without one, all."""
        return self.encoded.ids[self.encoded.prefix_len :]


class GreedyBatch:
    """The answers of one batch as they grow."""

    def __init__(self, reader: CachedReader, rows: Sequence[AskedRow]) -> None:
        self._reader = reader
        self.said: dict[int, list[int]] = {row.place: [] for row in rows}
        self._rows = list(rows)
        self._done = [False] * len(rows)

    def ask(self, cache: Any, images_PE: Tensor | None = None) -> Tensor:
        """Read the questions, padded on the left; return logits (B, V) of the first token.

        ``images_PE`` stand among their tokens, question by question; None: none does.
        """
        self._cache, device = cache, self._reader.device
        seen, longest = cache.get_seq_length(), max(len(row.ids) for row in self._rows)
        ids, real, at = [], [], []
        for row in self._rows:
            gap = longest - len(row.ids)
            ids.append([self._reader.encoder.pad_id] * gap + row.ids)
            real.append([1] * seen + [0] * gap + [1] * len(row.ids))
            at.append(functional.pad(row.encoded.positions[..., seen:], (gap, 0)))
        self._mask_BC = torch.tensor(real, device=device)
        at_BQ = torch.stack(at, dim=-2).to(device)
        self._at_B1 = at_BQ[..., -1:]
        return self._read(torch.tensor(ids, device=device), at_BQ, images_PE)

    def take(self, logits_BV: Tensor) -> bool:
        """Add each row's next token; tell whether any row goes on."""
        self._next_B = self.chosen(logits_BV)
        end = self._reader.encoder.end_id
        for n, token in enumerate(self._next_B.tolist()):
            if self._done[n]:
                continue
            answer = self.said[self._rows[n].place]
            if token != end:
                answer.append(token)
            self._done[n] = token == end or len(answer) >= self._rows[n].room
        self._drop()
        return bool(self._rows)

    def chosen(self, logits_BV: Tensor) -> Tensor:
        """Return (B,) the next token of each row: the likeliest."""
        return logits_BV.argmax(dim=-1)

    def step(self) -> Tensor:
        """Read the tokens just taken; return the logits (B, V) of the next."""
        self._at_B1 = self._at_B1 + 1
        self._mask_BC = functional.pad(self._mask_BC, (0, 1), value=1)
        return self._read(self._next_B[:, None], self._at_B1)

    def _read(self, ids_BQ: Tensor, at_BQ: Tensor, images_PE: Tensor | None = None) -> Tensor:
        reader, text_BQD = self._reader, self._reader.embed(ids_BQ)
        tokens: Mapping[str, Any] = {"inputs_embeds": text_BQD}
        if images_PE is not None:
            tokens = reader.family.placed(text_BQD, ids_BQ == reader.encoder.image_id, images_PE)
        hidden_BQD = reader.read(self._cache, tokens, self._mask_BC, at_BQ)
        logits: Tensor = reader.model.lm_head(hidden_BQD[:, -1])
        return logits

    def _drop(self) -> None:
        going = [n for n, done in enumerate(self._done) if not done]
        if len(self._rows) - len(going) < DROP_SHARE * len(self._rows) and going:
            return
        self._rows = [self._rows[n] for n in going]
        self._done = [False] * len(going)
        if going:
            index = torch.tensor(going, device=self._reader.device)
            self._cache.batch_select_indices(index)
            self._mask_BC, self._at_B1 = self._mask_BC[index], self._at_B1[..., index, :]
            self._next_B = self._next_B[index]
