"""TextVQA, validation: 5,000 questions about text in images, each answered by ten people.

Rule: ``m4c_evaluator.py``, as LLaVA runs it: both sides processed, one of ten left out in turn. LLaVA's
answer file names the image where others name the question; its prompt tells the question.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vf_ray.eval import answers as read_answers
from vf_ray.eval import files, itemwise
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.people import by_accuracies, commonest, golds_of
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.vqa import processed, soft_accuracy
from vf_ray.types import Tree

LLAVA = "llava_textvqa_val_v051_ocr.jsonl"
TOKENS = "Reference OCR token:"
FOLDERS = ("train_images", "train_val_images/train_images", "images", "")
NOTES = (
    "rule: m4c's processor on both sides; lmms-eval asks without OCR tokens, VLMEvalKit normalises less",
)
FILES = ("**/TextVQA_*val*.json", "**/validation*.parquet", "**/val*.parquet", "**/TextVQA*.tsv")


@dataclass(frozen=True, slots=True, kw_only=True)
class BareQuestion:
    """A question without what LLaVA adds to it."""

    question: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions, worded as LLaVA does where its question file is there."""
    words = _words(tree)
    questions = tuple(_question(tree, row, words) for row in rows(tree, *FILES, items="data"))
    asked = f"prompt: {'with' if words else 'without'} OCR tokens, which {LLAVA} holds"
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", asked, *NOTES))


def _words(tree: Tree) -> dict[tuple[str, str], str]:
    """Return LLaVA's prompt for each question of each image."""
    path = next(iter(tree.glob(f"**/{LLAVA}")), None)
    if path is None:
        return {}
    asked = files.json_lines(tree.read(path), path, "question_id", "text")
    return {(str(row["question_id"]), bare(row["text"])): row["text"] for row in asked}


def bare(prompt: str) -> str:
    """Return the question that a prompt of LLaVA's holds, in lower case."""
    lines = prompt.split("\n")
    return (lines[1] if prompt.startswith(TOKENS) and len(lines) > 1 else lines[0]).strip().lower()


def _question(tree: Tree, row: BenchmarkRow, words: dict[tuple[str, str], str]) -> Question:
    name, asked, image = row.text("image_id"), row.text("question"), row.images.get("image")
    golds = golds_of(row)
    return Question(
        id=row.text("question_id"), prompt=words.get((name, bare(asked)), asked + SHORT), image_id=name,
        image=image.fetch if image else files.image(tree, f"{name}.jpg", FOLDERS),
        max_new_tokens=SHORT_TOKENS, gold=commonest(golds), golds=golds,
        meta=BareQuestion(question=bare(asked)),
    )  # fmt: skip


def accuracy(answer: str, golds: Any) -> float:
    """Return how far people agree with an answer, both processed."""
    return soft_accuracy(processed(answer), [processed(gold) for gold in golds])


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read answers by question, or LLaVA's, which go by image and prompt."""
    records = itemwise.records(path)
    known = {(q.image_id, q.meta.question): q.id for q in question_set.questions}
    ids = {question.id for question in question_set.questions}

    def identity(record: Any) -> str:
        named = itemwise.identity(record)
        if named not in ids and "prompt" in record:
            return known.get((named, bare(str(record["prompt"]))), named)
        return named

    return read_answers.keyed(records, question_set, path.name, identity)


TEXTVQA = Benchmark(
    name="textvqa",
    title="TextVQA (validation)",
    files=f"TextVQA_0.5.1_val.json and train_images/ (and {LLAVA}), or validation-*.parquet",
    load=load,
    score=by_accuracies({"accuracy %": accuracy}, {}),
    read=read,
)
