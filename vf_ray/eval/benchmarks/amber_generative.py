"""AMBER, the generative part: 1,004 descriptions, and what they mention that the image does not hold.

Rule: junyangwang0410/AMBER ``inference.py``. Of a description's nouns those count that ``relation.json``
knows. One is covered if it is an annotated object or related to one; otherwise it is hallucinated, and may be
one that people expect to see there (Cog). CHAIR, Hal and Cog are better lower, Cover higher.

The official script finds nouns by NLTK's trained tagger, and takes words for the same whose spaCy vectors
(``en_core_web_lg``) are nearer than 0.8; no package holds either. Here a noun is any word whose singular is
known. Both sides of each comparison are known words, so the vectors come to one fixed list of pairs, read
from ``similar_words.json`` where the data folder holds it: ``[["couch", "sofa"], ...]``, made once by
``nlp(a).similarity(nlp(b)) > 0.8`` over all pairs of known words. Each score says what it went by.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vf_ray.errors import require
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files, itemwise
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Question, QuestionSet, Score
from vf_ray.eval.benchmarks.amber import GENERATIVE, START, by_id
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rules.mentions import singular_words
from vf_ray.eval.statistics import Floats, bootstrap
from vf_ray.types import Tree

SIMILAR = "similar_words.json"
DISCRIMINATIVE = range(1005, 15_221)
"""Ids of the other part, whose answers may stand in the same file."""
RULE = (
    "rule: AMBER's inference.py, over the answers that are there; nouns by singular forms of known words, "
    "not by a tagger"
)
WITHOUT = (
    f"no {SIMILAR}: no words but the related ones are taken for the same, so hallucination is overstated"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneObjects:
    """What an image holds, and what people expect to see there that it does not."""

    truth: tuple[str, ...]
    hallu: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """The words that AMBER knows."""

    related: Mapping[str, Sequence[str]]
    """Words that mean an object, too."""
    safe: frozenset[str]
    """Words that nobody counts."""
    similar: frozenset[frozenset[str]] = field(default=frozenset())
    """Pairs whose vectors are near."""

    @property
    def known(self) -> frozenset[str]:
        """Return all that count as nouns."""
        return frozenset(self.related) | {word for words in self.related.values() for word in words}

    def named(self, noun: str, objects: Sequence[str]) -> int | None:
        """Return the place of the first object that a noun is, or is related to."""
        means = (noun == one or noun in self.related.get(one, ()) for one in objects)
        return next((place for place, meant in enumerate(means) if meant), None)

    def near(self, noun: str, objects: Sequence[str]) -> int | None:
        """Return the place of the first object that a noun is similar to, or that has a related word so."""
        for place, one in enumerate(objects):
            if any(
                noun == word or {noun, word} in self.similar for word in (one, *self.related.get(one, ()))
            ):
                return place
        return None


@dataclass(kw_only=True)
class Mentions:
    """What became of one description's nouns."""

    nouns: tuple[str, ...]
    hallucinated: list[str] = field(default_factory=list)
    covered: set[int] = field(default_factory=set)
    """Places of true objects."""
    expected: set[int] = field(default_factory=set)
    """Places of objects that only people's expectation holds."""


def load(tree: Tree) -> QuestionSet:
    """Return the images to be described."""
    queries = by_id(tree, "query/query_generative.json", image=str, query=str)
    known = by_id(tree, "annotations.json", type=str)
    questions = tuple(_question(tree, row, known.get(identity, {})) for identity, row in queries.items())
    words, note = _words(tree)
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", RULE, note), extra=words)


def _question(tree: Tree, row: Mapping[str, Any], truth: Mapping[str, Any]) -> Question:
    files.as_object(dict(truth), f"annotations.json {row['id']}", truth=list, hallu=list)
    objects = {key: tuple(map(str, truth[key])) for key in ("truth", "hallu")}
    return Question(
        id=str(row["id"]), prompt=row["query"], image_id=row["image"],
        image=files.image(tree, row["image"], ("image", "images", "")), category=GENERATIVE,
        max_new_tokens=LONG_TOKENS, gold=", ".join(objects["truth"]), meta=SceneObjects(**objects),
    )  # fmt: skip


