from collections.abc import Sequence

import pytest

from vf_ray.eval.benchmark import Item, Question
from vf_ray.eval.rules.hallusion import ControlPlace, blame, diagnosis

Said = tuple[str, int, str, str]
"""Category, figure, truth, verdict; figure 2 is an altered picture."""
LANGUAGE, VISION, BOTH, NEITHER = (True, False), (False, True), (True, True), (False, False)


def pair(said: Said, question: int = 0) -> tuple[Question, Item]:
    category, figure, gold, verdict = said
    name = (category, "chart", "0")
    asked = Question(
        id=f"{category}/chart/0/{figure}/{question}", prompt="Is it so?",
        meta=ControlPlace(
            figure=str(figure), altered=figure == 2, by_question=(*name, str(question)),
            by_figure=(*name, str(figure)),
        ),
    )  # fmt: skip
    right = verdict == "correct" or (verdict == "unclear" and category == "VS" and figure == 0)
    answer = "said" if verdict else None
    return asked, Item(id=asked.id, answer=answer, parsed=verdict, gold=gold, value=float(right))


@pytest.mark.parametrize(
    ("category", "first", "figure", "second", "blamed"),
    [
        ("VD", ("yes", "correct"), 0, ("yes", "correct"), NEITHER),
        ("VD", ("yes", "unclear"), 0, ("yes", "unclear"), VISION),
        ("VD", ("yes", "correct"), 1, ("no", "incorrect"), BOTH),  # yes again
        ("VD", ("yes", "correct"), 1, ("yes", "incorrect"), VISION),
        ("VD", ("yes", "correct"), 1, ("no", "unclear"), VISION),
        ("VD", ("yes", "incorrect"), 1, ("yes", "incorrect"), VISION),
        ("VS", ("yes", "incorrect"), 0, ("yes", "incorrect"), LANGUAGE),
        ("VS", ("yes", "unclear"), 0, ("yes", "unclear"), NEITHER),
        ("VS", ("yes", "incorrect"), 1, ("yes", "incorrect"), LANGUAGE),  # no again
        ("VS", ("yes", "incorrect"), 1, ("no", "incorrect"), BOTH),
        ("VS", ("yes", "incorrect"), 1, ("yes", "unclear"), BOTH),
        ("VS", ("yes", "unclear"), 1, ("yes", "incorrect"), VISION),
        ("VS", ("yes", "correct"), 1, ("no", "incorrect"), VISION),
        ("VS", ("yes", "correct"), 2, ("no", "incorrect"), LANGUAGE),
        ("VS", ("yes", "correct"), 2, ("yes", "incorrect"), VISION),
        ("VS", ("yes", "correct"), 2, ("yes", "unclear"), VISION),
    ],
)  # fmt: skip
def test_an_answer_is_held_against_the_one_to_the_original(
    category: str, first: tuple[str, str], figure: int, second: tuple[str, str], blamed: tuple[bool, bool]
) -> None:
    _, original = pair((category, 0, *first))
    assert blame(*pair((category, figure, *second)), original) == blamed


def values(pairs: Sequence[tuple[Question, Item]]) -> dict[str, dict[str, float]]:
    tables = diagnosis(pairs)
    return {t: {row: next(iter(f.values())).value for row, f in rows.items()} for t, rows in tables.items()}


def test_the_four_tests_of_a_model() -> None:
    said: list[Said] = [
        ("VD", 0, "yes", "correct"), ("VD", 2, "no", "incorrect"),
        ("VS", 0, "no", "unclear"), ("VS", 1, "no", "incorrect"), ("VS", 2, "yes", "incorrect"),
    ]  # fmt: skip
    others: list[Said] = [("VD", 0, "no", "correct"), ("VD", 2, "no", "correct"), ("VS", 1, "no", "")]
    found = values([*(pair(one, 0) for one in said), *(pair(one, 1) for one in others)])
    assert found == {
        "difficulties": {"easy": 50, "hard": pytest.approx(100 / 3)},
        "figures": {"all right": 25, "inconsistent": 25, "all wrong": 50},
        "biases": {
            "yes beyond the truth": pytest.approx(100 / 7),  # said: VD 0, VD 2, VS 1; true: VD 0, VS 2
            "yes among wrong answers": pytest.approx(200 / 3),
        },
        "causes": {"language hallucination": 0, "visual illusion": pytest.approx(200 / 3),
                   "mixed": pytest.approx(100 / 3)},
    }  # fmt: skip


def test_an_answer_whose_original_is_missing_is_laid_to_nothing() -> None:
    missing = [pair(("VS", 0, "yes", "")), pair(("VS", 1, "yes", "incorrect"))]
    assert set(values(missing)["causes"].values()) == {0}
