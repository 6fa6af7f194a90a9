"""``vf-ray score`` as a shell sees it: every official format in, figures, parses and comparisons out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.eval.judge_server import Answer, judge_server, says
from tests.eval.miniature import WRITERS
from tests.eval.test_mmbench import xlsx
from tests.eval.trees import lines, tree, tsv
from vf_ray.cli import app
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks import get

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a call of ``score`` on a benchmark's files in miniature."""

    def score(name: str, answers: Path, *words: object) -> Result:
        arguments = ("score", name, "--data", tmp_path / name, "--answers", answers, *words)
        return CliRunner().invoke(app, [str(word) for word in arguments])

    return score


def exam_of(root: Path, name: str) -> QuestionSet:
    WRITERS[name](root / name)
    return get(name).load(tree(root / name))


def found(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def value(data: dict[str, Any], figure: str) -> float:
    number: float = data["headline"][figure]["value"]
    return number


def test_mmes_result_folder(run: Run, tmp_path: Path) -> None:
    question_set = exam_of(tmp_path, "mme")
    (tmp_path / "results").mkdir()
    for task in {q.category for q in question_set.questions}:
        asked = "1.png\tIs it {}? Please answer yes or no.\t{}\t"
        rows = f"{asked.format('so', 'Yes')}yes.\n{asked.format('not', 'No')}"
        (tmp_path / "results" / f"{task}.txt").write_text(
            rows + ("No\n" if task != "OCR" else "Yes, a\ttab\n")
        )
    data = found(run("mme", tmp_path / "results", "--json"))
    assert value(data, "perception") == 1800 + 50  # one of OCR's two right, no picture with both
    assert value(data, "cognition") == 800
    assert data["counts"]["missing"] == data["counts"]["unparsable"] == 0
    assert data["tables"]["subtasks"]["OCR"]["score"]["value"] == 50


def test_mmmus_output(run: Run, tmp_path: Path) -> None:
    exam_of(tmp_path, "mmmu")
    output = tmp_path / "total_val_output.json"
    said = {"validation_Accounting_1": "(B)", "validation_Art_1": "A", "validation_Math_1": "it is 7"}
    output.write_text(json.dumps(said))
    data = found(run("mmmu", output, "--json"))
    assert value(data, "accuracy %") == pytest.approx(200 / 3)
    assert value(data, "eval-only accuracy %") == pytest.approx(100 / 3)  # "(B)" is no letter there
    assert data["tables"]["subjects"]["Art"]["accuracy %"]["value"] == 0


@pytest.mark.parametrize("form", ["xlsx", "tsv"])
def test_mmbenchs_table(run: Run, tmp_path: Path, form: str) -> None:
    question_set = exam_of(tmp_path, "mmbench")
    cells = [{"index": q.id, "prediction": f"{q.gold}."} for q in question_set.questions]
    cells[0]["prediction"] = "NaN"
    table = (xlsx if form == "xlsx" else tsv)(tmp_path / f"a.{form}", cells)
    data = found(run("mmbench", table, "--json"))
    assert value(data, "circular accuracy %") == 50
    assert value(data, "all rows %") == 75
    parses = {item["id"]: (item["parsed"], item["value"]) for item in data["items"]}
    assert parses[cells[1]["index"]] == (question_set.questions[1].gold, 1)
    assert parses[cells[0]["index"]] == ("", 0)


def test_json_holds_figures_splits_counts_and_the_parse_of_each_item(run: Run, tmp_path: Path) -> None:
    question_set = exam_of(tmp_path, "pope")
    rows = [{"question_id": int(q.id), "text": q.gold} for q in question_set.questions[1:]]
    data = found(run("pope", lines(tmp_path / "a.jsonl", rows), "--json"))
    assert set(data) == {"benchmark", "headline", "tables", "counts", "items", "notes", "records", "unusable"}
    assert set(data["tables"]["splits"]) == {"random", "popular", "adversarial"}
    assert (data["counts"]["questions"], data["counts"]["missing"]) == (12, 1)
    missing = next(item for item in data["items"] if item["answer"] is None)
    assert (missing["id"], missing["parsed"], missing["gold"], missing["value"]) == ("10000001", "", "yes", 0)


def test_two_models_are_compared_pair_by_pair(run: Run, tmp_path: Path) -> None:
    question_set = exam_of(tmp_path, "pope")
    files = [
        lines(
            tmp_path / f"{said}.jsonl", [{"question_id": q.id, "text": said} for q in question_set.questions]
        )
        for said in ("no", "yes")
    ]
    data = found(run("pope", files[0], "--against", files[1], "--json"))
    assert data["paired"]["difference"] == 0
    assert data["paired"]["n"] == 12
    assert value(data["against"], "mean yes ratio") == 1
    told = run("pope", files[0], "--against", files[1])
    assert "points would be found 4 times in 5" in told.stdout
    assert "random: f1" in told.stdout


def test_a_judge_at_an_address_and_its_replies_replayed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VF_RAY_STORE", str(tmp_path / "store"))
    question_set = exam_of(tmp_path, "llava-bench")
    answers = lines(
        tmp_path / "a.jsonl", [{"question_id": q.id, "text": "a"} for q in question_set.questions]
    )
    with judge_server(lambda body, number: says("8 6\nbecause")) as (url, asked):
        live = found(run("llava-bench", answers, "--judge", url, "--judge-model", "gpt-4-0314", "--json"))
    assert value(live, "relative score") == 75
    assert len(asked) == 3
    assert live["notes"][-1].startswith("judged by gpt-4-0314: 3 requests, sha256 ")
    replies = lines(tmp_path / "replies.jsonl", live["records"])
    replayed = found(run("llava-bench", answers, "--judge-replies", replies, "--json"))
    assert replayed["headline"] == live["headline"]
    in_order = lines(tmp_path / "order.jsonl", [{"content": "8 6"}] * 3)
    refused = run("llava-bench", answers, "--judge-replies", in_order, "--against", answers)
    assert "by their order only" in refused.stderr


def test_half_a_judge_is_refused(run: Run, tmp_path: Path) -> None:
    exam_of(tmp_path, "cf")
    answers = lines(tmp_path / "a.jsonl", [])
    for words in (
        ("--judge", "http://x"),
        ("--judge-model", "m"),
        ("--judge", "folder", "--judge-model", "m"),
    ):
        refused = run("cf", answers, *words)
        assert refused.exit_code == 1
        assert "needs the judge's name" in refused.stderr
    both = run("cf", answers, "--judge", "folder", "--judge-replies", answers)
    assert "give one of the two" in both.stderr


def test_what_failed_is_counted_and_asked_again_by_the_same_command(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VF_RAY_STORE", str(tmp_path / "store"))
    question_set = exam_of(tmp_path, "llava-bench")
    answers = lines(
        tmp_path / "a.jsonl", [{"question_id": q.id, "text": "a"} for q in question_set.questions]
    )
    refuses: list[bool] = []

    def judge(body: dict[str, Any], number: int) -> Answer:
        refused = refuses[-1] and "What 1?" in body["messages"][-1]["content"]
        return (400, {}, b"not this one") if refused else says("8 6")

    with judge_server(judge) as (url, asked):
        words = ("--judge", url, "--judge-model", "gpt")
        refuses.append(True)
        data = found(run("llava-bench", answers, *words, "--json"))
        assert data["unusable"]["replies"] == {
            "count": 1,
            "of": 3,
            "reason": "status 400: not this one",
            "times": 1,
        }
        assert (data["counts"]["ungraded"], value(data, "relative score")) == (1, 75)
        assert (
            "replies: 1 of 3 not usable: status 400: not this one"
            in run("llava-bench", answers, *words).stdout
        )
        assert len(asked) == 3 + 1
        refuses.append(False)
        assert not found(run("llava-bench", answers, *words, "--json"))["unusable"]
        assert len(asked) == 5
        found(run("llava-bench", answers, *words, "--json"))
        assert len(asked) == 5


def test_a_judge_that_refuses_everything_is_an_error_in_its_own_words(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VF_RAY_STORE", str(tmp_path / "store"))
    for name in ("llava-bench", "mm-vet", "hallusionbench", "cf"):
        question_set = exam_of(tmp_path, name)
        answers = lines(
            tmp_path / f"{name}.jsonl", [{"question_id": q.id, "text": "a"} for q in question_set.questions]
        )
        with judge_server(lambda body, number: (403, {}, b"the quota is used up")) as (url, _):
            refused = run(name, answers, "--judge", url, "--judge-model", "gpt")
        assert refused.exit_code == 1
        assert "not usable: status 403: the quota is used up" in refused.stderr


def test_of_a_part_the_other_answers_are_left_out(run: Run, tmp_path: Path) -> None:
    asked = exam_of(tmp_path, "pope").questions
    answers = lines(tmp_path / "a.jsonl", [{"question_id": q.id, "text": q.gold} for q in asked])
    data = found(run("pope", answers, "--items", len(asked) // 2, "--json"))
    assert data["counts"]["questions"] == len(data["items"]) == len(asked) // 2
    assert data["counts"]["missing"] == 0
    assert value(data, "mean accuracy") == 1
    assert any(
        note.startswith(f"asked: {len(asked) // 2} of {len(asked)} questions") for note in data["notes"]
    )
    refused = run("pope", answers, "--items", 2)
    assert refused.exit_code == 1 and "pope asks in 3 categories" in refused.stderr
