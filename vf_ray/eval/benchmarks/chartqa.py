"""ChartQA, test: 2,500 questions about charts, half written by people, half made from captions.

Rule: the relaxed accuracy of pix2struct ``metrics.py``: numbers within 5 % of the gold, texts but for
capitals; the authors' repository holds no scorer.
"""

from vf_ray.eval import files
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, category, read
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.texts import relaxed
from vf_ray.types import Tree

SUFFIX = "\nAnswer the question with a single word."
SPLITS = {"test_human": "human", "test_augmented": "augmented"}
OFFICIAL = "**/test/{}.json"
FOLDERS = ("ChartQA Dataset/test/png", "test/png", "png", "")
NOTES = (
    "rule: pix2struct's relaxed correctness, 5 % of the gold, answers not stripped; prompt: lmms-eval's; "
    "VLMEvalKit strips, Qwen-VL's script divides by the model's number",
)


def load(tree: Tree) -> QuestionSet:
    """Return the questions: of the authors' two files, or of a table."""
    split_files = [(split, path) for split in SPLITS for path in tree.glob(OFFICIAL.format(split))]
    if split_files:
        questions = tuple(
            _of_file(tree, split, number, row)
            for split, path in split_files
            for number, row in enumerate(rows(tree, path))
        )
    else:
        questions = tuple(
            _of_table(number, row)
            for number, row in enumerate(rows(tree, "**/test*.parquet", "**/ChartQA*.tsv", "**/*.parquet"))
        )
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _of_file(tree: Tree, split: str, number: int, row: BenchmarkRow) -> Question:
    name = row.text("imgname")
    return Question(
        id=f"{split}_{number}", prompt=row.text("query") + SUFFIX,
        image_id=name, image=files.image(tree, name, FOLDERS),
        category=SPLITS[split], max_new_tokens=16, gold=row.text("label"),
    )  # fmt: skip


def _of_table(number: int, row: BenchmarkRow) -> Question:
    split = row.text("type", "split") if {"type", "split"} & set(row.cells) else ""
    image = row.image()
    gold = row.texts("label", "answer")[0]
    return Question(
        id=row.text("index") if "index" in row.cells else str(number),
        prompt=row.text("question", "query") + SUFFIX,
        image_id=row.text("imgname") if "imgname" in row.cells else image.id, image=image.fetch,
        category=SPLITS.get(split, split.removesuffix("_test")), max_new_tokens=16, gold=gold,
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by the relaxed rule; the whole answer is read."""
    return Grade(answer.strip(), float(relaxed(answer, question.gold)))


CHARTQA = Benchmark(
    name="chartqa",
    title="ChartQA (relaxed)",
    files="test/test_human.json, test/test_augmented.json and test/png/, or test-*.parquet",
    load=load,
    score=by_rule(grade, groups={"splits": category}, figure="relaxed accuracy %"),
    read=read,
)
