"""Questions about several images, as models are asked that take several: one by one, each where it is named.

A model that takes one, such as LLaVA-1.5, is shown what a benchmark's own code shows it: all in a row (BLINK,
MM-Vet v2), or the first (MMMU).
"""

import json
from dataclasses import replace

from vf_ray.artifacts import MODEL, Artifact
from vf_ray.eval.benchmark import Question, QuestionSet

NOTE = "several images are shown one by one, each where the question names it, else before the words"


def apart(question_set: QuestionSet) -> QuestionSet:
    """Return the same questions with their images one by one; the notes say so."""
    questions = tuple(map(_apart, question_set.questions))
    notes = (NOTE if note == question_set.as_one else note for note in question_set.notes)
    return replace(question_set, questions=questions, notes=tuple(notes))


def _apart(question: Question) -> Question:
    if not question.apart:
        return question
    first, *later = question.apart.images
    return replace(
        question, prompt=question.apart.prompt, image_id=question.image_id or question.id, image=first,
        later_images=tuple(later), apart=None,
    )  # fmt: skip


def takes_several(model: Artifact) -> bool:
    """Tell whether a model's family takes several images in one conversation."""
    from vf_ray.model.families import of_config

    file = f"{MODEL}config.json"
    return of_config(json.loads(model.read(file)), model.address).several_images
