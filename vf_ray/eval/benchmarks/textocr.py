"""TextOCR, validation: read all the text in a picture; the share of its pieces that the answer holds.

The paper's appendix E.2 asks for all text and reports the share of the target pieces found in the
prediction, beside the length of the responses. It publishes neither prompt nor code: both are ours.
A piece is an annotated word; it is found if the answer holds it as it stands but for capitals. Words
marked illegible (``.``) are nobody's to read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Answers, Benchmark, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.statistics import bootstrap, mean, share
from vf_ray.types import Tree

ANNOTATIONS = "TextOCR_0.1_val.json"
FOLDERS = ("train_images", "train_val_images/train_images", "train", "images", "")
ILLEGIBLE = "."
PROMPT = "What is all the text in the image? Write down every word that you can read."
NOTES = (
    f"prompt: {PROMPT} (the paper names none)",
    "rule: a word is found if the answer holds it, whatever its capitals; the paper publishes no code",
)


def load(tree: Tree) -> QuestionSet:
    """Return one question for each picture with legible text."""
    path = files.one_of(tree, ANNOTATIONS, f"textocr/{ANNOTATIONS}")
    whole = files.as_object(files.read_json(tree, path), path, anns=dict, imgs=dict)
    pieces: dict[str, list[str]] = {}
    for key, annotation in whole["anns"].items():
        files.as_object(annotation, f"{path} anns {key}", utf8_string=str, image_id=str)
        if (text := annotation["utf8_string"].strip()) not in ("", ILLEGIBLE):
            pieces.setdefault(annotation["image_id"], []).append(text)
    if unknown := sorted(set(pieces) - set(whole["imgs"])):
        raise UserError(
            f"{ANNOTATIONS} has text of picture {unknown[0]!r}, which it does not list; download it anew"
        )
    questions = tuple(
        _question(tree, image, pieces[key]) for key, image in whole["imgs"].items() if key in pieces
    )
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _question(tree: Tree, image: Mapping[str, Any], pieces: Sequence[str]) -> Question:
    files.as_object(image, f"{ANNOTATIONS} imgs", file_name=str, id=files.IDENTITY)
    name = image["file_name"].rpartition("/")[2]
    return Question(
        id=str(image["id"]), prompt=PROMPT, image_id=name, image=files.image(tree, name, FOLDERS),
        max_new_tokens=LONG_TOKENS, gold=" ".join(pieces), golds=tuple(pieces),
    )  # fmt: skip


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all pieces of all pictures alike; a missing answer holds none."""
    items = items_of(question_set, answers, grade)
    sizes = [len(question.golds) for question in question_set.questions]
    counts = [(float(round(item.value * size)), float(size)) for item, size in zip(items, sizes, strict=True)]
    words = [float(len(item.answer.split())) for item in items if item.answer is not None]
    return Score(
        headline={
            "recall %": bootstrap(counts, [item.cluster for item in items], share).times(100),
            "words per answer": mean(words),
        },
        tables={},
        counts={**count(items), "unparsable": 0, "pieces": sum(sizes)},
        items=items,
        notes=question_set.notes,
    )


def grade(question: Question, answer: str) -> Grade:
    """Grade by the share of the pieces that an answer holds."""
    folded = answer.casefold()
    held = [piece for piece in question.golds if piece.casefold() in folded]
    return Grade(" ".join(held), len(held) / len(question.golds))


TEXTOCR = Benchmark(
    name="textocr",
    title="TextOCR (recall)",
    files=f"{ANNOTATIONS} and train_images/",
    load=load,
    score=score,
    read=llava_jsonl,
    better={"words per answer": "neither"},
)
