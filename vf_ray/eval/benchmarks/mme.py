"""MME: fourteen subtasks of yes/no questions, two about each picture.

Rule: the benchmark's own ``calculation.py`` (BradyFU/Awesome-Multimodal-Large-Language-Models, branch
Evaluation). An answer that is not exactly yes or no is judged by its first four characters. A subtask
scores 100 x accuracy + 100 x the share of pictures with both answers right; perception sums ten
subtasks, cognition four. Prompt: LLaVA's, which replaces the request for yes or no by its own suffix.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from vf_ray.errors import MissingError, UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score, by_image
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, right
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rules.yes_no import YES_NO, of_first_characters
from vf_ray.eval.statistics import Floats, bootstrap, grouped, macro, of_items, proportion, ratio
from vf_ray.types import Tree

PERCEPTION = (
    "existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark", "artwork", "OCR",
)  # fmt: skip
COGNITION = ("commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning")
ASKS = "Please answer yes or no."
ROOTS = (
    "",
    "MME_Benchmark_release_version/",
    "MME_Benchmark_release_version/MME_Benchmark/",
    "MME_Benchmark/",
)
IMAGES = (".jpg", ".png")
RULE = (
    "rule: exactly yes or no, else the first four characters (the benchmark's calculation.py); "
    "lmms-eval and VLMEvalKit read answers otherwise"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LlavaName:
    """How LLaVA's files call a question's image."""

    llava: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the subtasks that are there."""
    by_task = {task: list(_task(tree, task)) for task in (*PERCEPTION, *COGNITION)}
    absent = [task for task, questions in by_task.items() if not questions]
    if len(absent) == len(by_task):
        raise MissingError("the data folder holds no <subtask>/*.txt of MME, such as existence/; download it")
    notes = [f"questions: {sum(map(len, by_task.values())):,} in {len(by_task) - len(absent)} subtasks", RULE]
    if absent:
        notes.append(f"without {', '.join(absent)}: sums are lower than the benchmark's")
    return QuestionSet(
        questions=tuple(q for questions in by_task.values() for q in questions), notes=tuple(notes)
    )


def _task(tree: Tree, task: str) -> Iterator[Question]:
    for root in ROOTS:
        for texts, images in (("questions_answers_YN/", "images/"), ("", "")):
            if paths := tree.glob(f"{root}{task}/{texts}*.txt"):
                for path in paths:
                    yield from _image(tree, task, path, f"{root}{task}/{images}", images)
                return


def _image(tree: Tree, task: str, path: str, folder: str, inside: str) -> list[Question]:
    stem = path.rpartition("/")[2].removesuffix(".txt")
    name = next((stem + end for end in IMAGES if tree.exists(f"{folder}{stem}{end}")), stem + IMAGES[0])
    lines = io.StringIO(files.decoded(tree.read(path), path), newline=None)
    rows = [line.strip().split("\t") for line in lines if line.strip()]
    if len(rows) != 2 or any(len(row) != 2 or row[1].lower() not in YES_NO for row in rows):
        raise UserError(f"{path} does not hold two lines of question, tab, Yes or No; download it again")
    return [
        Question(
            id=f"{task}/{name}#{number}",
            prompt=text.replace(ASKS, "").strip() + SHORT,
            image_id=f"{task}/{name}",
            image=partial(tree.read, f"{folder}{name}"),
            category=task,
            max_new_tokens=SHORT_TOKENS,
            gold=gold.lower(),
            meta=LlavaName(llava=f"{task}/{inside}{name}"),
        )
        for number, (text, gold) in enumerate(rows)
    ]


