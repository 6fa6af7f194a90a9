"""Pictures with a text file of the same name beside each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vf_ray.raw.archives import DAMAGED
from vf_ray.raw.indexed import UnreadableError
from vf_ray.sources.side_by_side import side_by_side
from vf_ray.types import Reject, Row, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFileRow(Row):
    """A picture, its text, and the folders it lies in."""

    text: str
    """The first line of the file."""
    folders: tuple[str, ...]
    """Below the root, outermost first."""


def text_beside(
    root: str, *, image: str = ".png", text: str = ".txt", split: str = "all"
) -> Callable[[Tree], Iterator[TextFileRow | Reject]]:
    """Return a reader of every picture anywhere below ``root``, by the file names' endings."""

    def read(tree: Tree) -> Iterator[TextFileRow | Reject]:
        paths = tree.glob(f"{root}/**/*{image}")
        if not paths:
            tree.open(f"{root}/<folder>/<name>{image}")  # says what to obtain
        beside = [path.removesuffix(image) + text for path in paths]
        for path, name, data in zip(paths, beside, side_by_side(tree.read, beside), strict=True):
            try:
                yield _row(path, root, data(), split)
            except FileNotFoundError:
                yield Reject(path, "picture without text", name)
            except (UnreadableError, *DAMAGED) as error:
                yield Reject(path, "text unreadable", str(error)[:300])

    return read


def _row(path: str, root: str, text: bytes, split: str) -> TextFileRow | Reject:
    lines = text.decode("utf-8-sig", "replace").splitlines()
    if not lines or not lines[0].strip():
        return Reject(path, "text empty")
    folders = tuple(path.removeprefix(f"{root}/").split("/")[:-1])
    return TextFileRow(key=path, split=split, image=path, text=lines[0].strip(), folders=folders)
