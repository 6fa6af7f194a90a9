"""Numbers that stand for texts, so that millions of names fit into the memory."""

from array import array
from collections.abc import Iterable
from hashlib import blake2b


def mark(text: str) -> int:
    """Return 64 bits that only the text decides."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def repeated(texts: Iterable[str]) -> frozenset[int]:
    """Return the marks of the texts that come more than once."""
    import numpy as np

    marks = np.sort(np.asarray(array("Q", map(mark, texts))))
    return frozenset(marks[1:][marks[1:] == marks[:-1]].tolist())
