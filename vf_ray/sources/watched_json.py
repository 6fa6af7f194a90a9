"""JSON on its way to a strict parser, watched for what this passes over, or never comes to an end with."""

import re
from typing import Protocol

import ijson
import numpy as np

from vf_ray.errors import UserError

DEEPEST = 64
"""Objects and arrays one inside the other: more are no publisher's, and take the parser's time squared."""
_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F]|(?:\\(?:u[dD]?)?)?\Z)"
    rb"|(?<=.{6})(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]",
    re.DOTALL,
)
"""The escape of half a letter, for which the parser writes a question mark."""
_HELD = 18
"""Bytes of what came before that are looked at again, for an escape may be cut."""
_QUOTE, _STEPS = ord('"'), np.zeros(256, np.int8)
_STEPS[[*b"[{"]], _STEPS[[*b"]}"]] = 1, -1
_OTHERS = bytes(set(range(256)) - set(b'[{}]"'))
"""What neither opens nor closes anything."""


class Depth:
    """How deep objects and arrays are nested, followed through the chunks of a file."""

    def __init__(self) -> None:
        self._now, self._outside, self._half = 0, 1, b""

    def deepest(self, chunk: bytes) -> int:
        """Return the depth of the deepest place in the next chunk, or at its start."""
        data = self._half + chunk
        if b"\\" in data:
            data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
        self._half = b"\\" * data.endswith(b"\\")  # the rest of the escape comes next
        marks = np.frombuffer(data.translate(None, _OTHERS), np.uint8)
        outside = np.cumsum(marks == _QUOTE, dtype=np.int32) + self._outside & 1
        depths = np.cumsum(_STEPS.take(marks) * outside, dtype=np.int32) + self._now
        deepest = max(self._now, int(depths.max(initial=0)))
        if len(marks):
            self._now, self._outside = int(depths[-1]), int(outside[-1])
        return deepest


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class ShallowJson:
    """A file of JSON, not nested beyond reading."""

    def __init__(self, file: Readable, path: str) -> None:
        self._file, self._path, self._depth = file, path, Depth()

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes.

        Raises:
            UserError: if they are nested so deep that it would take the parser forever.
        """
        data = self._file.read(size)
        if self._depth.deepest(data) > DEEPEST:
            raise UserError(
                f"{self._path} is nested more than {DEEPEST} deep, as no publisher's is; fetch it again"
            )
        return data


class WatchedJson(ShallowJson):
    """A file of JSON; what needs mending is refused like other faults, before the parser sees it."""

    _before = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes.

        Raises:
            JSONError: if half of a letter is among them.
            UserError: as above.
        """
        data = super().read(size)
        looked_at = self._before + data
        if b"\\u" in looked_at and _HALF.search(looked_at):
            raise ijson.JSONError("half of a letter")
        self._before = looked_at[-_HELD:]
        return data
