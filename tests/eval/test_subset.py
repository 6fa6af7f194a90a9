"""A part of a benchmark: whole groups, every category in its share, nested, and scored as it stands."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.eval.miniatures import WRITERS
from tests.eval.test_mmbench import Oracle
from tests.eval.trees import tree
from vf_ray.errors import UserError
from vf_ray.eval import scoring
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.benchmarks import get
from vf_ray.eval.benchmarks.mme import COGNITION, PERCEPTION
from vf_ray.eval.benchmarks.ocrbench import OcrKind
from vf_ray.eval.question_sets import fingerprint
from vf_ray.eval.subset import part_of

SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=6)


def pairs(sizes: list[int]) -> QuestionSet:
    """Return so many pictures of each category with two questions each, as MME has them."""
    questions = (
        Question(
            id=f"{name}/{image}#{n}", prompt="?", image_id=f"{name}/{image}", category=str(name), gold="yes"
        )
        for name, size in enumerate(sizes)
        for image in range(size)
        for n in range(2)
    )
    return QuestionSet(questions=tuple(questions))


@given(SIZES, st.data())
def test_a_part_holds_whole_groups_and_every_category_in_its_share(
    sizes: list[int], data: st.DataObject
) -> None:
    whole = pairs(sizes)
    items = data.draw(st.integers(2 * len(sizes), len(whole.questions) + 3))
    part = part_of(get("mme"), whole, items).questions
    assert len(part) in (items, items - 1, len(whole.questions))
    assert set(Counter(question.image_id for question in part).values()) == {2}
    assert [question for question in whole.questions if question in part] == list(part)
    counts = Counter(question.category for question in part)
    for name, size in enumerate(sizes):
        assert counts[str(name)] > 0
        fair = len(part) * size / sum(sizes)
        assert abs(counts[str(name)] - fair) <= 2 * len(sizes)


@given(SIZES, st.data())
def test_a_smaller_part_lies_within_a_larger_one(sizes: list[int], data: st.DataObject) -> None:
    whole = pairs(sizes)
    small, large = sorted(data.draw(st.tuples(*2 * [st.integers(2 * len(sizes), len(whole.questions))])))
    parts = [part_of(get("mme"), whole, items).questions for items in (small, large)]
    assert set(q.id for q in parts[0]) <= set(q.id for q in parts[1])


def test_too_few_for_every_category_is_refused() -> None:
    with pytest.raises(UserError, match=r"items is 5: mme asks in 3 categories.* is 6; ask at least"):
        part_of(get("mme"), pairs([4, 4, 4]), 5)


def test_all_is_all() -> None:
    whole = pairs([3, 3])
    assert part_of(get("mme"), whole, 0) is part_of(get("mme"), whole, 12) is whole


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_part_of_any_benchmark_has_its_groups_whole_and_is_scored(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    benchmark = get(name)
    whole = benchmark.question_set(tree(tmp_path))
    groups = dict(zip((q.id for q in whole.questions), benchmark.together(whole.questions), strict=True))
    sizes = Counter(groups.values())
    for items in range(1, len(whole.questions)):
        try:
            part = part_of(benchmark, whole, items)
        except UserError:
            continue
        counts = Counter(groups[question.id] for question in part.questions)
        assert all(counts[group] == sizes[group] for group in counts)
        assert fingerprint(part) != fingerprint(whole)
        judge = Oracle("8 9\nRating: 5") if benchmark.needs_judge else None
        score = scoring.score(benchmark, part, {q.id: q.gold for q in part.questions}, judge)
        assert len(score.items) == len(part.questions) == score.counts["questions"]
        assert any(f"asked: {len(part.questions)} of {len(whole.questions)}" in note for note in score.notes)


def test_mme_s_sums_keep_their_scale() -> None:
    whole = pairs([8] * 14)
    named = {str(number): task for number, task in enumerate((*PERCEPTION, *COGNITION))}
    questions = tuple(replace(q, category=named[q.category]) for q in whole.questions)
    part = part_of(get("mme"), QuestionSet(questions=questions), 56)
    score = get("mme").score(part, {q.id: "yes" for q in part.questions}, None)
    assert {name: figure.value for name, figure in score.headline.items()} == {
        "perception": 2000, "cognition": 800, "total": 2800,
    }  # fmt: skip


def test_ocrbench_s_count_is_of_all_its_questions() -> None:
    questions = tuple(
        Question(
            id=str(n), prompt="?", category="Scene", gold="yes", golds=("yes",), meta=OcrKind(formula=False)
        )
        for n in range(1000)
    )
    part = part_of(get("ocrbench"), QuestionSet(questions=questions), 500)
    answers = {q.id: "yes" if place % 2 else "no" for place, q in enumerate(part.questions)}
    figure = get("ocrbench").score(part, answers, None).headline["final score"]
    assert (figure.value, figure.n) == (500, 500)
    assert figure.low < 460 < 540 < figure.high


def test_how_rare_a_caption_s_words_are_depends_on_all_images(tmp_path: Path) -> None:
    WRITERS["coco-captions"](tmp_path)
    benchmark = get("coco-captions")
    whole = benchmark.question_set(tree(tmp_path))
    answers = {q.id: q.golds[0] for q in whole.questions}
    values = {item.id: item.value for item in benchmark.score(whole, answers, None).items}
    part = part_of(benchmark, whole, len(whole.questions) - 1)
    some = {q.id: answers[q.id] for q in part.questions}
    assert {item.id: values[item.id] for item in benchmark.score(part, some, None).items} == {
        item.id: item.value for item in benchmark.score(part, some, None).items
    }
