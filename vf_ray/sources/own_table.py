"""A table of somebody's own, read as its map says: conversations, or questions with their answers."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from string import ascii_uppercase
from typing import Any

from vf_ray.errors import near
from vf_ray.instances.faults import FieldError, kind_of
from vf_ray.raw.tree import existing, several
from vf_ray.recipe.own_table import OwnTable
from vf_ray.sources import parquet_table
from vf_ray.sources.fields import Fields, fields_of, written
from vf_ray.sources.image_cells import CellPlace, image_paths
from vf_ray.sources.llava_json import MARK, ConversationRow, named_inside, num_marks, without_mark
from vf_ray.sources.records import At, ColumnError, parsed
from vf_ray.sources.table_files import FORMATS, PARQUET, TableFormat, Unparsed, column_names, format_of
from vf_ray.sources.turns import Turns, turns_of
from vf_ray.types import Reject, Tree

USUAL: Mapping[str, Sequence[str]] = {
    "conversation": ("messages", "conversations", "conversation"),
    "question": ("question",),
    "answer": ("answer", "answers"),
    "options": ("options", "choices"),
}
"""Names that a column may have which a map leaves out; the first that a file has."""
IMAGES, BESIDE = "images", ("image", "later_images")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow(ConversationRow):
    """A record as what user and model say, or as a question with several answers to choose from."""

    options: tuple[str, ...] = ()
    """Of which the second of the texts is one."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a file are read, and for what; empty: the file has none for it."""

    conversation: str
    question: str
    answer: str
    options: tuple[str, ...]
    images: tuple[str, ...]
    """Empty: as each record has them, by their usual names."""

    @property
    def said(self) -> list[str]:
        """Return those of what is said."""
        names = (self.conversation,) if self.conversation else (self.question, self.answer, *self.options)
        return list(filter(None, names))

    def shown(self, names: Fields) -> Sequence[str]:
        """Return those of what is shown, of a record or a file with columns of these names."""
        return self.images or ((IMAGES,) if IMAGES in names else [name for name in BESIDE if name in names])


def own_table(table: OwnTable) -> Callable[[Tree], Iterator[TableRow | Reject]]:
    """Return the reader of a table's files."""

    def read(tree: Tree) -> Iterator[TableRow | Reject]:
        paths = several(tree, "all", table.files)
        for form in FORMATS.values():
            files = {split: path for split, path in paths.items() if format_of(path) is form}
            for _, path in existing(tree, files, form.count) if files else ():
                yield from _rows(tree, path, table, form)

    return read


def _rows(tree: Tree, path: str, table: OwnTable, form: TableFormat) -> Iterator[TableRow | Reject]:
    names = column_names(tree, path)
    columns = columns_of(table, names, path)
    records = (
        _of_parquet(tree, path, columns, names) if form is FORMATS[PARQUET] else form.records(tree, path)
    )
    for item in records:
        if isinstance(item, Reject):
            yield item
        else:
            yield from parsed((item,), partial(_row, table, columns, form))


def _of_parquet(tree: Tree, path: str, columns: Columns, names: Sequence[str]) -> Unparsed:
    images = columns.shown(Fields(dict.fromkeys(names, "")))
    for index, record in enumerate(parquet_table.image_records(tree, path, columns.said, images)):
        yield record, At(path, "all", index)


def columns_of(table: OwnTable, names: Sequence[str], path: str) -> Columns:
    """Return which of a file's columns a map means.

    Raises:
        ColumnError: if the file has not what the map names, or nothing that the model could say.
    """
    options, images = (((one,) if isinstance(one, str) else one) for one in (table.options, table.image))
    named = {key: getattr(table, key) for key in USUAL if isinstance(getattr(table, key), str)}
    for key, column in (*named.items(), *(("options", o) for o in options), *(("image", i) for i in images)):
        if column and column not in names:
            raise ColumnError(f"{path} has no column {column!r}, which {key} names; {_having(column, names)}")
    usual = {key: next((name for name in known if name in names), "") for key, known in USUAL.items()}
    conversation = table.conversation or ("" if table.question or table.answer else usual["conversation"])
    answer = table.answer or usual["answer"]
    if not (conversation or answer):
        raise ColumnError(
            f"{path} has no column of answers by any usual name, and none of conversations; name it as "
            f"answer or conversation; {_having('', names)}"
        )
    question, choices = (
        table.question or usual["question"],
        options or tuple(filter(None, (usual["options"],))),
    )
    return Columns(conversation, question, answer, choices, images)


