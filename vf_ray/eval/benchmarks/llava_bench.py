"""LLaVA-Bench (in the wild): 60 questions about 24 pictures, graded beside the answers of GPT-4.

Rule: LLaVA ``eval_gpt_review_bench.py`` and ``summarize_gpt_review.py``: the judge gives both answers
a grade in its first line; what cannot be read is -1 for both and stays in the means; the score is the
ratio of the means, which are rounded to three digits first. LLaVA's rules (``rule.json``) are read
from the data folder; where they are not there, wording of our own is used, and the score says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import UNGRADED, count, graded
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges import judging
from vf_ray.eval.prompts import JUDGE_SYSTEM, LONG_TOKENS
from vf_ray.eval.rules.grades import FULL, TwoGrades, pair
from vf_ray.eval.statistics import Floats, bootstrap, grouped, ratio
from vf_ray.types import Tree

RULE = (
    "rule: LLaVA's ratio of means, both grades in the first line or -1; lmms-eval takes any two numbers of it"
)
FAILED = (-1.0, -1.0)
CATEGORIES: Mapping[str, str] = {"conv": "conversation", "detail": "description", "complex": "reasoning"}
OURS = (
    "Grade how well each of the two assistants answers the question about a picture, which you know only "
    "from "
    "the context above: helpfulness, relevance, accuracy and level of detail, each with an overall number "
    "from 1 "
    "to 10. Write the two numbers in the first line, the first assistant's first, with a blank between "
    "them and "
    "nothing else; then explain. The order of the assistants must not matter."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContext:
    """What a judge, who sees no image, is told of it."""

    context: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions with their context and GPT-4's answers, and the judge's rules."""
    root = files.one_of(tree, "questions.jsonl", "llava-bench-in-the-wild/questions.jsonl").removesuffix(
        "questions.jsonl"
    )
    rows = _lines(
        tree, f"{root}questions.jsonl", question_id=files.IDENTITY, image=str, category=str, text=str
    )
    contexts = _lines(tree, f"{root}context.jsonl", image=str, caption=(str, list))
    captions = {row["image"]: row["caption"] for row in contexts}
    answers = _lines(tree, f"{root}answers_gpt4.jsonl", question_id=files.IDENTITY, text=str)
    references = {str(row["question_id"]): row["text"] for row in answers}
    for row in rows:
        if row["image"] not in captions or str(row["question_id"]) not in references:
            raise UserError(
                f"question {row['question_id']} has no context or no reference; download all files anew"
            )
    rules, note = _rules(tree, root)
    questions = tuple(_question(tree, root, row, captions, references) for row in rows)
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", RULE, note), extra=rules)


def _lines(tree: Tree, path: str, **kinds: files.Kind) -> list[dict[str, Any]]:
    return list(files.json_lines(tree.read(files.one_of(tree, path)), path, **kinds))


def _question(
    tree: Tree, root: str, row: Mapping[str, Any], captions: Mapping[str, Any], references: Mapping[str, str]
) -> Question:
    caption = captions[row["image"]]
    return Question(
        id=str(row["question_id"]),
        prompt=row["text"],
        image_id=row["image"],
        image=files.image(tree, row["image"], (f"{root}images", "images", root.rstrip("/"))),
        category=row["category"],
        max_new_tokens=LONG_TOKENS,
        gold=references[str(row["question_id"])],
        meta=ImageContext(
            context="\n".join(map(str, caption)) if isinstance(caption, list) else str(caption)
        ),
    )


