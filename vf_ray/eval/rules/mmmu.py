"""What an answer to MMMU means: the letter it names, or the texts and numbers it may mean.

Source of the rule: MMMU-Benchmark/MMMU ``eval/eval_utils.py``; the patterns for numbers and the key words
are its own.
"""

import re
from collections.abc import Sequence

MARKS = (",", ".", "!", "?", ";", ":", "'")
KEYS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_SENTENCE = re.compile(r"\.\s(?=[A-Z])|\n")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)


def chosen(answer: str, options: Sequence[str]) -> str:
    """Return the letter a lettered answer names, or nothing."""
    padded = answer
    for mark in MARKS:  # one mark after the other, as the official script does
        padded = padded.strip(mark)
    padded = f" {padded} "
    letters = [chr(ord("A") + n) for n in range(len(options))]
    for form in ("({})", " {} "):
        if named := [letter for letter in letters if form.format(letter) in padded]:
            return _last(named, [padded.rfind(form.format(letter)) for letter in named])
    if len(padded.split()) <= 5:
        return ""
    texts = {letter: option.lower() for letter, option in zip(letters, options, strict=True)}
    named = [letter for letter, text in texts.items() if text in padded.lower()]
    return _last(named, [padded.lower().rfind(texts[letter]) for letter in named]) if named else ""


def _last(letters: Sequence[str], places: Sequence[int]) -> str:
    return letters[places.index(max(places))]


def candidates(answer: str) -> set[str | float]:
    """Return the texts and numbers that an open answer may mean."""
    tails = _tails(answer)
    numbers = [number for tail in tails for pattern in _NUMBERS for number in pattern.findall(tail)]
    return {form for text in (*tails, *numbers) for form in forms(text)}


def _tails(answer: str) -> list[str]:
    """Return what follows the key words of each sentence, else the whole answer."""
    whole = answer.strip().strip(".").lower()
    sentences = _SENTENCE.split(whole)
    shortened = []
    for number, sentence in enumerate(sentences):
        keys = (*KEYS, "=") if number == len(sentences) - 1 else KEYS
        tails = [sentence.split(key)[-1].strip() for key in keys if key in sentence]
        shortest = ""
        for tail in tails:
            if not shortest or len(tail) < len(shortest):  # so an empty tail wins, unless another follows it
                shortest = tail
        if shortest and shortest not in MARKS:
            shortened.append(shortest)
    return shortened or [whole]


def forms(text: str) -> list[str | float]:
    """Return a text as it is compared: numbers rounded to two digits, single characters beside a blank."""
    stripped = text.strip()
    try:
        return [round(float(stripped.replace(",", "")), 2)]
    except ValueError:
        lower = stripped.lower()
        return [f" {lower}", f"{lower} "] if len(lower) == 1 else [lower]


def is_right(read_as: set[str | float], gold: Sequence[str]) -> bool:
    """Tell whether a number equals, or a text holds, one of the accepted answers."""
    accepted = [form for text in gold for form in forms(text)]
    texts = [form for form in accepted if isinstance(form, str)]
    return any(
        any(text in one for text in texts) if isinstance(one, str) else one in accepted for one in read_as
    )
