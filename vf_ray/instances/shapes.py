"""The few ways in which most tasks return an example."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from vf_ray.instances.chance import rank
from vf_ray.text import distinct, prose, tidy, words
from vf_ray.types import Example, ImageRef, Row


def capitalised(sentence: str) -> str:
    """Return a sentence that begins with a capital; the rest is left alone."""
    return sentence[:1].upper() + sentence[1:]


def closed(sentence: str) -> str:
    """Return a sentence that ends with a mark."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def camel_words(name: str) -> str:
    """Return a name such as ``BareLand`` as words in lower case."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def name_it(image: ImageRef, name: str, usual: Mapping[str, str] = MappingProxyType({})) -> Example:
    """Ask for a name; identifiers become words, or what they are ``usual``ly called."""
    return Example(image=image, answer=words(name, usual))


def choose(image: ImageRef, answer: str, options: Sequence[str], question: str = "") -> Example:
    """Ask for one of several answers."""
    return Example(image=image, answer=answer, options=tuple(options), question=question)


def ask(image: ImageRef, question: str, answer: str) -> Example:
    """Ask an open question."""
    return Example(image=image, question=prose(question), answer=tidy(answer))


def caption(image: ImageRef, text: str) -> Example:
    """Ask for a text about the picture."""
    return Example(image=image, answer=prose(text))


def first_half(row: Row) -> bool:
    """Say to which of two tasks with one target a row belongs, so that none is asked for twice."""
    return rank("half", row.key) % 2 == 0


def converse(image: ImageRef, texts: Sequence[str]) -> Example:
    """Take a finished conversation as it is; texts are alternately the user's and the model's."""
    return Example(image=image, question=texts[0], answer=texts[1], further=tuple(texts[2:]))


def numbered(texts: Iterable[str]) -> str:
    """Return texts without repeats as a numbered list, one a line."""
    return "\n".join(f"{number}. {prose(text)}" for number, text in enumerate(distinct(texts), 1))
