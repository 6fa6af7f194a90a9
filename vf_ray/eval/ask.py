"""One question to a saved model."""

from pathlib import Path

from vf_ray.eval.benchmark import Question
from vf_ray.eval.generate import answers


def answer(folder: Path, question: str, image: bytes, *, max_new_tokens: int = 128) -> str:
    """Return a model's greedy answer to a question about a picture, without blanks around it.

    Raises:
        ValueError: if the picture cannot be decoded, or the question leaves no room for an answer.
    """
    asked = Question(id="asked", prompt=question, image=lambda: image, max_new_tokens=max_new_tokens)
    return dict(answers(folder, [asked]))[asked.id]
