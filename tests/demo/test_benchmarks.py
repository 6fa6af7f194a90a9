"""The demo's benchmarks: official files, true labels, only pictures that no stage trains on."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.written import SHARE, SOURCES, rows, seen, sha, write_some
from vf_ray.demo.grids import COLOURS
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.benchmarks import cf, mmbench, pope
from vf_ray.instances.sample import held_out
from vf_ray.plan.origins import Demo
from vf_ray.raw.tree import RawTree
from vf_ray.tasks import catalogue

EXAMS = {"pope": pope.load, "mmbench": mmbench.load, "cf": cf.load}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return write_some(tmp_path_factory.mktemp("demo"), monkeypatch)


def question_set(demo: Path, name: str) -> QuestionSet:
    return EXAMS[name](RawTree.of(str(demo / "benchmarks" / name)))


def picture(question: Question) -> bytes:
    assert question.image is not None
    return question.image()


def shown(demo: Path, name: str) -> Iterator[str]:
    return (sha(picture(question)) for question in question_set(demo, name).questions)


@pytest.mark.parametrize("name", EXAMS)
def test_no_stage_trains_on_a_benchmarks_images(demo: Path, name: str) -> None:
    asked = set(shown(demo, name))
    trained = {
        sha(image) for source in SOURCES for _, image in rows(demo, source) if not held_out(sha(image), SHARE)
    }
    assert len(asked) > 20 and len(trained) > 400
    assert not asked & trained


def test_pope_labels_are_true_and_balanced(demo: Path) -> None:
    questions = question_set(demo, "pope").questions
    for question in questions:
        (colour,) = (c for c in COLOURS if f" {c} cell " in question.prompt)
        assert (colour in seen(picture(question)).colours) == (question.gold == "yes")
    per_split = Counter((question.category, question.gold) for question in questions)
    assert len(per_split) == 6 and len(set(per_split.values())) == 1


def test_pope_chooses_absent_colours_in_three_ways(demo: Path) -> None:
    absent = {
        split: Counter(
            re.findall(r"an? (\w+) cell", question.prompt)[0]
            for question in question_set(demo, "pope").questions
            if question.category == split and question.gold == "no"
        )
        for split in ("random", "popular", "adversarial")
    }
    assert max(absent["popular"].values()) > 2 * max(absent["random"].values())
    assert absent["adversarial"] != absent["popular"]


def test_mmbench_asks_every_question_with_every_rotation(demo: Path) -> None:
    groups: dict[int, list[Question]] = {}
    for question in question_set(demo, "mmbench").questions:
        groups.setdefault(int(question.id) % mmbench.ROTATION, []).append(question)
    for group, turned in groups.items():
        options = list(turned[0].meta.options.values())
        assert len(turned) == len(options)
        right = {question.meta.options[question.gold] for question in turned}
        assert len(right) == 1
        for turn, question in enumerate(turned):
            assert int(question.id) == group + turn * mmbench.ROTATION
            expected = [options[(slot - turn) % len(options)] for slot in range(len(options))]
            assert list(question.meta.options.values()) == expected
            assert picture(question) == picture(turned[0])
    assert {len(turned) for turned in groups.values()} == {2, 3, 4}


def test_forgetting_is_asked_in_the_words_of_the_skill_kept_out(demo: Path) -> None:
    found = question_set(demo, "cf")
    assert {question.prompt for question in found.questions} == {catalogue()["demo_digits/name"].instruction}


def test_the_benchmarks_are_those_that_a_recipe_may_ask_without_data(demo: Path) -> None:
    assert {folder.name for folder in (demo / "benchmarks").iterdir()} == set(Demo.benchmarks)
