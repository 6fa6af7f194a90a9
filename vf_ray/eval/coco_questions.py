"""Questions about COCO 2014 in VQA's pair of files, or as a table: VQAv2 and OK-VQA."""

from collections.abc import Callable
from dataclasses import dataclass

from vf_ray.eval import files
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.people import commonest, golds_of, joined
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.vqa import older_vqa_accuracy, processed, vqa_accuracy
from vf_ray.types import Tree

FOLDERS = ("val2014", "images", "")
ACCURACIES = {
    "accuracy %": vqa_accuracy,
    "accuracy by the older script %": older_vqa_accuracy,
    "accuracy of LLaVA's processed answers %": lambda answer, golds: vqa_accuracy(processed(answer), golds),
}
NOTES = (
    "rule: GT-Vision-Lab/VQA as of 2021; EvalAI runs an older one; LLaVA processes answers before it sends "
    "them; lmms-eval always normalises",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VqaTypes:
    """How VQA sorts a question."""

    question_type: str
    answer_type: str


def loader(questions: str, annotations: str, *tables: str) -> Callable[[Tree], QuestionSet]:
    """Return what loads the validation questions: of the two files, or of the first table that is there."""

    def load(tree: Tree) -> QuestionSet:
        if tree.glob(questions):
            pairs = joined(
                rows(tree, questions, items="questions"), rows(tree, annotations, items="annotations")
            )
            worded = [_question(tree, row, annotation) for row, annotation in pairs]
        else:
            worded = [_question(tree, row, row) for row in rows(tree, *tables)]
        return QuestionSet(questions=tuple(worded), notes=(f"questions: {len(worded):,}", *NOTES))

    return load


def _question(tree: Tree, row: BenchmarkRow, annotation: BenchmarkRow) -> Question:
    image = row.images.get("image")
    name = row.text("image_id") if "image_id" in row.cells or image is None else image.id
    file = f"COCO_val2014_{int(name):012d}.jpg" if name.isdecimal() else name
    golds = golds_of(annotation)
    question_type, answer_type = (
        annotation.text(key) if key in annotation.cells else "" for key in ("question_type", "answer_type")
    )
    return Question(
        id=row.text("question_id", "index"), prompt=row.text("question") + SHORT, image_id=name,
        image=image.fetch if image else files.image(tree, file, FOLDERS),
        max_new_tokens=SHORT_TOKENS, gold=commonest(golds), golds=golds,
        meta=VqaTypes(question_type=question_type, answer_type=answer_type),
    )  # fmt: skip
