import json
from pathlib import Path

import pytest

from tests.eval.miniature_hallucination import amber_generative
from tests.eval.trees import tree
from vf_ray.eval.benchmark import Score
from vf_ray.eval.benchmarks.amber_generative import AMBER_GENERATIVE, SceneObjects, Words, mentions

WORDS = Words(
    {"dog": ("puppy",), "sofa": (), "couch": (), "ball": ("football",), "cat": (), "animal": ()},
    frozenset(["animal"]),
)
SCENE = SceneObjects(truth=("dog", "sofa"), hallu=("ball",))


def scored(root: Path, *texts: str) -> Score:
    question_set = AMBER_GENERATIVE.load(tree(root))
    return AMBER_GENERATIVE.score(question_set, {str(n): text for n, text in enumerate(texts, 1)}, None)


@pytest.mark.parametrize(
    ("text", "nouns", "hallucinated", "covered", "expected"),
    [
        ("Two dogs and a cat.", ["dog", "cat"], ["cat"], {0}, set()),
        ("A puppy with a football", ["puppy", "football"], ["football"], {0}, {0}),
        ("An animal on a couch", ["animal", "couch"], ["couch"], set(), set()),
        ("A red house", [], [], set(), set()),
    ],
)  # fmt: skip
def test_nouns_are_covered_expected_or_hallucinated(
    text: str, nouns: list[str], hallucinated: list[str], covered: set[int], expected: set[int]
) -> None:
    found = mentions(WORDS, SCENE, text)
    assert (list(found.nouns), found.hallucinated) == (nouns, hallucinated)
    assert (found.covered, found.expected) == (covered, expected)


def test_four_figures_are_sums_over_all_descriptions(tmp_path: Path) -> None:
    amber_generative(tmp_path)
    found = scored(tmp_path, "A dog, a cat and a ball.", "A sofa with a dog")
    # 2 of 5 nouns, 3 of 4 objects, 1 of 2 answers, 1 of 2 expected ones; denominators begin at 0.001
    values = {name: figure.value for name, figure in found.headline.items()}
    assert values == {"CHAIR %": 40.0, "Cover %": 75.0, "Hal %": 50.0, "Cog %": 50.0}
    assert [item.value for item in found.items] == [0, 1]
    assert scored(tmp_path, "A dog").counts["missing"] == 1
    assert scored(tmp_path, "A dog").headline["Cover %"].value == 50.0


def test_similar_words_are_taken_for_the_same_where_a_list_is_given(tmp_path: Path) -> None:
    amber_generative(tmp_path)
    without = scored(tmp_path, "A couch.")
    assert without.headline["CHAIR %"].value == 99.9
    assert any(note.startswith("no similar_words.json") for note in without.notes)
    (tmp_path / "similar_words.json").write_text(json.dumps([["sofa", "couch"]]))
    similar = scored(tmp_path, "A couch.")
    assert (similar.headline["CHAIR %"].value, similar.headline["Cover %"].value) == (0.0, 50.0)
    assert "similar words: 1 pairs of similar_words.json" in similar.notes


def test_answers_to_the_other_part_are_passed_over(tmp_path: Path) -> None:
    amber_generative(tmp_path)
    question_set = AMBER_GENERATIVE.load(tree(tmp_path))
    path = tmp_path / "answers.json"
    path.write_text(json.dumps([{"id": n, "response": "A dog"} for n in (1, 2, 1005, 15220)]))
    assert set(AMBER_GENERATIVE.read(path, question_set)) == {"1", "2"}
    path.write_text(json.dumps([{"id": 15221, "response": "A dog"}]))
    with pytest.raises(ValueError, match="does not ask"):
        AMBER_GENERATIVE.read(path, question_set)
