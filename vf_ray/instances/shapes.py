"""The few ways in which most tasks return an example."""

import re
from collections.abc import Sequence

from vf_ray.text import tidy, words
from vf_ray.types import Example, ImageRef

YES_NO = ("yes", "no")
_WITH_AN = re.compile(r"(?!eu|uni[cfv]|use|one\b)[aeiou]|hour|heir", re.IGNORECASE)
"""What begins with a vowel's sound, not just its letter."""


def camel_words(name: str) -> str:
    """Return a name such as ``BareLand`` as words in lower case."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def with_article(noun: str) -> str:
    """Return a noun with "a" or "an", judged by how it begins; "The ..." has its article."""
    if noun.startswith("The "):
        return noun
    return f"{'an' if _WITH_AN.match(noun) else 'a'} {noun}"


def name_it(image: ImageRef, name: str) -> Example:
    """Ask for a name; identifiers become words."""
    return Example(image=image, answer=words(name))


def choose(image: ImageRef, answer: str, options: Sequence[str], question: str = "") -> Example:
    """Ask for one of several answers."""
    return Example(image=image, answer=answer, options=tuple(options), question=question)


def yes_no(image: ImageRef, truth: bool, question: str = "") -> Example:
    """Ask for "yes" or "no", as lettered options."""
    return choose(image, YES_NO[0] if truth else YES_NO[1], YES_NO, question)


def ask(image: ImageRef, question: str, answer: str) -> Example:
    """Ask an open question."""
    return Example(image=image, question=tidy(question), answer=tidy(answer))


def caption(image: ImageRef, text: str) -> Example:
    """Ask for a text about the picture."""
    return Example(image=image, answer=tidy(text))


def converse(image: ImageRef, texts: Sequence[str]) -> Example:
    """Take a finished conversation as it is; texts are alternately the user's and the model's."""
    return Example(image=image, question=texts[0], answer=texts[1], further=tuple(texts[2:]))


def numbered(texts: Sequence[str]) -> str:
    """Return texts as a numbered list, one a line."""
    return "\n".join(f"{number}. {tidy(text)}" for number, text in enumerate(texts, 1))
