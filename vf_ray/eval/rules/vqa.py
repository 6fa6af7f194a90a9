"""VQA accuracy: how many of ten people gave the answer, after both sides were normalised.

The steps and their order are those of GT-Vision-Lab/VQA ``vqaEval.py`` and of the TextVQA processor in
``m4c_evaluator.py``, errors included: its dot pattern was meant to spare digits before a dot and does not,
and it takes away 32 dots at most.
"""

import re
from collections.abc import Mapping, Sequence

MARKS = (
    ";", "/", "[", "]", '"', "{", "}", "(", ")", "=", "+", "\\", "_", "-", ">", "<", "@", "`", ",", "?", "!",
)  # fmt: skip
NUMBERS: Mapping[str, str] = {
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
ARTICLES = frozenset(("a", "an", "the"))
ENOUGH = 3
"""Equal answers that make one right."""
_DOTS = 32
"""The flags of a regular expression, given where a count belongs: so many dots are taken away."""
_DOT = re.compile(r"(?!<=\d)(\.)(?!\d)")
_DIGITS = re.compile(r"\d,\d")

_ONE = (
    "ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll "
    "how's I'm I've isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock oughtn't "
    "shan't should've shouldn't somebody'll somebody's someone'd someone'll someone's something'd "
    "something'll that's there'd there're there's they'd they'll they're they've 'twas wasn't we've weren't "
    "what'll what're what's what've when's where'd where's where've who'd who'll who's who've why'll why're "
    "why's won't would've wouldn't y'all you'd you'll you're you've"
)
_TWO = (
    "couldn't've hadn't've he'd've I'd've it'd've mightn't've she'd've shouldn't've somebody'd've "
    "someone'd've something'd've there'd've they'd've we'd've who'd've wouldn't've y'all'll you'd've"
)


def _contractions() -> dict[str, str]:
    """Return each contraction by how it is written without its apostrophe, or without one of two."""
    table = {word.replace("'", ""): word for word in _ONE.split()}
    for word in _TWO.split():
        head, middle, tail = word.split("'")
        table |= {f"{head}{middle}'{tail}": word, f"{head}'{middle}{tail}": word}
    table |= {"somebody'd": "somebodyd", "ow's'at": "'ow's'at", "'ows'at": "'ow's'at", "'ow'sat": "'ow's'at"}
    long = "y'all'd've"
    return table | {"yall'd've": long, "y'alld've": long, "y'all'dve": long}


CONTRACTIONS: Mapping[str, str] = _contractions()
TYPED = ("ain't", "aren't", "can't", "could've", "couldn't", "we've", "where's", "who've")
TYPESET: Mapping[str, str] = {
    (key if key in ("couldn'tve", "hadn'tve") else key.replace("'", "\u2019")): (
        word if word in TYPED else word.replace("'", "\u2019")
    )
    for key, word in CONTRACTIONS.items()
}
"""The same as VizWiz publishes them: most with an apostrophe that nobody types."""


def without_marks(text: str) -> str:
    """Take away or blank out punctuation, by what stands around it in the whole text."""
    left, between_digits = text, _DIGITS.search(text) is not None
    for mark in MARKS:
        beside_blank = f"{mark} " in text or f" {mark}" in text
        left = left.replace(mark, "" if beside_blank or between_digits else " ")
    return _DOT.sub("", left, count=_DOTS)


def plain_words(text: str, contractions: Mapping[str, str] = CONTRACTIONS) -> str:
    """Write number words as digits, leave out articles, write contractions in full; in lower case."""
    words = [NUMBERS.get(word, word) for word in text.lower().split()]
    return " ".join(contractions.get(word, word) for word in words if word not in ARTICLES)


def on_one_line(text: str) -> str:
    """Return a text as VQA's scripts take it: breaks and tabs as blanks, none at the ends."""
    return text.replace("\n", " ").replace("\t", " ").strip()


def processed(text: str) -> str:
    """Return an answer as TextVQA's processor makes it, which LLaVA also sends to VQAv2's server."""
    lowered = text.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    return plain_words(without_marks(on_one_line(lowered)))


def soft_accuracy(answer: str, golds: Sequence[str]) -> float:
    """Return the mean, over the people, of how far the others agree with an answer: three make it right."""
    matches = sum(gold == answer for gold in golds)
    left_out = (matches - (gold == answer) for gold in golds)
    return sum(min(1.0, others / ENOUGH) for others in left_out) / len(golds)


def vqa_accuracy(answer: str, golds: Sequence[str]) -> float:
    """Return VQAv2's accuracy by the script of 2021: normalised unless all people said the same."""
    line, known = on_one_line(answer), [on_one_line(gold) for gold in golds]
    if len(set(known)) > 1:
        line, known = normalised(line), [normalised(gold) for gold in known]
    return soft_accuracy(line, known)


def older_vqa_accuracy(answer: str, golds: Sequence[str]) -> float:
    """Return VQAv2's accuracy by the script that EvalAI runs: of people's answers only marks are taken."""
    known = [without_marks(gold) for gold in golds] if len(set(golds)) > 1 else list(golds)
    return soft_accuracy(normalised(on_one_line(answer)), known)


def normalised(text: str, contractions: Mapping[str, str] = CONTRACTIONS) -> str:
    """Return a text after both steps."""
    return plain_words(without_marks(text), contractions)