def _bare(text: str) -> str:
    """Return a question without any request for the form of the answer."""
    return " ".join(text.removesuffix(SHORT).replace(ASKS, "").split())


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read the folder of result files that the official script takes, or LLaVA's answer file.

    Both are matched by picture and question; an official file's order does not matter.
    """
    records = list(_results(path)) if path.is_dir() else read_answers.records(path)
    by_text = {(_key(q.meta.llava), _bare(q.prompt)): q for q in question_set.questions}
    numbered = [{**record, "id": _match(by_text, record, path.name)} for record in records]
    return read_answers.keyed(numbered, question_set, path.name, lambda record: str(record["id"]))


def _key(name: str) -> str:
    """Return subtask and picture without its ending.

    LLaVA writes the folder between them or not, by how the data lay, and its converter ends all in .txt.
    """
    task, _, rest = name.partition("/")
    return f"{task}/{PurePosixPath(rest).stem}"


def _match(by_text: Mapping[tuple[str, str], Question], record: Mapping[str, Any], name: str) -> str:
    image, text = str(record.get("question_id", "")), str(record.get("prompt", ""))
    question = by_text.get((_key(image), _bare(text)))
    if question is None:
        raise UserError(f"{name} answers {image!r}: {_bare(text)!r}, which this data does not ask")
    truth, gold = record.get("truth", question.gold).lower(), question.gold
    if truth != gold:
        raise UserError(f"{name} gives {truth!r} as the truth of {question.id!r}, this data {gold!r}")
    return question.id


def _results(folder: Path) -> Iterator[dict[str, str]]:
    paths = [path for task in (*PERCEPTION, *COGNITION) if (path := folder / f"{task}.txt").exists()]
    if not paths:
        raise MissingError(f"{folder} holds no result file such as existence.txt; expected one a subtask")
    for path in paths:
        for number, line in enumerate(path.read_text().split("\n"), start=1):
            cells = line.split("\t", 3)  # a tab in an answer stays in it; the official script stops there
            if line and len(cells) != 4:
                form = "picture, question, truth and answer, parted by tabs"
                raise UserError(f"{path.name} line {number} is {line[:60]!r}; expected {form}")
            if line:
                image, text, truth, answer = cells
                yield {
                    "question_id": f"{path.stem}/{image}", "prompt": text, "truth": truth, "text": answer,
                }  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by the first four characters; what the official script calls other is wrong."""
    return right(of_first_characters(answer), question.gold)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score by subtask; missing and other answers are wrong."""
    items = items_of(question_set, answers, grade)
    tasks = grouped(items)
    return Score(
        headline={
            "perception": _sum(tasks, PERCEPTION),
            "cognition": _sum(tasks, COGNITION),
            "total": _sum(tasks, (*PERCEPTION, *COGNITION)),
        },
        tables={"subtasks": {task: _figures(members) for task, members in tasks.items()}},
        counts=count(items),
        items=items,
        notes=(*question_set.notes, *_notes(tasks)),
    )


def _notes(tasks: Mapping[str, Sequence[Item]]) -> list[str]:
    notes = [
        f"{task}: no answer can be parsed, where the official script stops; it counts as 0 here"
        for task, items in tasks.items()
        if not any(item.parsed for item in items)
    ]
    if any(item.answer is None for items in tasks.values() for item in items):
        notes.append("missing answers are wrong; the official script stops at a missing line")
    return notes


def _images(items: Sequence[Item]) -> tuple[list[tuple[float, float, float, float]], list[str]]:
    """Return right answers, questions, pictures with both right, pictures; for each picture."""
    by_image: dict[str, list[float]] = {}
    for item in items:
        by_image.setdefault(item.cluster, []).append(item.value)
    counts = [(float(sum(values)), float(len(values)), min(values), 1.0) for values in by_image.values()]
    return counts, list(by_image)


def _points(sums: Floats) -> Floats:
    return 100 * ratio(sums[..., 0], sums[..., 1]) + 100 * ratio(sums[..., 2], sums[..., 3])


def _figures(items: Sequence[Item]) -> dict[str, Figure]:
    counts, names = _images(items)
    both = proportion([right for _, _, right, _ in counts]).times(100)
    return {
        "score": bootstrap(counts, names, _points),
        "accuracy %": of_items(items).times(100),
        "accuracy+ %": both,
    }


def _sum(tasks: Mapping[str, Sequence[Item]], names: Sequence[str]) -> Figure:
    parts = [_images(tasks[name]) for name in names if name in tasks]
    if not parts:
        return Figure(value=0.0, low=0.0, high=0.0, n=0)
    return macro([counts for counts, _ in parts], [which for _, which in parts], _points).times(len(parts))


MME = Benchmark(
    name="mme",
    title="MME",
    files="MME_Benchmark_release_version/<subtask>/, flat or with images/ and questions_answers_YN/",
    load=load,
    score=score,
    read=read,
    together=by_image,
)
