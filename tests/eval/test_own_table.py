import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from vf_ray.cli import app
from vf_ray.errors import UserError
from vf_ray.eval.own_table import RULES, score_table

ROWS = [("q1", "A", "(a) it is", "maps"), ("q2", "B", "The answer is C", "maps"), ("q3", "C", "", "charts")]


def table(root: Path, header: str = "id,gold,answer,category") -> Path:
    path = root / "mine.csv"
    path.write_text("\n".join([header, *(",".join(row) for row in ROWS)]) + "\n")
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, words)])


def test_a_table_of_golds_and_answers_is_scored_by_a_named_rule(tmp_path: Path) -> None:
    result = run(table(tmp_path), "--rule", "letter", "--json")
    found = json.loads(result.stdout)
    assert found["headline"]["accuracy %"]["value"] == pytest.approx(100 / 3)
    assert found["tables"]["categories"]["maps"]["accuracy %"]["value"] == 50
    assert found["counts"]["empty"] == 1
    assert [item["parsed"] for item in found["items"]] == ["A", "C", ""]


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    path = table(tmp_path, "nr,label,output,topic")
    columns = ("gold=label", "answer=output", "id=nr", "category=topic")
    words = [word for column in columns for word in ("--column", column)]
    assert "maps" in run(path, "--rule", "letter", *words).stdout
    refused = run(path, "--column", "gold=labell")
    assert refused.exit_code == 1 and "it has nr, label, output, topic" in refused.stderr


@pytest.mark.parametrize(
    ("rule", "gold", "answer", "value"),
    [("exact", "Red", "red.", 1), ("contains", "red", "A Red car", 1), ("yes-no", "no", "No, it is.", 1),
     ("yes-no", "no", "nothing", 0), ("number", "10", " 10.4 ", 1), ("anls", "abcdef", "abcdeg", 5 / 6),
     ("vqa", "|".join(["2"] * 3 + ["3"] * 7), "2", 0.9), ("letter", "(b)", "B", 1), ("exact", "a|b", "B", 1)],
)  # fmt: skip
def test_each_rule_by_its_name(tmp_path: Path, rule: str, gold: str, answer: str, value: float) -> None:
    path = tmp_path / "mine.parquet"
    pq.write_table(pa.Table.from_pylist([{"gold": gold, "answer": answer}]), path)
    assert score_table(path, rule, {})[1].items[0].value == pytest.approx(value)


@pytest.mark.parametrize("rule", RULES)
def test_an_answer_that_is_not_there_is_missing_and_wrong(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"gold": "a", "answer": null}\n{"gold": "b", "answer": ""}\n')
    found = score_table(path, rule, {})[1]
    assert (found.counts["missing"], found.counts["empty"]) == (1, 1)
    assert [item.value for item in found.items] == [0, 0]


def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert "did you mean 'letter'" in run(path, "--rule", "leter").stderr
    assert "expected KEY=NAME" in run(path, "--column", "gold").stderr
    assert "did you mean 'gold'" in run(path, "--column", "golt=x").stderr
    assert "--data" in run("pope").stderr
    path.write_text("id,gold,answer\nq,a,b\nq,a,b\n")
    assert "twice" in run(path).stderr


@pytest.mark.parametrize("gold", ["null", '""', "[]", '[""]', '"|"', "NaN"])
def test_a_row_without_a_gold_which_every_answer_would_hold_is_refused(tmp_path: Path, gold: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{{"gold": "a", "answer": "a"}}\n{{"gold": {gold}, "answer": "b"}}\n')
    for rule in RULES:
        with pytest.raises(UserError, match=r"mine.jsonl row 2 has no gold"):
            score_table(path, rule, {})


@pytest.mark.parametrize(
    ("row", "message"),
    [('{"gold": {"a": 1}, "answer": "a"}', "row 2, gold, is"),
     ('{"gold": [["x"]], "answer": "a"}', "row 2, gold, is"),
     ('{"gold": "a", "answer": ["a"]}', "answer of 2, is"), ('{"answer": "a"}', "row 2 has no gold")],
)  # fmt: skip
def test_what_is_no_text_is_refused_by_its_row(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{{"gold": "a", "answer": "a"}}\n{row}\n')
    with pytest.raises(UserError, match=message):
        score_table(path, "exact", {})


def test_a_row_may_lack_its_answer(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"gold": 1, "answer": "1"}\n{"gold": "a"}\n')
    assert score_table(path, "exact", {})[1].counts["missing"] == 1


def test_gold_and_answer_are_two_columns(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be both gold and answer"):
        score_table(table(tmp_path), "exact", {"gold": "answer"})
