"""A few right and wrong answers of each task and benchmark, with their pictures."""

from collections.abc import Mapping, Sequence

from vf_ray.eval.benchmark import Item, Question, QuestionSet
from vf_ray.instances.chance import rank
from vf_ray.page.document import GalleryItem
from vf_ray.page.image_data import data_uri
from vf_ray.report.names import model

MOST, MOST_OF_OTHERS = 24, 4
"""Questions of our own tasks, and of each published benchmark."""
NOT_SHOWN = ("base", "served")


def gallery(
    question_sets: Mapping[str, QuestionSet],
    items: Mapping[str, Mapping[str, Sequence[Item]]],
    learner: str = "stage1",
) -> list[GalleryItem]:
    """Return some questions, of each category one that the learner has right and one that it has wrong."""
    shown: list[GalleryItem] = []
    for benchmark, question_set in question_sets.items():
        asked = {question.id: question for question in question_set.questions}
        by_model = {name: {item.id: item for item in of_model} for name, of_model in items[benchmark].items()}
        most = MOST if benchmark == "tasks" else MOST_OF_OTHERS
        for identity in _chosen(items[benchmark], learner)[:most]:
            shown.append(_shown(benchmark, asked[identity], by_model))
    return shown


def _chosen(by_model: Mapping[str, Sequence[Item]], learner: str) -> list[str]:
    """Return ids, by category: one right, then one wrong, in an order that only the ids decide."""
    seen = by_model.get(learner) or next(iter(by_model.values()))
    chosen: list[str] = []
    for category in dict.fromkeys(item.category for item in seen):
        members = sorted((i for i in seen if i.category == category), key=lambda i: rank("gallery", i.id))
        chosen += [i.id for i in members if i.value >= 1][:1]
        chosen += [i.id for i in members if i.value < 1][:1]
    return chosen


def _shown(benchmark: str, question: Question, by_model: Mapping[str, Mapping[str, Item]]) -> GalleryItem:
    image, small = data_uri(question.image()) if question.image else ("", False)
    shown = [name for name in by_model if name not in NOT_SHOWN] or list(by_model)
    items = {name: by_model[name][question.id] for name in shown}
    return GalleryItem(
        image=image,
        pixelated=small,
        title=question.category if benchmark == "tasks" else f"{benchmark}: {question.category}",
        prompt=question.prompt,
        gold=next(iter(items.values())).gold,
        answers=[(model(name), _said(item.answer), item.value >= 1) for name, item in items.items()],
    )


def _said(answer: str | None) -> str:
    """Return an answer as the page shows it; an empty one is shown there as nothing."""
    return "(not answered)" if answer is None else answer
