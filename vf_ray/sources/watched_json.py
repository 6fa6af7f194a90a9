"""JSON on its way to a strict parser, watched for what this passes over, or never comes to an end with."""

import re
from typing import IO

import ijson

from vf_ray.errors import UserError

DEEPEST = 200
"""Objects and arrays that begin one inside the other before anything else comes: no publisher's."""
_DEEP = re.compile(rb'(?:[\[{]\s*(?:"[^"\\]{0,64}"\s*:\s*)?){%d}' % DEEPEST)
_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F]|(?:\\(?:u[dD]?)?)?\Z)"
    rb"|(?<=.{6})(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]",
    re.DOTALL,
)
"""The escape of half a letter, for which the parser writes a question mark."""
_HELD = 18
"""Bytes of what came before that are looked at again, for an escape may be cut."""


class WatchedJson:
    """A file of JSON; what needs mending is refused like other faults, before the parser sees it."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        self._file, self._path = file, path
        self._before = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes.

        Raises:
            JSONError: if half of a letter is among them.
            ValueError: if they are nested without end, which would take the parser forever.
        """
        data = self._file.read(size)
        looked_at = self._before + data
        if b"\\u" in looked_at and _HALF.search(looked_at):
            raise ijson.JSONError("half of a letter")
        if _DEEP.search(looked_at):
            raise UserError(
                f"{self._path} is nested {DEEPEST} deep or more, as no publisher's is; fetch it again"
            )
        self._before = looked_at[-_HELD:]
        return data
