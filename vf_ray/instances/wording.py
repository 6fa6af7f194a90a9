"""Word an example: instruction, question, lettered options, response. The only place that does."""

from typing import Any

from vf_ray.instances.chance import shuffled
from vf_ray.types import Example, Instance, Row, Task


def word(task: Task[Any], row: Row, example: Example, seed: int) -> Instance:
    """Return the finished conversation; ``seed``, task and key decide the order of the options."""
    question, answer = one_newline(example.question), one_newline(example.answer)
    options = shuffled(map(one_newline, example.options), str(seed), task.id, row.key, "options")
    return Instance(
        task=task.id,
        key=row.key,
        split=row.split,
        image=example.image,
        question=question,
        options=options,
        answer=answer,
        prompt=_prompt(task.instruction, question, options),
        response=_lettered(options.index(answer), answer) if options else answer,
        further=tuple(map(one_newline, example.further)),
    )


def one_newline(text: str) -> str:
    """Return a text whose lines end in one way: a Windows or an old Mac's line is the same line."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def letter(position: int) -> str:
    """Return ``a`` to ``z``, then ``aa``, ``ab`` and so on."""
    before, here = divmod(position, 26)
    return (letter(before - 1) if before else "") + chr(ord("a") + here)


def _prompt(instruction: str, question: str, options: tuple[str, ...]) -> str:
    listed = " ".join(_lettered(position, option) for position, option in enumerate(options))
    parts = (instruction, question, f"Options: {listed}" if options else "")
    return "\n".join(part for part in parts if part)


def _lettered(position: int, option: str) -> str:
    return f"({letter(position)}) {option}"
