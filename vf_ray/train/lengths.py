"""How long the conversations of a mixture are, as a model reads them.

With these at hand, a rank knows how the step is cut without reading what the other ranks train on.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vf_ray.model.encoded import Encoded
from vf_ray.model.families.family import Encoder
from vf_ray.train.schedule import Samples
from vf_ray.types import Reject


class Length(NamedTuple):
    """Of one conversation, picture tokens included; of one that cannot be encoded all are 0."""

    tokens: int
    labels: int
    """Tokens that are trained."""
    cut: int
    """Tokens that were cut off at the end."""
    prefix_len: int
    """Tokens that any other conversation about the same images begins with."""

    @classmethod
    def of(cls, encoded: Encoded | Reject) -> "Length":
        """Measure what ``encoded`` gave."""
        if isinstance(encoded, Reject):
            return cls(0, 0, 0, 0)
        return cls(len(encoded.ids), encoded.num_labels, encoded.cut, encoded.prefix_len)


@dataclass(frozen=True)
class Lengths:
    """The lengths of rows 0, 1, 2 ... of a mixture."""

    table: npt.NDArray[np.int32]
    """(N, 4): each row as ``Length`` has it."""

    @classmethod
    def measured(cls, encoder: Encoder, samples: Samples, rows: Sequence[int]) -> "Lengths":
        """Encode some neighbouring rows."""
        conversations = encoded(encoder, samples, rows)
        return cls(np.array([Length.of(conversations[row]) for row in rows], np.int32).reshape(-1, 4))

    @classmethod
    def joined(cls, parts: Sequence[bytes]) -> "Lengths":
        """Read what ``to_bytes`` wrote, part after part."""
        return cls(np.concatenate([np.load(io.BytesIO(part), allow_pickle=False) for part in parts]))

    def to_bytes(self) -> bytes:
        """Return the table as a .npy file."""
        sink = io.BytesIO()
        np.save(sink, self.table, allow_pickle=False)
        return sink.getvalue()

    def of(self, rows: Sequence[int]) -> list[Length]:
        """Return the lengths of some rows."""
        return [Length(*map(int, row)) for row in self.table[list(rows)]]


def encoded(encoder: Encoder, samples: Samples, rows: Sequence[int]) -> dict[int, Encoded | Reject]:
    """Read and encode some rows; what cannot be encoded is a reject."""
    by_row: dict[int, Encoded | Reject] = {}
    for row, text, shown in zip(rows, samples.text(rows), samples.shown(rows), strict=True):
        sizes = [image.size for image in shown]
        try:
            by_row[row] = encoder.encode(text.prompt, text.response, text.further, images=sizes)
        except ValueError as error:
            by_row[row] = Reject(text.key, "cannot be encoded", str(error), text.task)
    return by_row
