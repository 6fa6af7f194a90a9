"""Annotations with one small file per picture."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from vf_ray.raw.archives import DAMAGED
from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.placeholder import in_place_of
from vf_ray.sources.fields import Fields
from vf_ray.sources.mended_json import loads
from vf_ray.sources.records import At, ParseRecord, of_objects, parsed, produced
from vf_ray.sources.side_by_side import side_by_side
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)


def each_file(
    patterns: Mapping[str, str], parse: ParseRecord[bytes, R]
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of split -> pattern; ``parse`` gets a file's bytes, ``at.path`` is the key to it."""

    def read(tree: Tree) -> Iterator[R | Reject]:
        files_of_splits = [
            (split.partition(" ")[0], path)
            for split, pattern in patterns.items()
            for path in tree.glob(pattern)
        ]
        if not files_of_splits:
            tree.open(next(iter(patterns.values())))  # says what to obtain
        contents = side_by_side(tree.read, (path for _, path in files_of_splits))
        for index, ((split, path), data_of) in enumerate(zip(files_of_splits, contents, strict=True)):
            try:
                data = data_of()
            except (FileNotFoundError, UnreadableError, *DAMAGED) as error:  # a link to nothing, bit rot
                yield Reject(path, "file unreadable", str(error)[:300])
                continue
            if message := in_place_of(data):
                yield Reject(path, "file is another", message)
                continue
            yield from parsed(((data, At(path, split, index)),), parse)

    return read


def each_json(
    patterns: Mapping[str, str], parse: ParseRecord[Fields, R]
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader like ``each_file``; ``parse`` gets the JSON's object."""

    def parse_bytes(data: bytes, at: At) -> Iterator[R | Reject]:
        return produced(of_objects(parse), loads(data.decode(json.detect_encoding(data), "replace")), at)

    return each_file(patterns, parse_bytes)


def each_xml(
    patterns: Mapping[str, str], parse: ParseRecord[ET.Element, R]
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader like ``each_file``; ``parse`` gets the root ``Element``."""

    def parse_bytes(data: bytes, at: At) -> Iterator[R | Reject]:
        try:
            root = ET.fromstring(data)
        except ET.ParseError as error:
            raise ValueError(f"not XML: {error}") from error
        return produced(parse, root, at)

    return each_file(patterns, parse_bytes)
