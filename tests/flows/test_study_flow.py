"""A study's flow: rehearsed it says what it would build; of finished runs it builds the page alone."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact

from flows.study_flow import study
from vf_ray import artifacts
from vf_ray.artifacts import Writer
from vf_ray.eval.benchmark import Figure, Figures, Item
from vf_ray.eval.item_lines import to_lines
from vf_ray.eval.scores import RECORD, BenchmarkScores, Scores
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store

pytestmark = pytest.mark.chain

STUDY = """
question: What does a projector of another run do?
recipe: smoke
runs:
  as it is: {}
  put in:
    base.checkpoint: {model: stage1, under: {stage1.lr: 0.002}}
    base.projector: {model: stage1}
    align: null
    stage1: null
    stage2: null
    evaluate.models: [base]
"""


def test_a_dry_run_says_what_would_be_built(tmp_path: Path, prefect_server: Mapping[str, str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(STUDY)
    ran = subprocess.run(
        [sys.executable, "-m", "flows.study", str(path), "--dry-run"],
        env={**os.environ, **prefect_server, "VF_RAY_STORE": str(tmp_path / "store")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    rows = {line.split("  ")[0]: line for line in ran.stdout.splitlines() if "  " in line}
    assert "stage1 2" in rows["stage1, for put in, seed 0"], "mixture and model, and no later step"
    assert "evaluate" not in rows["stage1, for put in, seed 0"]
    assert "base 1, evaluate 1" in rows["put in, seed 0"]
    assert "stage2 2" in rows["as it is, seed 0"] and not (tmp_path / "store").exists()


FINISHED = """
question: Is a larger rate better?
recipe: smoke
runs: {usual: {}, larger: {stage1.lr: 0.002}}
outcomes: [{benchmark: pope, model: stage1}]
published: {pope: {usual: 0.81}}
published_of: paper-13b
"""


def finish(store: Store, overrides: Mapping[str, Any], right: int) -> None:
    """Finish the stages of a run, and its scores: stage 1 answers so many of 100 questions right."""
    plan = Plan.of(load_recipe("smoke", overrides), store)
    for name in plan.recipe.tuned:
        artifacts.build(store, plan.tuned(name), lambda writer: {"samples": 8, "tokens": 400})

    def make(writer: Writer) -> Mapping[str, Any]:
        items = [
            Item(id=f"{n}", answer="x", parsed="x", gold="x", value=float(n < right)) for n in range(100)
        ]
        figures = Figures(
            headline={"f1": Figure(value=0.5, low=0, high=1, n=100)}, tables={}, counts={}, notes=()
        )
        pope = BenchmarkScores(title="POPE", models={"stage1": figures}, paired=())
        record = Scores(models={"stage1": "stage1/x"}, verdicts={}, benchmarks={"pope": pope})
        writer.commit("items/pope/stage1.jsonl", to_lines(items))
        writer.commit(RECORD, json.dumps(record.plain()).encode())
        return {}

    artifacts.build(store, plan.scores, make)


def test_of_finished_runs_it_builds_the_page_alone(
    tmp_path: Path, local_store: Store, prefect: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VF_RAY_STORE", local_store.url)
    (path := tmp_path / "rates.yaml").write_text(FINISHED)
    finish(local_store, {}, 50)
    finish(local_store, {"stage1.lr": 0.002}, 90)
    before = {*local_store.list("")}
    page = artifacts.load(local_store, study.with_options(log_prints=False)(str(path)))
    assert all(name.startswith(page.address) for name in {*local_store.list("")} - before)
    shown = Artifact.get("study")
    assert shown is not None and shown.data == page.read("study.md").decode()
    assert "larger is better, by 40.0 points" in str(shown.data) and "What the paper has" in str(shown.data)
    assert {"study.html", "study.csv", "study.json"} <= {*page.names()}
