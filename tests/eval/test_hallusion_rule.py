import pytest

from vf_ray.eval.hallusion_rule import diagnosis
from vf_ray.eval.types import Item, Question

Said = tuple[str, int, str, str]
"""Category, figure, truth, verdict; figure 2 is an altered picture."""


def pair(said: Said, question: int) -> tuple[Question, Item]:
    category, figure, gold, verdict = said
    name = (category, "chart", "0")
    asked = Question(
        id=f"{category}/chart/0/{figure}/{question}", prompt="Is it so?",
        meta={
            "figure": str(figure), "altered": figure == 2, "by_question": (*name, str(question)),
            "by_figure": (*name, str(figure)),
        },
    )  # fmt: skip
    right = verdict == "correct" or (verdict == "unclear" and category == "VS" and figure == 0)
    answer = "said" if verdict else None
    return asked, Item(id=asked.id, answer=answer, parsed=verdict, gold=gold, value=float(right))


def blamed(first: Said, second: Said) -> str:
    """Return what the second answer's failure is laid to."""
    both = diagnosis([pair(first, 0), pair(second, 0)])["blame for wrong answers"]
    alone = diagnosis([pair(first, 0)])["blame for wrong answers"]
    kinds = [kind for kind in both if both[kind].value * both[kind].n > alone[kind].value * alone[kind].n]
    return kinds[0].removesuffix(" %") if kinds else ""


@pytest.mark.parametrize(
    ("category", "first", "figure", "second", "kind"),
    [
        ("VD", ("yes", "correct"), 1, ("no", "correct"), ""),
        ("VD", ("yes", "correct"), 1, ("no", "incorrect"), "mixed"),  # yes again
        ("VD", ("yes", "correct"), 1, ("yes", "incorrect"), "visual illusion"),
        ("VD", ("yes", "correct"), 1, ("no", "unclear"), "visual illusion"),
        ("VD", ("yes", "incorrect"), 1, ("yes", "incorrect"), "visual illusion"),
        ("VS", ("yes", "incorrect"), 1, ("yes", "incorrect"), "language hallucination"),  # no again
        ("VS", ("yes", "incorrect"), 1, ("no", "incorrect"), "mixed"),
        ("VS", ("yes", "incorrect"), 1, ("yes", "unclear"), "mixed"),
        ("VS", ("yes", "unclear"), 1, ("yes", "incorrect"), "visual illusion"),
        ("VS", ("yes", "correct"), 1, ("no", "incorrect"), "visual illusion"),
        ("VS", ("yes", "correct"), 2, ("no", "incorrect"), "language hallucination"),
        ("VS", ("yes", "correct"), 2, ("yes", "incorrect"), "visual illusion"),
        ("VS", ("yes", "correct"), 2, ("yes", "unclear"), "visual illusion"),
    ],
)  # fmt: skip
def test_an_answer_is_held_against_the_one_to_the_original(
    category: str, first: tuple[str, str], figure: int, second: tuple[str, str], kind: str
) -> None:
    assert blamed((category, 0, *first), (category, figure, *second)) == kind


def test_the_four_tests_of_a_model() -> None:
    said: list[Said] = [
        ("VD", 0, "yes", "correct"), ("VD", 2, "no", "incorrect"),
        ("VS", 0, "no", "unclear"), ("VS", 1, "no", "incorrect"), ("VS", 2, "yes", "incorrect"),
    ]  # fmt: skip
    others: list[Said] = [("VD", 0, "no", "correct"), ("VD", 2, "no", "correct"), ("VS", 1, "no", "")]
    found = diagnosis([*(pair(one, 0) for one in said), *(pair(one, 1) for one in others)])
    values = {name: {key: f.value for key, f in figures.items()} for name, figures in found.items()}
    assert values["difficulty"] == {"easy aAcc %": 50, "hard aAcc %": pytest.approx(100 / 3)}
    assert values["consistency of figures"] == {"correct %": 25, "inconsistent %": 25, "wrong %": 50}
    assert values["yes/no bias"] == {
        "yes difference": pytest.approx(1 / 7),  # said yes: VD 0, VD 2 and VS 1; true: VD 0 and VS 2
        "false yes of wrong": pytest.approx(2 / 3),
    }
    assert values["blame for wrong answers"] == {
        "language hallucination %": 0,
        "visual illusion %": pytest.approx(200 / 3),
        "mixed %": pytest.approx(100 / 3),
    }
