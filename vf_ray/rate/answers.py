"""The answers of a run's models to one benchmark, as its scores keep them."""

from collections.abc import Mapping, Sequence

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError, near
from vf_ray.eval.benchmark import Item, Question
from vf_ray.eval.scores import asked_models, read_items
from vf_ray.page.image_data import data_uri
from vf_ray.rate.sheet import Asked

ItemsByModel = Mapping[str, Sequence[Item]]
"""Model to what became of each question."""


def items_of(scores: Artifact, benchmark: str, models: Sequence[str]) -> dict[str, list[Item]]:
    """Return each model's items of a benchmark.

    Raises:
        UserError: for fewer than two models, or one that was not asked; names those that were.
    """
    known = asked_models(scores).get(benchmark, [])
    if not known:
        raise UserError(f"{scores.address} holds no answers to {benchmark!r}; was it asked in that run?")
    if len(set(models)) < 2:
        raise UserError(f"--models {' '.join(models)}: give two or more of {', '.join(known)}")
    for model in models:
        if model not in known:
            raise UserError(f"{scores.address} holds no answers of {model!r}; {near(model, known)}")
    return {model: read_items(scores, benchmark, model) for model in models}


def asked(questions: Sequence[Question], items: ItemsByModel) -> list[Asked]:
    """Return the questions that every model answered, with their images."""
    answers_of = {model: {item.id: item.answer for item in of} for model, of in items.items()}
    return [
        Asked(id=question.id, prompt=question.prompt, answers=answers, image=_image(question))
        for question in questions
        if all(answers := {model: texts.get(question.id) or "" for model, texts in answers_of.items()})
        and all(answers.values())
    ]


def _image(question: Question) -> str:
    return data_uri(question.image())[0] if question.image else ""


def grades(items: ItemsByModel) -> dict[str, dict[str, float]]:
    """Return a judge's grade of each question by model; empty where no judge graded."""
    by_question: dict[str, dict[str, float]] = {}
    for model, of in items.items():
        for item in of:
            if item.how == "judge":
                by_question.setdefault(item.id, {})[model] = item.value
    return by_question
