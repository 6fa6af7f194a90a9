"""What every source promises, on its raw files in miniature: a function for each promise, one for all."""

import io
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from PIL import Image

from vf_ray.errors import MissingError
from vf_ray.instances.refs import paths_of
from vf_ray.instances.sample import examine
from vf_ray.raw.passages import Extent, Passage, divided, listed, numbered
from vf_ray.raw.tree import RawTree
from vf_ray.sources.images import image_bytes
from vf_ray.testing.files import Miniature, write, write_merged, write_tarred, write_zipped
from vf_ray.testing.hostile import field_faults
from vf_ray.types import LABELLED_SPLITS, Instance, Reject, Row, Source, Tree

SEED = 7
Lay = Callable[[Path, Miniature], Path]
"""Writes raw files as publishers or people lay them."""


def check_source(
    source: Source[Any], files: Miniature, root: Path, *, other_records: Collection[str] = ()
) -> None:
    """Hold a source to everything below, with ``files`` written below ``root``.

    ``files`` are by path below the raw folder: the name of a Raw comes first. ``other_records`` are fields of
    which some value says that a record is none of the source's, so that it may go uncounted.

    Raises:
        AssertionError: naming what is broken.
    """
    raws_are_named(source, files)
    tree = laid(source, files, root / "plain")
    rows_are_labelled(source, tree)
    tasks_make_instances(source, tree)
    splits_are_found(source, tree)
    for lay in (write_zipped, write_tarred, write_merged):
        layouts_change_nothing(source, files, root / lay.__name__, lay, outcomes(source, tree))
    if source.divisible:
        passages_are_the_whole(source, tree)
    remedies_are_named(source, root / "empty")
    silent, _ = field_faults(source, files, root / "hostile")
    assert silent <= {*other_records}, f"{source.name}: records go uncounted by values of {sorted(silent)}"


def laid(source: Source[Any], files: Miniature, root: Path, lay: Lay = write) -> RawTree:
    """Write raw files and return them as a source reads them."""
    return RawTree.of(str(lay(root, files)), source.raws)


def outcomes(source: Source[Any], tree: Tree) -> list[Instance | Reject]:
    """Return what comes of all records, in the order of the files."""
    return list(examine(source, tree, source.tasks, seed=SEED))


def raws_are_named(source: Source[Any], files: Miniature) -> None:
    """Every file lies in a Raw of the source, and each Raw says how to obtain it."""
    given, named = {path.partition("/")[0] for path in files}, {raw.name for raw in source.raws}
    assert given == named, f"{source.name}: files lie in {sorted(given)}, its Raws are {sorted(named)}"
    assert all(raw.obtain for raw in source.raws), f"{source.name}: a Raw does not say how to obtain it"


def rows_are_labelled(source: Source[Any], tree: Tree) -> None:
    """Every record is a row with a key of its own and a split that is known."""
    records = list(source.read(tree))
    rows = [record for record in records if isinstance(record, Row)]
    assert rows == records, f"{source.name}: {records}"
    assert len({row.key for row in rows}) == len(rows), f"{source.name}: a key comes twice"
    splits = {row.split for row in rows}
    assert splits <= {*LABELLED_SPLITS}, f"{source.name}: splits {sorted(splits)}"


def tasks_make_instances(source: Source[Any], tree: Tree) -> None:
    """Every task makes an instance, each with words and with pictures that open."""
    instances = [one for one in outcomes(source, tree) if isinstance(one, Instance)]
    silent = {task.id for task in source.tasks if task.may_be_empty}
    idle = {task.id for task in source.tasks} - silent - {instance.task for instance in instances}
    assert instances and not idle, f"{source.name}: nothing comes of {sorted(idle)}"
    for instance in instances:
        assert instance.prompt.strip() and instance.response.strip(), instance
        for path in paths_of(instance.image):
            with Image.open(io.BytesIO(image_bytes(tree, path))) as image:
                image.load()


def splits_are_found(source: Source[Any], tree: Tree) -> None:
    """A recipe finds rows of every task in the split that it takes."""
    instances = [one for one in outcomes(source, tree) if isinstance(one, Instance)]
    for task in source.tasks:
        splits = {instance.split for instance in instances if instance.task == task.id}
        fits = splits & {task.split, "all"} or task.split == "all"
        assert fits or (task.may_be_empty and not splits), f"{task.id}: splits {sorted(splits)}"


def layouts_change_nothing(
    source: Source[Any], files: Miniature, root: Path, lay: Lay, expected: list[Instance | Reject]
) -> None:
    """Archives, and one folder for everything, give what plain folders give."""
    same = outcomes(source, laid(source, files, root, lay)) == expected
    assert same, f"{source.name}: other instances come of the files by {lay.__name__}"


def passages_are_the_whole(source: Source[Any], tree: Tree) -> None:
    """However a pass is divided, its parts together are the whole: for sources that say ``divisible``."""
    parts = passages(source, tree, least=1)
    assert len(parts) > 1 or len(listed(source, tree)) == 1, f"{source.name} is not divided"
    rows = [row for extents in parts or [[]] for row in source.read(Passage(tree, tuple(extents)))]
    assert (rows if parts else list(source.read(tree))) == list(source.read(tree)), source.name


def passages(source: Source[Any], tree: Tree, least: int, most: int = 64) -> list[list[Extent]]:
    """Divide a source and number its extents, counting each as the units of a preparation do."""
    extents, counts = divided(source, tree, least, most), listed(source, tree)
    records = []
    for extent in (extent for some in extents for extent in some):
        count = counts[extent.path]
        records.append(count(Passage(tree, (extent,)), extent.path) if count and extent.stop else 0)
    return numbered(extents, records)


def remedies_are_named(source: Source[Any], empty: Path) -> None:
    """Where raw files are missing, it is said how to obtain them."""
    empty.mkdir(parents=True, exist_ok=True)
    try:
        list(source.read(RawTree.of(str(empty), source.raws)))
    except MissingError as error:
        assert source.raws[0].obtain[:20] in str(error), f"{source.name}: {error}"
    else:
        raise AssertionError(f"{source.name} reads nothing, and does not say what is missing")
