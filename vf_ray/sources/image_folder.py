"""Class folders: the label of a picture is the folder it lies in.

A template such as ``kfold/{domain}/{label}/*`` says where; its named parts become the row's fields.
``{domain=amazon}`` is that name and no other: the first folder is best given so, because in a merged
tree another source's folders lie beside it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vf_ray.raw.indexed import NOT_UTF_8, UnreadableError
from vf_ray.raw.mounts import ANY_IMAGE, is_image
from vf_ray.types import Reject, Row, Tree

SPLITS: Mapping[str, str] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
"""Folder name of a split -> our name for it."""
_PART = r"(\{\w+(?:=[^{}]*)?\}|\*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRow(Row):
    """A picture and what its path says about it."""

    label: str
    domain: str = ""


def image_folder(
    *templates: str,
    split: str = "all",
    splits: Mapping[str, str] = SPLITS,
    skip: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> Callable[[Tree], Iterator[FolderRow | Reject]]:
    """Return a reader of the pictures that match a template.

    ``{label}``, ``{domain}`` and ``{split}`` stand for one folder name or a part of one, ``*`` for
    the rest. ``split`` is the split of all where no folder tells; ``skip`` names labels that are no
    class, and where ``classes`` are given any other label is rejected. A file that is no picture by
    its extension is passed over.
    """

    def read(tree: Tree) -> Iterator[FolderRow | Reject]:
        any_image = False
        for template in templates:
            yield from _lost(tree, template)
            for path, named in matching(tree, template):
                any_image = True
                if named.get("label") not in skip:
                    yield _row(path, named, split, splits)
        if not any_image:  # says what to obtain
            tree.open(_pattern(templates[0]))

    if not classes:
        return read
    return lambda tree: renamed(read(tree), {label: label for label in classes})


def _lost(tree: Tree, template: str) -> Iterator[Reject]:
    """Reject the links to nothing where a folder of the template should be, and all that it would hold."""
    folders = template.split("/")[:-1]
    first = next((number for number, part in enumerate(folders) if re.search(_PART, part)), len(folders))
    for depth in range(first + 1, len(folders) + 1):
        for path in tree.glob(_pattern("/".join(folders[:depth]))):
            try:
                tree.open(path).close()
            except (FileNotFoundError, UnreadableError) as error:
                yield Reject(path, "no folder but a link to nothing", str(error))


def renamed(rows: Iterable[FolderRow | Reject], names: Mapping[str, str]) -> Iterator[FolderRow | Reject]:
    """Yield the rows with the name of their class instead of its folder; one without a name is rejected."""
    for row in rows:
        if isinstance(row, Reject):
            yield row
        elif row.label in names:
            yield replace(row, label=names[row.label])
        else:
            yield Reject(row.key, "unknown class", row.label)


def _row(path: str, named: Mapping[str, str], split: str, splits: Mapping[str, str]) -> FolderRow | Reject:
    folder = named.get("split")
    if NOT_UTF_8 in path:
        return Reject(path, "name not UTF-8")
    if folder is not None and folder not in splits:
        return Reject(path, "unknown split folder", folder)
    return FolderRow(
        key=path,
        split=split if folder is None else splits[folder],
        image=path,
        label=named.get("label", ""),
        domain=named.get("domain", ""),
    )


def matching(tree: Tree, template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the pictures that match a template, in path order, with what its named parts stand for."""
    pattern = compiled(template)
    for path in tree.glob(re.sub(r"(?:\.\*|(?<=\*))$", f".{ANY_IMAGE}", _pattern(template), count=1)):
        hit = pattern.fullmatch(path)
        if hit and is_image(path):
            yield path, hit.groupdict()


def compiled(template: str) -> re.Pattern[str]:
    """Return the regular expression of a template with ``{names}`` and ``*``."""
    return re.compile("".join(map(_expression, re.split(_PART, template))))


def _pattern(template: str) -> str:
    """Return what ``Tree.glob`` looks for."""
    return re.sub(_PART, lambda part: part[0][1:-1].partition("=")[2] or "*", template)


def _expression(part: str) -> str:
    if part.startswith("{"):
        name, _, fixed = part[1:-1].partition("=")
        return f"(?P<{name}>{re.escape(fixed) if fixed else '[^/]+?'})"
    return "[^/]*" if part == "*" else re.escape(part)
