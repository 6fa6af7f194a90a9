"""Forgetting: a chat model asked to classify CIFAR-10, CIFAR-100, MNIST and miniImageNet.

The paper reports the mean accuracy of the four, judged by Vicuna-1.5-13B, and publishes neither
prompt, split nor sample. Prompt and judge request here are those of EMT (Zhai et al., 2309.10313) as
its ports have them: all labels are listed, and a language model is asked whether the prediction
matches the label. Without a judge a whole-word rule decides; every such item is counted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.image_sets import ImageSet, image_sets
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.prompts import JUDGE_SYSTEM, LONG_TOKENS
from vf_ray.eval.rules import judged
from vf_ray.eval.statistics import grouped, mean_of, of_items
from vf_ray.types import Tree

RULE = (
    "prompt and judge request: EMT's, as its ports have them; the paper publishes neither, nor its sample; "
    "all test pictures are asked"
)
_SAID = re.compile(r"\W*(yes|no)\b")
_BEGUN = re.compile(r"\W*(yes|no)\b.", re.DOTALL)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLabels:
    """The labels that a question lists."""

    labels: tuple[str, ...]


def load(tree: Tree) -> QuestionSet:
    """Return the questions of every test set that is there."""
    sets = image_sets(tree)
    absent = {"mnist", "cifar-10", "cifar-100", "miniimagenet"} - {one.name for one in sets}
    notes = [*(one.note for one in sets), RULE]
    if absent:
        notes.append(
            f"without {', '.join(sorted(absent))}: the mean is not the paper's CF, which takes all four"
        )
    return QuestionSet(questions=tuple(q for one in sets for q in _questions(one)), notes=tuple(notes))


def _questions(image_set: ImageSet) -> list[Question]:
    labels = tuple(label.replace("_", " ") for label in image_set.labels)
    listed = ", ".join(labels)
    noun = image_set.noun
    prompt = f"What is the {noun} in the image? Please only answer a single {noun} in {listed}."
    return [
        Question(
            id=f"{image_set.name}/{image.id}",
            prompt=prompt,
            image_id=f"{image_set.name}/{image.id}",
            image=image.image,
            category=image_set.name,
            max_new_tokens=LONG_TOKENS,
            gold=image.label.replace("_", " "),
            meta=ListedLabels(labels=labels),
        )
        for image in image_set.images
    ]


@dataclass(frozen=True)
class _Names:
    """Finds which labels a text names as whole words; the longest name wins."""

    pattern: re.Pattern[str]
    labels: Mapping[str, str]

    def named(self, text: str) -> set[str]:
        plain = text.lower().replace("_", " ")
        return {self.labels[match] for match in self.pattern.findall(plain)}


@lru_cache(maxsize=8)
def _names(labels: tuple[str, ...]) -> _Names:
    spelled = {label.lower(): label for label in labels}
    if set(labels) <= set(map(str, range(10))):
        spelled |= {DIGITS[int(label)]: label for label in labels}
    longest = sorted(spelled, key=len, reverse=True)
    return _Names(re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)"), spelled)


def by_rule(answer: str, labels: tuple[str, ...]) -> str:
    """Return the one label that an answer names as whole words; nothing if it names none or several."""
    named = _names(labels).named(answer)
    return next(iter(named)) if len(named) == 1 else ""


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score each set and the plain mean, by the judge, or by the rule where there is none."""
    replies = judged.of_all(judge, question_set, answers, _request, _verdict)
    items = items_of(question_set, answers, partial(_grade, replies.verdicts), judged.UNANSWERED)
    sets = grouped(items)
    table = {name: of_items(members).times(100) for name, members in sets.items()}
    return Score(
        headline={
            "mean accuracy %": mean_of(list(table.values())),
            **{f"{n} %": f for n, f in table.items()},
        },
        tables={"sets": {name: {"accuracy %": figure} for name, figure in table.items()}},
        counts=count(items, judged=sum(item.how == "judge" for item in items)),
        items=items,
        notes=(*question_set.notes, _note(items, judge)),
        records=replies.records,
        unusable=replies.unusable,
    )


def _note(items: Sequence[Item], judge: Judge | None) -> str:
    by = sum(item.how == "fallback" for item in items)
    others = f", the others by {judge.name}" if judge else ""
    return f"{by:,} of {len(items):,} items decided by the whole-word rule{others}"


def _grade(verdicts: Mapping[str, bool], question: Question, answer: str) -> Grade:
    named = by_rule(answer, question.meta.labels)
    if question.id in verdicts:
        return Grade(named, float(verdicts[question.id]), "judge")
    return Grade(named, float(named == question.gold), "fallback")


def _request(question: Question, answer: str) -> Request:
    user = (
        'Please only answer the question in yes or no. Is the "Prediction" correctly predicting the right '
        f'"Label"? Label: {question.gold}, Prediction: {answer}'
    )
    return Request(id=question.id, system=JUDGE_SYSTEM, user=user, max_tokens=16)


def _verdict(request: Request, reply: Reply) -> bool | None:
    """Return the yes or no that a reply begins with; where it was cut off, something must follow."""
    word = (_BEGUN if reply.cut else _SAID).match((reply.text or "").lower())
    return word[1] == "yes" if word else None


CF = Benchmark(
    name="cf",
    title="Forgetting (CIFAR-10, CIFAR-100, MNIST, miniImageNet)",
    files="any of cifar-10-batches-py, cifar-100-python, t10k-*-ubyte[.gz], miniImageNet/<class>/",
    load=load,
    score=score,
    read=llava_jsonl,
    judged=True,
    parse=_verdict,
)
