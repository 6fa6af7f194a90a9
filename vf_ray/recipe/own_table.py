"""A data set of somebody's own, described instead of programmed: its files, and what their columns mean."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vf_ray.errors import require
from vf_ray.types import Group

TABLES = "tables/"
"""How the ids of tasks begin that a recipe describes itself."""
TOLD_ONLY = ("files", "folder", "group", "category", "licence", "training", "redistribution", "whole")
"""Keys that change no row of a file, or are in an address by what they lead to."""


@dataclass(frozen=True, kw_only=True)
class OwnTable:
    """Files of one shape, each record of which is a conversation, or a question and its answer."""

    files: str
    """Pattern of the files in the folder, such as ``data/train-*.parquet``; ``.parquet``, ``.jsonl``,
    ``.json`` (an array), ``.csv`` and ``.tsv`` are read."""
    folder: str = ""
    """Where they lie: below ``prepare.raw``, or anywhere by a URL or a path from the root; empty: the
    table's name."""
    image: tuple[str, ...] | str = ()
    """The column of the picture, or several: encoded bytes, ``{bytes, path}``, base64, a path as from the
    file's own folder, or a list of any of these; empty: ``images``, or ``image`` and ``later_images``."""
    conversation: str = ""
    """The column of a whole conversation, as LLaVA, ShareGPT or OpenAI write one; empty: ``messages`` or
    ``conversations``, unless ``answer`` is named."""
    question: str = ""
    """The column of what is asked; empty: ``question``, where there is one."""
    answer: str = ""
    """The column of the answer: a text, a number, or a list, of which the commonest is taken; where there
    are options, one of them, its letter, or its place from 0; empty: ``answer`` or ``answers``."""
    options: tuple[str, ...] | str = ()
    """The column of a list, or one column for each option; empty: ``options`` or ``choices``."""
    instruction: str = ""
    """What every question begins with, or is, where a table has none."""
    group: Group = "question answering"
    category: str = "Your own"
    licence: str = "your own"
    training: bool = True
    """Whether ``licensed_for: training`` takes it."""
    redistribution: bool = False
    """Whether its pictures may go out with an export."""
    whole: bool = False
    """Whether ``prepare.cap`` is not for it."""

    def __post_init__(self) -> None:
        require(bool(self.files), "files is empty; name the table's files, such as data/train-*.parquet")
        outside = self.files.startswith("/") or "://" in self.files or ".." in self.files.split("/")
        require(not outside, f"files is {self.files!r}; it is a pattern in the folder, which folder names")
        both = self.conversation and (self.question or self.answer or self.options)
        require(not both, "it names a conversation, and a question, answer or options; name either")

    @property
    def anywhere(self) -> bool:
        """Tell whether the folder is named by a URL or from the root."""
        return "://" in self.folder or self.folder.startswith("/")


def table_task(name: str) -> str:
    """Return the id of the task that a table is."""
    return f"{TABLES}{name}"


def source_name(task: str) -> str:
    """Return the name of a task's source, by its id; a table's is the task's own."""
    return task if task.startswith(TABLES) else task.partition("/")[0]


def require_names(names: Iterable[str]) -> None:
    """Refuse names of tables that no file could bear.

    Raises:
        UserError: naming the first.
    """
    for name in names:
        wrong = f"prepare.tables.{name}: a table's name is of letters, digits, - and _, and not 'source'"
        require(re.fullmatch(r"\w[\w-]*", name) is not None and name != "source", wrong)


def only_tables(tasks: Iterable[str]) -> bool:
    """Tell whether all of a recipe's patterns are of its own tables."""
    return all(task.startswith(TABLES) for task in tasks)
