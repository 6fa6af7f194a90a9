"""Answers that somebody else produced, read strictly: nothing is guessed, nothing is dropped."""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError, near
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.files import as_json, json_lines, mended

IdOf = Callable[[Mapping[str, Any]], str]
KEYS = ("text", "prediction", "response", "answer")
"""What may hold an answer; ``answer`` comes last, because beside another key it is the truth."""


def llava_jsonl(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read LLaVA's answer file: ``{question_id, prompt, text, ...}``, one JSON object a line."""
    return keyed(records(path), question_set, path.name, lambda record: str(record["question_id"]))


def records(path: Path) -> list[dict[str, Any]]:
    """Return the objects of an answer file in JSON lines."""
    return list(json_lines(path.read_bytes(), path.name))


def whole(path: Path) -> Any:
    """Return the content of an answer file that is one JSON value."""
    return as_json(path.read_bytes(), path.name)


def keyed(
    records: Iterable[Mapping[str, Any]], question_set: QuestionSet, name: str, key: IdOf
) -> dict[str, str]:
    """Return the answers by question id.

    Raises:
        ValueError: for a record without id or answer, an id that comes twice, one the exam lacks, or no
            records at all.
    """
    answers: dict[str, str] = {}
    known = {question.id for question in question_set.questions}
    for number, record in enumerate(records, start=1):
        identity = _id_of(record, key, f"{name} answer {number}")
        if identity in answers:
            raise UserError(
                f"{name} answers question {identity!r} twice, again in answer {number}; keep one of them"
            )
        if identity not in known:
            raise UserError(
                f"{name} answer {number} is to question {identity!r}, which this data does not ask; "
                f"the answers may be to another version ({near(identity, list(known)[:5000])})"
            )
        answers[identity] = text_of(record, f"{name} answer {number}")
    if not answers:
        raise UserError(f"{name} holds no answers; was the model's run cut off?")
    return answers


def _id_of(record: Mapping[str, Any], key: IdOf, where: str) -> str:
    try:
        return key(record)
    except KeyError as error:
        raise UserError(
            f"{where} has no key {error.args[0]!r}; it has {', '.join(map(str, record))}"
        ) from None


def text_of(record: Mapping[str, Any], where: str) -> str:
    """Return a record's answer; a missing value (null, NaN) is an empty answer and counted as one.

    Raises:
        ValueError: if no key that holds answers is there, or it holds no text.
    """
    for key in KEYS:
        if key in record:
            return plain(record[key], f"{where}, {key},")
    raise UserError(f"{where} has no answer; expected a key 'text', found {', '.join(map(str, record))}")


def plain(value: Any, where: str) -> str:
    """Return an answer as text; a number becomes the text it is written as.

    Raises:
        ValueError: for a list, an object, or bytes.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list | dict | bytes):
        raise UserError(f"{where} is {str(value)[:60]}; expected a text")
    return str(mended(value))
