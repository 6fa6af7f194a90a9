"""JSON Lines: one record a line, streamed."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from vf_ray.sources.fields import Fields
from vf_ray.sources.list_file import Files, list_file
from vf_ray.sources.mended_json import loads
from vf_ray.sources.records import At, ParseRecord, of_objects, produced
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)


def json_lines(files: Files, parse: ParseRecord[Fields, R]) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of every file that is there."""

    def parse_line(line: str, at: At) -> Iterator[R | Reject]:
        return produced(of_objects(parse), loads(line), at)

    return list_file(files, parse_line)
