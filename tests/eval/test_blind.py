"""All models asked with and without pictures: other answers, other artifacts, both in the record."""

from pathlib import Path
from typing import Any

from tests.eval.evaluating import evaluate, plan_of, pope
from tests.eval.judge_server import Answer, judge_server, says
from vf_ray.eval import scores
from vf_ray.eval.question_sets import blind, fingerprint
from vf_ray.report.findings import Findings
from vf_ray.report.sections import benchmark
from vf_ray.store import Store


def says_what_it_sees(body: dict[str, Any], number: int) -> Answer:
    return says(
        "Yes" if any(part["type"] == "image_url" for part in body["messages"][-1]["content"]) else "No"
    )


def words(body: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in body["messages"][-1]["content"])


def test_a_blind_run_asks_all_models_the_same_without_pictures(local_store: Store, tmp_path: Path) -> None:
    questions = len(pope(tmp_path).questions)
    with judge_server(says_what_it_sees) as (url, asked):
        served = {"url": url, "model": "llava"}
        seeing, both = (
            plan_of(local_store, tmp_path / "m", tmp_path, benchmarks=["pope"], served=served, **more)
            for more in ({}, {"blind": True})
        )
        assert seeing.scores.address != both.scores.address
        with_pictures = scores.read(evaluate(local_store, seeing))
        assert len(asked) == questions
        found = scores.read(evaluate(local_store, both))
        bodies = list(asked)
        assert len(bodies) == 2 * questions  # what was answered with pictures is not asked again
    shown, unseen = bodies[:questions], bodies[questions:]
    assert sorted(map(words, shown)) == sorted(map(words, unseen))
    assert all(len(body["messages"][-1]["content"]) == 1 for body in unseen)

    assert not with_pictures.benchmarks["pope"].blind
    entry = found.benchmarks["pope"]
    assert entry.models == with_pictures.benchmarks["pope"].models
    assert set(entry.blind) == {"base", "served"}
    assert entry.models["served"].headline["mean yes ratio"].value == 1
    assert entry.blind["served"].figures.headline["mean yes ratio"].value == 0
    assert entry.blind["served"].gain.n == entry.blind["base"].figures.counts["questions"] == questions
    assert set(found.answers) == {"base/pope", "base/pope/blind", "served/pope", "served/pope/blind"}

    findings = Findings(recipe="r", about="", built=(), stages=(), scores=found, items={}, lineage=())
    page = benchmark(findings, "pope")
    tables = [
        block for block in page.blocks if getattr(block, "headers", ())[1:] == ["with pictures", "without"]
    ]
    assert [table.rows[4] for table in tables][1][0] == "mean yes ratio"


def test_blind_questions_are_other_questions(tmp_path: Path) -> None:
    asked = pope(tmp_path)
    unseen = blind(asked)
    assert fingerprint(unseen) != fingerprint(asked)
    assert [q.prompt for q in unseen.questions] == [q.prompt for q in asked.questions]
    assert all(q.image is None and not q.later_images for q in unseen.questions)
