import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.eval.miniature import WRITERS
from vf_ray import artifacts
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.cli import app
from vf_ray.eval.benchmark import Item
from vf_ray.eval.item_lines import to_lines
from vf_ray.plan.beside import ratings_of
from vf_ray.rate.kept import read
from vf_ray.store import Store


@pytest.fixture
def address(tmp_path: Path, local_store: Store) -> str:
    """Return the scores of two models on LLaVA-Bench, as an evaluation keeps them."""
    WRITERS["llava-bench"](tmp_path / "data")

    def make(writer: Writer) -> Mapping[str, Any]:
        for model in ("base", "stage1"):
            items = [
                Item(id=f"{n}", answer=f"{model} says {n}", parsed="", gold="", value=n / 3, how="judge")
                for n in range(3)
            ]
            writer.commit(f"items/llava-bench/{model}.jsonl", to_lines(items))
        return {}

    return build(local_store, Spec(kind="scores", name="x", config={}, code=1), make).address


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["rate", *map(str, words)])


def test_a_sheet_is_written_and_its_ratings_are_told(
    tmp_path: Path, local_store: Store, address: str
) -> None:
    options = ("--benchmark", "llava-bench", "--data", tmp_path / "data", "--store", local_store.url)
    models, to = ("--models", "base", "--models", "stage1"), tmp_path / "sheet"
    assert run("sheet", address, *options, *models, "--to", to).exit_code == 0
    assert len(list(to.glob("rater-*.html"))) == 3
    assert "data:image/png" in (to / "rater-1.html").read_text(encoding="utf-8")
    key = json.loads((to / "key.json").read_text())
    for rater in ("rater-1", "rater-2"):
        better = {t["id"]: "left" if t["left_model"] in ("good", "stage1") else "right" for t in key[rater]}
        (to / f"ratings-{rater}.json").write_text(json.dumps({"rater": rater, "verdicts": better}))
    found = json.loads(run("score", to, "--json").stdout)
    assert found["wins"]["base over stage1"]["value"] == 0
    assert found["counts"]["raters"] == 2 and not found["left_out"]
    assert "fails gold" not in run("score", to).stdout
    kept = run("score", to, "--keep", "--store", local_store.url)
    assert "kept as ratings/x/" in kept.stderr, kept.output
    (ratings,) = artifacts.find_versions(local_store, ratings_of("x", address, ""))
    assert read(ratings).wins["base over stage1"].value == 0
    assert ratings.manifest["spec"]["inputs"] == {"scores": address}
    assert "folder of its own" in run("sheet", address, *options, *models, "--to", to).stderr
    no_folder = run("sheet", address, *options, *models, "--to", to / "key.json" / "x")
    assert no_folder.exit_code == 1 and f"{to / 'key.json' / 'x'}: Not a directory" in no_folder.stderr


def test_what_was_not_asked_is_refused_by_name(tmp_path: Path, local_store: Store, address: str) -> None:
    common = ("--to", tmp_path / "sheet", "--store", local_store.url)
    data = ("--data", tmp_path / "data")
    one = run("sheet", address, "--benchmark", "llava-bench", *data, "--models", "base", *common)
    assert "two or more of base, stage1" in one.stderr
    other = ("--models", "base", "--models", "stage2")
    assert (
        "did you mean 'stage1'"
        in run("sheet", address, "--benchmark", "llava-bench", *data, *other, *common).stderr
    )
    assert "--data" in run("sheet", address, "--benchmark", "llava-bench", *other, *common).stderr
    assert "rate sheet" in run("score", tmp_path).stderr
