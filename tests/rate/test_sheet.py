import json
import random
import re
from pathlib import Path

import pytest

from vf_ray.rate.page import page
from vf_ray.rate.ratings import KEY, read_ratings, write_key
from vf_ray.rate.sheet import Asked, Design, Trial, chosen, trials
from vf_ray.rate.tally import RatingFigures, tally

HOSTILE = "</script><script>alert(1)</script> <b>&amp; \u2028"


def questions(number: int) -> list[Asked]:
    return [
        Asked(
            id=f"q{n}", prompt=f"What {n}?", answers={"base": f"a plain answer {n}", "tuned": f"better {n}"}
        )
        for n in range(number)
    ]


def test_who_sees_what_depends_on_the_seed_and_the_rater_alone() -> None:
    design = Design(items=20)
    drawn = chosen(questions(50), design)
    assert drawn == chosen(questions(50)[::-1], design) and len(drawn) == 20
    first, second = trials(drawn, design, 1), trials(drawn, design, 2)
    assert first == trials(drawn, design, 1)
    assert [t.id for t in first] != [t.id for t in second]
    kinds = [t.kind for t in first]
    assert (kinds.count("pair"), kinds.count("repeat"), kinds.count("gold")) == (20, 2, 1)


def test_sides_are_hidden_and_exchanged_when_shown_again() -> None:
    shown = trials(questions(200), Design(repeats=0.2), 1)
    lefts = [t.left_model for t in shown if t.kind == "pair"]
    assert 60 < lefts.count("base") < 140
    pairs = {t.item: t for t in shown if t.kind == "pair"}
    for again in (t for t in shown if t.kind == "repeat"):
        assert (again.left, again.right) == (pairs[again.item].right, pairs[again.item].left)


def test_a_sheet_is_sized_by_the_difference_to_be_found() -> None:
    assert Design(difference=0.1).needed == 197  # (1.96 + .84)^2 / 4 / .1^2
    assert len(chosen(questions(400), Design(difference=0.1))) == 197
    with pytest.raises(ValueError, match="answered all 1 questions alike"):
        chosen([Asked(id="q", prompt="?", answers={"a": "x", "b": "x"})], Design())
    with pytest.raises(ValueError, match="lies up to"):
        Design(difference=0.7)


def test_a_page_says_nothing_of_models_and_runs_nothing_of_texts() -> None:
    asked = [Asked(id="base/q", prompt=HOSTILE, answers={"base": HOSTILE, "tuned": "x"})]
    text = page("scores/x/1", "rater-1", trials(asked, Design(), 1))
    assert "base" not in text and "tuned" not in text and "alert(1)</script>" not in text
    assert text.count("</script>") == 2
    assert "default-src 'none'" in text
    data = json.loads(re.search(r"id='sheet'>(.*?)</script>", text, re.DOTALL)[1])  # type: ignore[index]
    assert data["trials"][0]["prompt"] == HOSTILE


def ratings_of(folder: Path, quality: dict[str, float], rate_careless: str = "") -> RatingFigures:
    """Let simulated raters who prefer by strengths rate a sheet; one of them may press keys at random."""
    design = Design(raters=4, items=300, repeats=0.2)
    sheets = {f"rater-{n}": trials(questions(300), design, n) for n in range(1, 5)}
    write_key(folder, sheets)
    for rater, shown in sheets.items():
        chance = random.Random(rater)
        verdicts = {
            str(number): _verdict(trial, quality, chance, rater == rate_careless)
            for number, trial in enumerate(shown, start=1)
        }
        (folder / f"ratings-{rater}.json").write_text(json.dumps({"rater": rater, "verdicts": verdicts}))
    return tally(read_ratings(folder))


def _verdict(trial: Trial, quality: dict[str, float], chance: random.Random, careless: bool) -> str:
    if careless:
        return chance.choice(("left", "right"))
    if trial.kind == "gold":
        return "left" if trial.left_model == "good" else "right"
    left, right = quality[trial.left_model], quality[trial.right_model]
    return "left" if chance.random() < left / (left + right) else "right"


def test_raters_of_known_quality_are_recovered(tmp_path: Path) -> None:
    found = ratings_of(tmp_path, {"base": 1.0, "tuned": 3.0})
    win = found.wins["base over tuned"]
    assert win.low < 0.25 < win.high and win.high - win.low < 0.15
    assert found.strengths["tuned"] == pytest.approx(0.75, abs=0.03)
    assert abs(found.alpha) < 0.1  # they differ by chance, item by item
    assert found.retest.value == pytest.approx(0.25**2 + 0.75**2, abs=0.12)
    assert not found.left_out


def test_whoever_fails_gold_items_is_left_out(tmp_path: Path) -> None:
    found = ratings_of(tmp_path, {"base": 1.0, "tuned": 9.0}, rate_careless="rater-3")
    assert list(found.left_out) == ["rater-3"]
    assert found.wins["base over tuned"].value == pytest.approx(0.1, abs=0.03)


def test_the_key_is_its_owners_alone_and_files_of_others_are_refused(tmp_path: Path) -> None:
    write_key(tmp_path, {"rater-1": trials(questions(5), Design(), 1)})
    assert (tmp_path / KEY).stat().st_mode & 0o077 == 0
    with pytest.raises(FileNotFoundError, match="put the files"):
        read_ratings(tmp_path)
    for saved, message in (
        ({"rater": "rater-9", "verdicts": {}}, "whom the key does not know"),
        ({"rater": "rater-1", "verdicts": {"99": "left"}}, "does not show"),
        ({"rater": "rater-1", "verdicts": {"1": "best"}}, "expected left, right, tie"),
        ([1], "no file of ratings"),
    ):
        (tmp_path / "ratings-a.json").write_text(json.dumps(saved))
        with pytest.raises(ValueError, match=message):
            read_ratings(tmp_path)


def test_a_judge_is_compared_with_what_most_raters_prefer(tmp_path: Path) -> None:
    ratings_of(tmp_path, {"base": 1.0, "tuned": 1e9})
    grades = {f"q{n}": {"base": 0.2, "tuned": 0.9 if n % 4 else 0.1} for n in range(300)}
    found = tally(read_ratings(tmp_path), grades)
    assert found.judge is not None
    assert found.judge.value == pytest.approx(0.75, abs=0.02)
