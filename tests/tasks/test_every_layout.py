"""However a source's raw files came to lie below the root, the same instances show the same images."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.tree import Files, write, write_merged, write_tarred, write_zipped
from tests.tasks.trees import TREES
from vf_ray.instances.refs import paths_of
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.sources.images import image_bytes
from vf_ray.tasks import sources
from vf_ray.types import Instance

Relaid = Callable[[str, str], str]
"""(outer folder or nothing, path below the Raw's folder) -> that path as it lies now."""


def outer_folders(files: Files) -> dict[str, str]:
    """Return the one folder that holds all of a Raw, for each Raw that has one."""
    tops = defaultdict(set)
    for raw, inner in (path.split("/", 1) for path in files):
        tops[raw].add(inner.partition("/")[0] if "/" in inner else "")
    return {raw: folder for raw, (folder, *others) in tops.items() if folder and not others}


def relaid(files: Files, lay: Relaid) -> dict[str, Any]:
    outer = outer_folders(files)
    parts = ((*path.split("/", 1), data) for path, data in files.items())
    return {f"{raw}/{lay(outer.get(raw, ''), inner)}": data for raw, inner, data in parts}


def as_it_is(outer: str, inner: str) -> str:
    return inner


def without_outer(outer: str, inner: str) -> str:
    return inner.removeprefix(f"{outer}/") if outer else inner


def doubled_outer(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer else inner


def in_an_extra_folder(outer: str, inner: str) -> str:
    return f"unpacked/{inner}"


LAYOUTS: dict[str, tuple[Callable[[Path, Files], Path], Relaid]] = {
    "merged": (write_merged, as_it_is),
    "zipped": (write_zipped, as_it_is),
    "without outer folder": (write, without_outer),
    "doubled outer folder": (write, doubled_outer),
    "extra folder": (write, in_an_extra_folder),
    "merged, without outer folder": (write_merged, without_outer),
    "merged, doubled outer folder": (write_merged, doubled_outer),
    "merged, extra folder": (write_merged, in_an_extra_folder),
    "zipped, without outer folder": (write_zipped, without_outer),
    "zipped, doubled outer folder": (write_zipped, doubled_outer),
    "gzipped tar, without outer folder": (write_tarred, without_outer),
    "gzipped tar, extra folder": (write_tarred, in_an_extra_folder),
}


def outcome(name: str, root: Path) -> list[tuple[Any, ...]]:
    """Return every verdict on a source, with the bytes of what an instance shows in place of their path."""
    source = sources()[name]
    tree = RawTree.of(str(root), source.raws)
    return [
        (v.task, v.key, v.split, v.texts, [image_bytes(tree, path) for path in paths_of(v.image)])
        if isinstance(v, Instance)
        else (v.task, v.key, v.reason)
        for v in examine(source, tree, source.tasks, seed=3)
    ]


@pytest.mark.parametrize("name", TREES)
def test_every_layout_gives_the_same(tmp_path: Path, name: str) -> None:
    files = TREES[name]()
    expected = outcome(name, write(tmp_path / "as published", files))
    for layout, (put, lay) in LAYOUTS.items():
        assert outcome(name, put(tmp_path / layout, relaid(files, lay))) == expected, layout


def test_a_source_does_not_take_another_ones_images_for_its_own(tmp_path: Path) -> None:
    """Where everything is merged, a source that is missing stays missing."""
    for other in ("coco_objects", "dtd", "voc2007"):
        write_merged(tmp_path, TREES[other]())
    for name in ("aid", "caltech101", "eurosat", "imagenet_a", "lfw", "office_home", "pacs", "pickapic"):
        with pytest.raises(FileNotFoundError, match=f"Raw '{name}'"):
            outcome(name, tmp_path)
