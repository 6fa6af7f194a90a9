"""The whole report of a run that evaluated every benchmark, and the same in JSON and Markdown."""

import json
from dataclasses import replace

import pytest

from tests.report.findings import findings, question_sets
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.benchmarks.tasks import TaskAnswer, Verdict
from vf_ray.page.document import Document, Section, Tiles
from vf_ray.page.tables import Table
from vf_ray.report import analyses, sections
from vf_ray.report.findings import Findings
from vf_ray.report.gallery import gallery
from vf_ray.report.render import document, summary


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, QuestionSet]:
    return question_sets(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def found(asked: dict[str, QuestionSet]) -> Findings:
    return findings(asked, {"older/abc": findings(asked).scores})


@pytest.fixture(scope="module")
def made(asked: dict[str, QuestionSet], found: Findings) -> Document:
    return document(found, gallery(asked, found.items))


def test_there_is_a_section_for_each_benchmark_and_each_question_asked_of_them(made: Document) -> None:
    titles = [section.title for section in made.sections]
    together = {"Forgetting, before and after", "Hallucination", "How long answers are", "Answers"}
    assert together | {"MMBench", "POPE", "Forgetting", "CHAIR"} <= set(titles)
    assert len(set(titles)) == len(titles)


def test_the_twins_hold_every_table_of_the_page(made: Document) -> None:
    page, markdown, data = made.html(), made.markdown(), json.dumps(made.plain())
    tables = [block for section in made.sections for block in section.blocks if isinstance(block, Table)]
    assert len(tables) > 20
    for table in tables:
        assert table.markdown() in markdown
        assert json.dumps(table.plain()) in data
    assert all(table.html() in page for table in tables)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing is fetched


def test_what_has_too_few_items_gets_no_verdict(found: Findings) -> None:
    verdicts = {"s/a": Verdict(outcome="no verdict", why="9 items, needs 150")}
    told = replace(found, scores=replace(found.scores, verdicts=verdicts))
    (tiles,) = sections.overview(told).blocks
    assert isinstance(tiles, Tiles)
    assert tiles.tiles[0].value == "0 of 0"
    assert tiles.tiles[0].detail.endswith("no verdict on 1 with fewer than 150 items")
    assert (
        summary(told).rows[-1][0].endswith("tasks learned: 0 of 0; no verdict on 1 with fewer than 150 items")
    )
    pair = replace(found.benchmarks["pope"].paired[0], clusters=5)
    assert "no verdict (5 items, needs 6)" in sections.comparison(pair)


def test_the_papers_figures_and_earlier_runs_stand_beside_ours(found: Findings) -> None:
    ours, earlier = sections.benchmark(found, "mme").blocks[:2]
    assert isinstance(ours, Table)
    assert isinstance(earlier, Table)
    assert ours.headers == ["", "start", "BASE", "CHAT", "paper LLaVA 1.5", "paper BASE", "paper CHAT"]
    (row,) = [row for row in ours.rows if row[0] == "perception"]
    assert row[4:] == ["1,531.3", "1,537.8", "1,490.6"]
    assert earlier.caption == "Earlier run: older/abc"
    assert [row[:4] for row in ours.rows] == earlier.rows


def test_forgetting_compares_each_set_before_and_after(found: Findings) -> None:
    section = analyses.forgetting(found)
    assert section is not None
    table = section.blocks[-1]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["miniimagenet: start to BASE", "miniimagenet: BASE to CHAT"]


def test_what_later_stages_changed_follows_their_names(asked: dict[str, QuestionSet]) -> None:
    cat = TaskAnswer(answer="cat", letter="")
    questions = tuple(
        Question(id=f"s/a-{n}", prompt="?", gold="cat", category="s/a", meta=cat) for n in range(20)
    )
    found = findings({"pope": asked["pope"], "tasks": QuestionSet(questions=questions)})
    assert _later(found).title == "What stage 2 changed"
    soup, third = {**found.scores.models, "soup": f"soup/x/{'2' * 12}"}, "What later stages changed"
    benchmarks = {
        name: replace(entry, models={**entry.models, "soup": entry.models["stage2"]})
        for name, entry in found.benchmarks.items()
    }
    items = {name: {**by_model, "soup": by_model["stage2"]} for name, by_model in found.items.items()}
    more = replace(found, items=items, scores=replace(found.scores, models=soup, benchmarks=benchmarks))
    assert _later(more).title == third and _table(_later(more)).headers[1:] == ["BASE", "CHAT", "soup"]
    named = replace(more, learner="stage2")
    assert _later(named).title == "What soup changed"
    served = replace(more, scores=replace(more.scores, models={**soup, "soup": "llava 1.5"}))
    assert _later(served).title == "What stage 2 changed"
    assert analyses.later_stages(replace(found, learner="other")) is None


def _later(found: Findings) -> Section:
    section = analyses.later_stages(found)
    assert section is not None
    return section


def _table(section: Section) -> Table:
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    return table


def test_hallucination_names_what_was_measured_only(found: Findings) -> None:
    section = analyses.hallucination(found)
    assert section is not None
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [
        "pope: mean f1", "pope: mean yes ratio", "chair: CHAIRs %", "chair: CHAIRi %", "amber: f1 %",
        "hallusionbench: aAcc %",
    ]  # fmt: skip


def test_a_run_without_stages_or_with_one_model_is_told_too(asked: dict[str, QuestionSet]) -> None:
    whole = findings(asked)
    benchmarks = {
        name: replace(entry, paired=[], models={"served": entry.models["base"]})
        for name, entry in whole.benchmarks.items()
    }
    one = Findings(
        recipe="r", about="", built=[], stages=[], lineage=[],
        scores=replace(whole.scores, models={"served": "llava 1.5"}, benchmarks=benchmarks),
        items={name: {"served": by_model["base"]} for name, by_model in whole.items.items()},
    )  # fmt: skip
    page = document(one, gallery(asked, one.items)).html()
    assert "before and after" not in page
    assert "item by item" not in page
