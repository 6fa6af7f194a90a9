"""Classification test sets as their publishers ship them: CIFAR, MNIST, miniImageNet."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vf_ray.errors import MissingError, UserError
from vf_ray.eval import table_files
from vf_ray.eval.files import as_object, decoded, read_json
from vf_ray.raw.netpbm import netpbm
from vf_ray.sources.cifar_pickle import load_arrays
from vf_ray.sources.idx import idx
from vf_ray.sources.imagenet_words import imagenet_words
from vf_ray.sources.images import image_bytes
from vf_ray.types import Reject, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One test picture."""

    id: str
    label: str
    image: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """One test set."""

    name: str
    noun: str
    """What a label is: ``object`` or ``number``."""
    labels: tuple[str, ...]
    """Every class, as the publisher spells it."""
    images: tuple[Labelled, ...]
    note: str


def image_sets(tree: Tree) -> list[ImageSet]:
    """Return the sets that are there.

    Raises:
        FileNotFoundError: if none is.
    """
    sets = [one for read in (mnist, cifar10, cifar100, mini_imagenet) if (one := read(tree)) is not None]
    if not sets:
        raise MissingError(
            "the data folder holds none of t10k-images-idx3-ubyte, cifar-10-batches-py/test_batch, "
            "cifar-100-python/test, miniImageNet/<class>/; download at least one"
        )
    return sets


def mnist(tree: Tree) -> ImageSet | None:
    """Return MNIST's test set (IDX files, plain or gzipped)."""
    for folder in ("", "mnist/", "MNIST/", "MNIST/raw/", "mnist/raw/"):
        files = (f"{folder}t10k-images-idx3-ubyte", f"{folder}t10k-labels-idx1-ubyte")
        if any(tree.exists(files[1] + end) for end in ("", ".gz")):
            images = tuple(_mnist_rows(tree, files))
            digits = tuple(map(str, range(10)))
            note = f"MNIST: {len(images):,} test pictures"
            return ImageSet(name="mnist", noun="number", labels=digits, images=images, note=note)
    return None


def _mnist_rows(tree: Tree, files: tuple[str, str]) -> Iterator[Labelled]:
    for row in idx({"test": files})(tree):
        if isinstance(row, Reject):
            raise UserError(f"{files[0]}: {row.key} {row.reason} {row.detail}; download it again")
        image = partial(image_bytes, tree, row.image)
        yield Labelled(id=row.key.rpartition("/")[2], label=str(row.label), image=image)


def cifar10(tree: Tree) -> ImageSet | None:
    """Return CIFAR-10's test batch, of its Python or its binary version."""
    for folder in ("cifar-10-batches-py/", "cifar10/cifar-10-batches-py/", "cifar10/", ""):
        if tree.exists(f"{folder}test_batch") and tree.exists(f"{folder}batches.meta"):
            batch = _unpickle(tree, f"{folder}test_batch", "labels", "data")
            meta = _unpickle(tree, f"{folder}batches.meta", "label_names")
            names = tuple(meta["label_names"])
            return _cifar(
                "cifar-10", "CIFAR-10", names, batch["labels"], [row.tobytes() for row in batch["data"]]
            )
    for folder in ("cifar-10-batches-bin/", "cifar10/cifar-10-batches-bin/"):
        if tree.exists(f"{folder}test_batch.bin"):
            return _cifar10_binary(tree, folder)
    return None


def _cifar10_binary(tree: Tree, folder: str) -> ImageSet:
    data = tree.read(f"{folder}test_batch.bin")
    if not data or len(data) % 3073:
        raise UserError(f"{folder}test_batch.bin has {len(data)} bytes; expected records of 3,073")
    rows = [data[start : start + 3073] for start in range(0, len(data), 3073)]
    names = tuple(decoded(tree.read(f"{folder}batches.meta.txt"), f"{folder}batches.meta.txt").split())
    return _cifar("cifar-10", "CIFAR-10", names, [row[0] for row in rows], [row[1:] for row in rows])


def cifar100(tree: Tree) -> ImageSet | None:
    """Return CIFAR-100's test set with its fine labels."""
    for folder in ("cifar-100-python/", "cifar100/cifar-100-python/", "cifar100/"):
        if tree.exists(f"{folder}test") and tree.exists(f"{folder}meta"):
            batch = _unpickle(tree, f"{folder}test", "fine_labels", "data")
            meta = _unpickle(tree, f"{folder}meta", "fine_label_names")
            names = tuple(meta["fine_label_names"])
            rows = [row.tobytes() for row in batch["data"]]
            return _cifar("cifar-100", "CIFAR-100", names, batch["fine_labels"], rows)
    return None


