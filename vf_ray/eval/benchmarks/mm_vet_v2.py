"""MM-Vet v2: 517 questions, some about several images in a row, graded as MM-Vet.

Rule: yuweihao/MM-Vet ``v2``: the judge sees an image as ``<image>`` and each text on one line; a reply that
is no grade is asked for again, by two line breaks and half a degree hotter each time.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Question, QuestionSet, Score
from vf_ray.eval.benchmarks.mm_vet import (
    AGAIN,
    OURS,
    ROOM,
    Capabilities,
    instructions,
    parsed_reply,
    score_with,
)
from vf_ray.eval.itemwise import identity, records
from vf_ray.eval.joined_images import beside, one_by_one
from vf_ray.eval.judge import Judge, Request
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.types import Tree

EVALUATORS = ("mm-vet-v2_evaluator.py", "mm-vet-v2_evaluator.ipynb")
IMAGES = tuple(f"image_{number}" for number in range(18))
SEPARATOR = "<IMG>"
FILE = re.compile(r"\.(jpe?g|png)$", re.IGNORECASE)
NAMED, PLACE = re.compile(r"^.*\.(?:jpe?g|png)$", re.IGNORECASE | re.MULTILINE), re.compile(r"<image_\d+>")
FOLDERS = ("images", "mm-vet-v2/images", "")
TOLD = "An image stands in a question as <image>, a line break as <br>. "
SHOWN = "several images are drawn side by side, before the words"
RULE = "rule: MM-Vet v2's evaluator, one run; lmms-eval asks with the first version's prompt"


def load(tree: Tree) -> QuestionSet:
    """Return the questions, and the judge's instructions."""
    entries = rows(tree, "**/mm-vet-v2.json", "**/test*.parquet", images=IMAGES)
    questions = tuple(_question(tree, row) for row in entries)
    paths = [path for name in EVALUATORS for path in tree.glob(f"**/{name}")]
    table, note = instructions(tree, paths, TOLD + OURS, " and ".join(EVALUATORS))
    notes = (f"questions: {len(questions):,}", RULE, note, SHOWN)
    return QuestionSet(questions=questions, notes=notes, extra=table, as_one=SHOWN)


def _question(tree: Tree, row: BenchmarkRow) -> Question:
    parts = [part.strip() for part in row.text("question").split(SEPARATOR)]
    names = [part for part in parts if FILE.search(part)]
    texts = [part for part in parts if not FILE.search(part)]
    named: dict[str, Callable[[], bytes]] = {name: files.image(tree, name, FOLDERS) for name in names}
    there = named or {f"<{column}>": image.fetch for column, image in row.images.items()}
    fetches = [named[name] for name in names] or list(there.values())
    apart = one_by_one("\n".join(filter(None, parts)), NAMED if names else PLACE, there)
    marked = "<image>".join(texts) if names else PLACE.sub("<image>", parts[0])
    capability = row.texts("capability")
    return Question(
        id=row.text("id"), prompt=PLACE.sub("", "\n".join(filter(None, texts))).strip(),
        image_id=row.text("id") if fetches else "", image=beside(fetches) if fetches else None,
        apart=apart,
        category="+".join(sorted(capability)), max_new_tokens=LONG_TOKENS,
        gold=row.text("answer"), meta=Capabilities(capability=capability, question=marked),
    )  # fmt: skip


def _request(table: str, question: Question, answer: str) -> Request:
    gold = question.gold.replace("<AND>", " <AND> ").replace("<OR>", " <OR> ")
    cells: Sequence[str] = (question.meta.question, gold, answer)
    row = " | ".join([*(cell.replace("\n", "<br>") for cell in cells), ""])
    return Request(id=question.id, user=f"{table}\n| {row}", max_tokens=ROOM)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the mean grade, by capability and by set of capabilities."""
    return score_with(question_set, answers, judge, _request, f"\n{AGAIN}")


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read the evaluator's input, ``{v2_0: text}``, or records by id."""
    return read_answers.keyed(records(path), question_set, path.name, identity)


MM_VET_V2 = Benchmark(
    name="mm-vet-v2",
    title="MM-Vet v2",
    files="mm-vet-v2.json and images/ (and its evaluator), or test-*.parquet of whyu/mm-vet-v2",
    load=load,
    score=score,
    read=read,
    judged=True,
    parse=parsed_reply,
)
