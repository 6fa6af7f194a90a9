"""Pascal VOC annotations: one XML file per picture, listed by split.

Only ``<object>`` directly below the root counts: ``<part>`` and ``<owner>`` have names of their own.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vf_ray.sources.list_file import Files, list_file
from vf_ray.sources.records import MALFORMED, At
from vf_ray.types import Reject, Row, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class VocRow(Row):
    """A picture and what its objects are, in file order."""

    objects: tuple[str, ...]


def voc_xml(files: Files, *, annotation: str, image: str) -> Callable[[Tree], Iterator[VocRow | Reject]]:
    """Return a reader of split -> list of names; ``{name}`` in both paths is a name of the list."""

    def read(tree: Tree) -> Iterator[VocRow | Reject]:
        def parse(line: str, at: At) -> VocRow | Reject:
            name = line.split()[0]
            key = at.key(name)
            path = annotation.format(name=name)
            try:
                root = ET.fromstring(tree.read(path))
            except FileNotFoundError:
                return Reject(key, "annotation file missing", path)
            except ET.ParseError as error:
                return Reject(key, MALFORMED, f"{path}: {error}")
            objects = tuple(_name(element) for element in root.findall("object"))
            return VocRow(key=key, split=at.split, image=image.format(name=name), objects=objects)

        return list_file(files, parse, reads_files=True)(tree)

    return read


def _name(element: ET.Element) -> str:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise ValueError("an object has no name")
    return name