def _cifar(name: str, title: str, names: tuple[str, ...], codes: list[int], rows: list[bytes]) -> ImageSet:
    if len(codes) != len(rows):
        raise UserError(f"{title}: {len(codes)} labels and {len(rows)} pictures; download it again")
    if codes and not 0 <= min(codes) <= max(codes) < len(names):
        raise UserError(f"{title}: labels up to {max(codes)} and {len(names)} names; download it again")
    images = tuple(
        Labelled(id=str(number), label=names[code], image=partial(_planes, row))
        for number, (code, row) in enumerate(zip(codes, rows, strict=True))
    )
    note = f"{title}: {len(images):,} test pictures"
    return ImageSet(name=name, noun="object", labels=names, images=images, note=note)


def _planes(row: bytes) -> bytes:
    """Return 32x32 planes R, G, B as PPM."""
    plane = len(row) // 3
    pixels = bytearray(len(row))
    for band in range(3):
        pixels[band::3] = row[band * plane : (band + 1) * plane]
    return netpbm(bytes(pixels), 32, 32, 3)


def mini_imagenet(tree: Tree) -> ImageSet | None:
    """Return miniImageNet: the pictures of a Ravi-Larochelle ``test.csv``, else every class folder.

    Class names come from ``class_names.json`` (folder -> name) where it is there, else ImageNet's own where
    folders are its WordNet numbers.

    Raises:
        ValueError: for a class that is known by a number only: nobody could answer with its name.
    """
    for root in ("miniImageNet/", "miniimagenet/", "mini_imagenet/", "mini-imagenet/"):
        rows = _ravi(tree, root) if tree.exists(f"{root}test.csv") else _folders(tree, root)
        if rows:
            return _mini(tree, root, rows)
    return None


def _mini(tree: Tree, root: str, rows: list[tuple[str, str]]) -> ImageSet:
    names = _class_names(tree, f"{root}class_names.json", {folder for _, folder in rows})
    images = tuple(
        Labelled(id=path.removeprefix(root), label=names[folder], image=partial(tree.read, path))
        for path, folder in rows
    )
    labels = tuple(sorted({image.label for image in images}))
    chosen = "Ravi-Larochelle test classes" if tree.exists(f"{root}test.csv") else "every class folder"
    note = f"miniImageNet: {len(images):,} pictures of {len(labels)} classes ({chosen})"
    return ImageSet(name="miniimagenet", noun="object", labels=labels, images=images, note=note)


def _class_names(tree: Tree, path: str, folders: Iterable[str]) -> Mapping[str, str]:
    """Return the name of each class folder."""
    given = as_object(read_json(tree, path), path) if tree.exists(path) else {}
    known = {**imagenet_words(), **given}
    names = {folder: str(known.get(folder, folder)) for folder in folders}
    if nameless := sorted(name for name in names.values() if not _NAME.search(name)):
        raise UserError(
            f"the classes {', '.join(nameless[:3])} ... have no names, so that no answer could be right; "
            f"add {path}, which gives each folder's: {{{nameless[0]!r}: 'house finch', ...}}"
        )
    return names


_NAME = re.compile(r"[^\W\d_]{2}")
"""What a name has and a number such as ``n01532829`` or ``17`` has not: two letters in a row."""


def _ravi(tree: Tree, root: str) -> list[tuple[str, str]]:
    rows = table_files.separated(tree.read(f"{root}test.csv"), f"{root}test.csv", ",", "filename", "label")
    return [(f"{root}images/{row['filename']}", row["label"]) for row in rows]


def _folders(tree: Tree, root: str) -> list[tuple[str, str]]:
    paths = [path for end in ("jpg", "JPEG", "png") for path in tree.glob(f"{root}*/*.{end}")]
    return [(path, path.removeprefix(root).split("/")[0]) for path in sorted(paths)]


def _unpickle(tree: Tree, path: str, *keys: str) -> dict[str, Any]:
    """Return a CIFAR batch with texts in its lists; raises like ``load_arrays``, and for an absent key."""
    with tree.open(path) as file:
        values = {key: _texts(value) for key, value in load_arrays(file, path).items()}
    return as_object(values, path, *keys)


def _texts(value: Any) -> Any:
    return [_text(item) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
