"""Markdown from values: texts of others never become markup."""

import re
from collections.abc import Iterable, Sequence

MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>$~&:@^-])")
"""What Markdown, or MyST's additions to it, may read as more than a letter."""


def text(words: object) -> str:
    """Return words that stand for themselves, on one line."""
    return _inline(" ".join(str(words).split()))


def _inline(words: str) -> str:
    return MARKUP.sub(r"\\\1", words)


def prose(words: str) -> str:
    """Return a docstring's words, on one line: what stands between double backticks is code."""
    parts = " ".join(words.split()).split("``")
    return "".join(code(part) if place % 2 else _inline(part) for place, part in enumerate(parts))


def quoted(words: str) -> str:
    """Return words as they are said, their lines kept."""
    return "".join(f"> {text(line)}\\\n" for line in words.splitlines()).removesuffix("\\\n") + "\n"


def code(words: object) -> str:
    """Return a short piece of code; it may hold a backtick and stand in a table."""
    fence = "``" if "`" in str(words) else "`"
    return f"{fence}{str(words).replace('|', chr(92) + '|')}{fence}"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are Markdown already."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def block(language: str, body: str) -> str:
    """Return text that is shown as it is."""
    return f"~~~~{language}\n{body.rstrip()}\n~~~~\n"


def contents(pages: Iterable[str], *, depth: int = 1, hidden: bool = False) -> str:
    """Return what tells Sphinx which pages lie below this one."""
    options = f":maxdepth: {depth}\n" + (":hidden:\n" if hidden else "")
    return f"```{{toctree}}\n{options}\n" + "".join(f"{page}\n" for page in pages) + "```\n"


def page(title: str, *parts: str) -> str:
    """Return a page: its title, then its parts with a blank line between them."""
    return "\n".join([f"# {title}\n", *(part if part.endswith("\n") else f"{part}\n" for part in parts)])