def _words(tree: Tree) -> tuple[Words, str]:
    paths = {name: files.one_of(tree, name, f"data/{name}") for name in ("relation.json", "safe_words.txt")}
    relation = files.as_object(files.read_json(tree, paths["relation.json"]), paths["relation.json"])
    kinds: Mapping[str, files.Kind] = dict.fromkeys(relation, list)
    files.as_object(relation, paths["relation.json"], **kinds)
    related = {word: tuple(map(str, words)) for word, words in relation.items()}
    lines = files.decoded(tree.read(paths["safe_words.txt"]), paths["safe_words.txt"]).split("\n")
    safe = frozenset(line.strip() for line in lines if line.strip())
    for path in (path for path in (SIMILAR, f"data/{SIMILAR}") if tree.exists(path)):
        rows = files.read_json(tree, path)
        is_pairs = isinstance(rows, list) and all(isinstance(row, list) and len(row) == 2 for row in rows)
        require(is_pairs, f'{path} is no list of pairs of words, such as [["couch", "sofa"]]')
        pairs = frozenset(frozenset(map(str, row)) for row in rows)
        return Words(related, safe, pairs), f"similar words: {len(pairs):,} pairs of {path}"
    return Words(related, safe), WITHOUT


def mentions(words: Words, objects: SceneObjects, answer: str) -> Mentions:
    """Return what becomes of each noun of a description, one after the other."""
    known = words.known
    outcome = Mentions(nouns=tuple(word for word in singular_words(answer.lower()) if word in known))
    for noun in (noun for noun in outcome.nouns if noun not in words.safe):
        if (place := words.named(noun, objects.truth)) is not None:
            outcome.covered.add(place)
            continue
        outcome.expected.update(_places(words.named(noun, objects.hallu), words.near(noun, objects.hallu)))
        if (place := words.near(noun, objects.truth)) is not None:
            outcome.covered.add(place)
        else:
            outcome.hallucinated.append(noun)
    return outcome


def _places(*places: int | None) -> list[int]:
    return [place for place in places if place is not None]


def _grade(words: Words, question: Question, answer: str) -> Grade:
    outcome = mentions(words, question.meta, answer)
    return Grade(", ".join(outcome.nouns), float(not outcome.hallucinated))


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the descriptions that are there."""
    words: Words = question_set.extra
    items = items_of(question_set, answers, partial(_grade, words))
    counts = [
        _counts(q.meta, mentions(words, q.meta, answers[q.id]))
        for q in question_set.questions
        if q.id in answers
    ]
    ids = [item.id for item in items if item.answer is not None]
    parts = {"CHAIR %": (0, 1), "Cover %": (2, 3), "Hal %": (4, 5), "Cog %": (6, 7)}
    return Score(
        headline={name: _figure(counts, ids, *places) for name, places in parts.items()}, tables={},
        counts={**count(items), "unparsable": 0, "nouns": int(sum(row[1] for row in counts))}, items=items,
        notes=question_set.notes,
    )  # fmt: skip


def _counts(objects: SceneObjects, outcome: Mentions) -> tuple[float, ...]:
    """Return hallucinated nouns of all, true objects covered of all, whether any, expected ones of all."""
    return (
        len(outcome.hallucinated), len(outcome.nouns), len(outcome.covered), len(objects.truth),
        bool(outcome.hallucinated), 1, len(outcome.expected), len(objects.hallu),
    )  # fmt: skip


def _figure(counts: Sequence[Sequence[float]], ids: Sequence[str], of: int, by: int) -> Figure:
    """Return a part in per cent; denominators begin at ``START``, rounded as the script prints it."""
    metric: Callable[[Floats], Floats] = lambda s: np.round(100 * s[..., of] / (s[..., by] + START), 1)  # noqa: E731
    return bootstrap(counts, ids, metric)


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read ``[{id, response}]``; answers to the discriminative part are passed over."""
    other = {str(number) for number in DISCRIMINATIVE}
    rows = [row for row in itemwise.records(path) if str(row.get("id")) not in other]
    return read_answers.keyed(rows, question_set, path.name, itemwise.identity)


AMBER_GENERATIVE = Benchmark(
    name="amber-generative",
    title="AMBER (generative)",
    files="query/query_generative.json, annotations.json, relation.json, safe_words.txt and image/ "
    f"(and {SIMILAR})",
    load=load,
    score=score,
    read=read,
    better={"CHAIR %": "less", "Hal %": "less", "Cog %": "less"},
)
