"""Acme's own exam: how many stripes a picture shows."""

from vf_ray.eval import files
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, read, right
from vf_ray.types import Tree


def load(tree: Tree) -> QuestionSet:
    path = files.one_of(tree, "questions.jsonl")
    rows = files.json_lines(tree.read(path), path, id=str, image=str, stripes=int)
    questions = tuple(
        Question(
            id=row["id"], prompt="How many stripes are there? Answer with a number.",
            gold=str(row["stripes"]), image_id=row["image"],
            image=files.image(tree, row["image"], ("images",)),
        )
        for row in rows
    )  # fmt: skip
    return QuestionSet(questions=questions, notes=("rule: the answer is the number (Acme's)",))


def grade(question: Question, answer: str) -> Grade:
    return right(answer.strip().rstrip("."), question.gold)


ZEBRA_COUNT = Benchmark(
    name="zebra-count", title="Acme's zebra count", files="questions.jsonl and images/", load=load,
    score=by_rule(grade), read=read,
)  # fmt: skip
