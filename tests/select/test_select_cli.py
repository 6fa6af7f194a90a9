"""Keep-lists as people handle them: shown, passed on, put into a store, named by a recipe."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from vf_ray import artifacts
from vf_ray.artifacts import Writer
from vf_ray.cli import app
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.shards.keep_list import KEEP, KEPT, kept_keys
from vf_ray.shards.schema import to_parquet
from vf_ray.store import Store

SELECT = {"stage1.select": {"method": "random", "share": 0.25}}
SET = ["--set", "stage1.select={method: random, share: 0.25}"]
ROWS = pa.table([["a/b", "a/b", "c/d"], ["1", "2", "1"], [0.5, 0.75, 1.0]], schema=KEPT)


@pytest.fixture
def selected(local_store: Store) -> Store:
    """Return a store with the keep-list that ``smoke`` with ``SELECT`` makes."""
    wanted = Plan.of(load_recipe("smoke", SELECT), local_store).selections.of("stage1")
    assert wanted is not None

    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit(KEEP, to_parquet(ROWS))
        return {"instances": 12, "kept": 3, "unreadable": 0, "tasks": {"a/b": 2, "c/d": 1}}

    artifacts.build(local_store, wanted.keep, make)
    return local_store


def run(store: Store, *words: str) -> Result:
    return CliRunner().invoke(app, ["select", "smoke", "stage1", "--store", store.url, *words])


def told(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_list_goes_out_and_a_recipe_names_it(selected: Store, tmp_path: Path) -> None:
    listed, recipe = tmp_path / "keep.parquet", tmp_path / "listed.yaml"
    found = told(run(selected, *SET, "--to", str(listed), "--as-recipe", str(recipe), "--json"))
    assert pq.read_table(listed).equals(ROWS) and found["kept"] == 3
    named, selecting = (
        Plan.of(one, selected) for one in (load_recipe(str(recipe)), load_recipe("smoke", SELECT))
    )
    assert named.mixture("stage1") == selecting.mixture("stage1")
    shown = run(selected, *SET)
    assert "3 kept of 12" in shown.stdout and "a/b" in shown.stdout


def test_a_list_of_one_s_own_comes_in(selected: Store, tmp_path: Path) -> None:
    csv.write_csv(ROWS.select(["task", "key"]), tmp_path / "own.csv")
    address = told(run(selected, "--put", str(tmp_path / "own.csv"), "--json"))["keep"]
    keys = kept_keys(artifacts.load(selected, address))
    assert {task: sorted(of.to_pylist()) for task, of in keys.items()} == {"a/b": ["1", "2"], "c/d": ["1"]}
    assert told(run(selected, "--put", str(tmp_path / "own.csv"), "--json"))["keep"] == address


def test_what_is_no_list_is_told(local_store: Store, tmp_path: Path) -> None:
    odd = {"key\n1\n": "has no column task", "task,key\na,1\na,1\n": "1 instances more than once"}
    for text, words in odd.items():
        (tmp_path / "list.csv").write_text(text)
        done = run(local_store, "--put", str(tmp_path / "list.csv"))
        assert done.exit_code == 1 and words in done.output
    done = run(local_store)
    assert done.exit_code == 1 and "selects nothing" in done.output
