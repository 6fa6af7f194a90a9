"""The whole chain, small: on a real S3 server in one go, and on a directory with six kills on the way."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from transformers import LlavaForConditionalGeneration

from tests.flows.smoke import TASK, TRAINER, Kill, end, finish, holds, outcome, start, strike
from vf_ray import artifacts
from vf_ray.plan.handing import reporting
from vf_ray.plan.plan import STEPS, Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.report.publish import publish
from vf_ray.store import Store

pytestmark = pytest.mark.chain

KILLS = (
    Kill("the driver, while pictures are written", holds("images/", "/done/")),
    Kill("a Ray Data worker, once some pictures are written", holds("images/", "COMPLETE"), TASK),
    Kill("the driver, after the first checkpoint of the base", holds("align/", "/checkpoints/", "COMPLETE")),
    Kill("a train worker of stage 1", holds("stage1/", "/checkpoints/", "COMPLETE"), TRAINER),
    Kill("the driver, late in stage 2", holds("stage2/", "/checkpoints/", "COMPLETE")),
    Kill("the driver, while answers come in", holds("answers/", "/done/")),
)


@pytest.fixture(scope="module")
def unharmed(s3_store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return the S3 store after one whole run of the smoke recipe."""
    store, log = Store.open(f"{s3_store_url}/smoke"), tmp_path_factory.mktemp("s3") / "log"
    finish(start(store, log), log)
    return store


@pytest.mark.timeout(900)
def test_the_chain_ends_with_a_report_on_s3(unharmed: Store) -> None:
    (report,) = [address for address in outcome(unharmed) if address.startswith("report/")]
    page = artifacts.load(unharmed, report).read("report.html").decode()
    assert "</html>" in page
    assert "http-equiv" not in page and "<script src" not in page


@pytest.mark.timeout(1800)
def test_killed_at_six_points_it_ends_the_same(
    unharmed: Store, tmp_path: Path, prefect_server: Mapping[str, str]
) -> None:
    store, log = Store.open(str(tmp_path / "store")), tmp_path / "log"
    run = start(store, log, server=prefect_server)
    try:
        for kill in KILLS:
            assert strike(run, store, kill), f"never came: {kill.name}\n{log.read_text()[-3000:]}"
            if run.poll() is not None:
                run = start(store, log, server=prefect_server)
        finish(run, log)
    finally:
        end(run)
    assert outcome(store) == outcome(unharmed)


@pytest.mark.timeout(900)
def test_a_second_run_only_looks(unharmed: Store, tmp_path: Path, prefect_server: Mapping[str, str]) -> None:
    before, log = unharmed.list(""), tmp_path / "log"
    finish(start(unharmed, log, server=prefect_server), log)
    assert log.read_text().count("up to date") == len(STEPS)
    added = set(unharmed.list("")) - set(before)
    assert all(path.startswith("runs/") for path in added), added


def test_a_published_model_loads_and_its_card_has_its_scores(unharmed: Store, tmp_path: Path) -> None:
    plan, target = Plan.of(load_recipe("smoke"), unharmed), Store.open(str(tmp_path))
    names = publish(unharmed, plan.tuned("stage2"), reporting(plan), target)
    assert {"model.safetensors", "config.json", "README.md"} <= set(names)
    card = target.read("README.md").decode()
    assert card.startswith("---\n") and f"`{plan.tuned('stage2').address}`" in card
    assert "## Scores" in card and all(f"### {title}" in card for title in titles(unharmed, plan))
    assert LlavaForConditionalGeneration.from_pretrained(tmp_path).num_parameters() > 0
    with pytest.raises(ValueError, match="is not empty"):
        publish(unharmed, plan.tuned("stage2"), reporting(plan), target)


def titles(store: Store, plan: Plan) -> list[str]:
    scores = json.loads(artifacts.load(store, plan.scores.address).read("scores.json"))
    return [found["title"] for found in scores["benchmarks"].values()]