def _rules(tree: Tree, root: str) -> tuple[dict[str, str], str]:
    for path in (f"{root}rule.json", "rule.json", "llava/eval/table/rule.json"):
        if tree.exists(path):
            rules = files.as_object(files.read_json(tree, path), path)
            prefix = "llava_bench_"
            ours = {key.removeprefix(prefix): rule for key, rule in rules.items() if prefix in key}
            named = {key: files.as_object(rule, f"{path} {key}", prompt=str) for key, rule in ours.items()}
            return {key: rule["prompt"] for key, rule in named.items()}, f"judge's rules: {path}"
    return {}, "judge's rules: ours, because rule.json is not in the data folder"


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score relative to GPT-4's answers; a missing answer is judged as an empty one.

    Raises:
        ValueError: without a judge: nothing else can grade these answers.
    """
    if judge is None:
        raise UserError("llava-bench is graded by a judge; give its address, or recorded replies")
    requests = [
        _request(question_set, question, answers.get(question.id, "")) for question in question_set.questions
    ]
    judged = judging.judged(judge, requests, _parsed)
    pairs = {**judged.verdicts, **dict.fromkeys(judged.unread, FAILED)}
    items = [
        _item(question, answers.get(question.id), pairs.get(question.id))
        for question in question_set.questions
    ]
    parts = grouped(graded(items))
    table = {CATEGORIES.get(name, name): _figures(members, pairs) for name, members in parts.items()}
    whole = _figures(graded(items), pairs)
    return Score(
        headline={"relative score": whole["relative"]},
        tables={"categories": {**table, "all": whole}},
        counts=count(items, judged=sum(item.how == "judge" for item in items), ungraded=len(judged.failed)),
        items=items,
        notes=(*question_set.notes, *_notes(judge, pairs, items)),
        records=judged.records,
        unusable=judged.unusable,
    )


def _notes(judge: Judge, pairs: Mapping[str, TwoGrades], items: Sequence[Item]) -> list[str]:
    failed = sum(one == FAILED for one in pairs.values())
    notes = [
        f"judge: {judge.name}; the figure depends on it: the paper's 70.7 and 78.3 are of an older GPT-4",
        f"{failed:,} replies could not be read and count -1 for both, as in the official script (which takes "
        "any two numbers for grades, such as 11 and nan)",
    ]
    if missing := sum(item.answer is None for item in items):
        notes.append(
            f"{missing:,} missing answers were judged as empty ones; the official script pairs wrongly"
        )
    return notes


def _request(question_set: QuestionSet, question: Question, answer: str) -> Request:
    rule = question_set.extra.get(question.category, OURS)
    user = (
        f"[Context]\n{question.meta.context}\n\n[Question]\n{question.prompt}\n\n"
        f"[Assistant 1]\n{question.gold}\n\n[End of Assistant 1]\n\n"
        f"[Assistant 2]\n{answer}\n\n[End of Assistant 2]\n\n[System]\n{rule}\n\n"
    )
    return Request(id=question.id, system=JUDGE_SYSTEM, user=user, temperature=0.2)


def _parsed(request: Request, reply: Reply) -> TwoGrades | None:
    """Return a reply's grades; where it was cut off, their line must have ended before."""
    text = reply.text or ""
    return None if reply.cut and "\n" not in text else pair(text)


def _item(question: Question, answer: str | None, grades: TwoGrades | None) -> Item:
    reference, model = grades or FAILED
    read = reference >= 0
    return Item(
        id=question.id, answer=answer, parsed=f"{model:g} to {reference:g}" if read else "",
        gold=question.gold, value=max(0.0, model) / FULL, category=question.category,
        cluster=question.image_id, how="judge" if read else "fallback" if grades else UNGRADED,
    )  # fmt: skip


def _figures(items: Sequence[Item], pairs: Mapping[str, TwoGrades]) -> dict[str, Figure]:
    """Return the relative score, and both means times ten."""
    counts = [(*pairs[item.id], 1.0) for item in items]
    names = [item.cluster for item in items]
    first, second = (round(sum(row[place] for row in counts) / len(counts), 3) for place in (0, 1))
    relative = bootstrap(counts, names, _relative)
    return {
        "relative": replace(relative, value=100 * second / first if first else 0.0),
        "GPT-4": bootstrap(counts, names, lambda s: 10 * ratio(s[..., 0], s[..., 2])),
        "model": bootstrap(counts, names, lambda s: 10 * ratio(s[..., 1], s[..., 2])),
    }


def _relative(sums: Floats) -> Floats:
    return 100 * ratio(sums[..., 1], sums[..., 0])


LLAVA_BENCH = Benchmark(
    name="llava-bench",
    title="LLaVA-Bench (in the wild)",
    files="questions.jsonl, context.jsonl, answers_gpt4.jsonl, images/ and LLaVA's rule.json",
    load=load,
    score=score,
    read=llava_jsonl,
    judged=True,
    parse=_parsed,
    needs_judge=True,
)