def _having(column: str, names: Sequence[str]) -> str:
    close = near(column, names)
    return f"it has {', '.join(names)}" + (f": {close}" if close.startswith("did") else "")


def _row(table: OwnTable, columns: Columns, form: TableFormat, record: Any, at: At) -> TableRow | Reject:
    cells, key = fields_of(form.parse(record)), f"{at.path}/{at.index}"
    place = CellPlace(at.path, "parquet" if form is FORMATS[PARQUET] else "cell", "", at.index)
    images = tuple(
        path
        for column in columns.shown(cells)
        for path in image_paths(_listed(cells.raw(column)), replace(place, column=column))
    )
    if columns.conversation:
        turns = turns_of(cells.raw(columns.conversation), replace(place, column=columns.conversation))
        return _of_turns(key, images, turns, bool(table.instruction))
    options, answer = _answered(cells, columns)
    question = cells.get(columns.question) if columns.question else ""
    row = marked(key, images, (question, answer), asked=bool(table.instruction))
    return row if isinstance(row, Reject) else replace(row, options=options)


def _of_turns(key: str, images: tuple[str, ...], turns: Turns, asked: bool) -> TableRow | Reject:
    if images and turns.images:
        return Reject(key, "pictures in a column and in turns", ", ".join((*images, *turns.images))[:200])
    row = marked(key, images or turns.images, turns.texts, asked=asked or bool(turns.system))
    if isinstance(row, Reject) or not turns.system:
        return row
    first, *others = row.texts
    return replace(row, texts=("\n".join(filter(None, (turns.system, first))), *others))


def marked(key: str, images: tuple[str, ...], texts: tuple[str, ...], *, asked: bool) -> TableRow | Reject:
    """Return a row whose texts say where its pictures stand; ``asked``: there is a text before the first.

    Each picture has a mark, or none has: then all come first.
    """
    if (marks := num_marks(texts)) not in (0, len(images)):
        return Reject(key, "pictures and marks differ", f"{len(images)} pictures, {marks} of {MARK}")
    if not all(text.strip() for text in texts[2 * bool(images or asked) :: 2]):
        return Reject(key, "turn empty", repr(texts)[:200])
    first = without_mark(texts[0]) if images else texts[0]
    if len(images) > 1 or num_marks((first, *texts[1:])):
        return TableRow(key=key, split="all", texts=named_inside(texts), images=images)
    return TableRow(key=key, split="all", texts=(first, *texts[1:]), image="".join(images))


def _answered(cells: Fields, columns: Columns) -> tuple[tuple[str, ...], str]:
    """Return the options, of which empty ones are left out, and the answer, which is one of them if any."""
    answer = cells.raw(columns.answer)
    if isinstance(answer, list):
        answer = _commonest(answer, columns.answer)
    if not (options := _options(cells, columns.options)):
        return (), written(answer, f"column {columns.answer!r}")
    return tuple(filter(None, options)), _chosen(answer, options, columns.answer)


def _options(cells: Fields, columns: Sequence[str]) -> list[str]:
    if len(columns) == 1:
        listed = _listed(cells.raw(columns[0]))
        if not isinstance(listed, list | None):
            raise FieldError(f"column {columns[0]!r} is {kind_of(listed)}; expected a list of options")
        return [written(option, f"an item of {columns[0]!r}") for option in listed or ()]
    return [cells.written(name) if name in cells else "" for name in columns]


def _chosen(answer: Any, options: Sequence[str], column: str) -> str:
    """Return the option that an answer means: its text, its letter, or its place from 0."""
    text, plain = written(answer, f"column {column!r}").strip(), [option.strip() for option in options]
    if text in plain:
        return options[plain.index(text)]
    letters = ascii_uppercase[: len(options)]
    letter = text.strip("().").upper()
    if len(letter) == 1 and letter in letters:
        return options[letters.index(letter)]
    if text.isdecimal() and int(text) < len(options):
        return options[int(text)]
    raise FieldError(f"column {column!r} is {text[:80]!r}, which is none of the options {list(options)}")


def _commonest(answers: Sequence[Any], column: str) -> str:
    if not answers:
        raise FieldError(f"column {column!r} is an empty list; expected an answer")
    return Counter(written(one, f"an item of {column!r}") for one in answers).most_common(1)[0][0]


def _listed(cell: Any) -> Any:
    """Return a cell, or the list that a table of text writes into one."""
    return json.loads(cell) if isinstance(cell, str) and cell.startswith("[") and cell.endswith("]") else cell
