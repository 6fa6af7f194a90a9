"""A recipe's own tables: prepared, measured, exported like any task; and what we export, read by one."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.prepared import TASKS, prepared, write_raw
from tests.exchange.test_several import RECORDS, pictures_of
from tests.tasks.tree import json_lines, pictures, write
from vf_ray import artifacts
from vf_ray.cli.app import app
from vf_ray.doctor.raw_files import sources as checks
from vf_ray.exchange.export import export
from vf_ray.plan.handing import mixing
from vf_ray.plan.plan import Plan
from vf_ray.quality.examine import examine
from vf_ray.quality.prepared import Prepared
from vf_ray.recipe import Recipe
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.mixture import mixture
from vf_ray.shards.prepare import prepare
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store
from vf_ray.work import LocalPool

Ready = tuple[Plan, Store]


def recipe(raw: str, tables: Mapping[str, Any], **more: Any) -> Recipe:
    stage = {"tasks": ["*"], "lr": 1e-3, "batch": 2, "steps": 1}
    chosen = {"tasks": ["tables/*"], "tables": tables, "raw": raw, "held_out": 0.0, **more}
    return Recipe.from_mapping({"name": "own", "prepare": chosen, "base": {"size": "tiny"}, "stage1": stage})


def built(store: Store, asked: Recipe, pool: Any = None) -> Plan:
    plan = Plan.of(asked, store)
    prepare(store, plan.preparation, pool or LocalPool())
    return plan


def rows(store: Store, plan: Plan, *tasks: str) -> list[dict[str, Any]]:
    chosen = tasks or plan.tasks
    tables = (from_parquet(artifacts.load(store, plan.instances[t].address).read(TRAIN)) for t in chosen)
    return [row for table in tables for row in table.to_pylist()]


def said(some: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """Count what is shown and said; what is shown is told by its content."""
    return Counter((row["prompt"], row["response"], *row["further"], *row["shown"]) for row in some)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    root = tmp_path_factory.mktemp("tables")
    write(root / "raw", {"llava_json/several.json": RECORDS, **pictures_of()})
    store = Store.open(str(root / "store"))
    ceilings = {"llava_json/conversation": 0.5}
    return prepared(write_raw(root / "raw", TASKS), store, TASKS, held_out=0.0, ceilings=ceilings), store


FORMS = {
    "parquet": "data/train-*.parquet",
    "messages": "train.jsonl",
    "llava": "train.json",
    "llava-tar": "train.json",
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_reads_back_as_it_was(ready: Ready, tmp_path: Path, form: str) -> None:
    plan, store = ready
    export(plan.instances, store, Store.open(str(tmp_path / "raw/out")), form, name="x", any_licence=True)
    asked = recipe(str(tmp_path / "raw"), {"out": {"files": FORMS[form]}})
    back = Store.open(str(tmp_path / "back"))
    assert said(rows(back, built(back, asked))) == said(rows(store, plan))


FILES: Mapping[str, Any] = {
    "charts/x.jsonl": json_lines(
        *({"image": f"{n}.jpg", "question": f"Number {n}?", "answer": f"{n}."} for n in range(6)),
        {"image": "0.jpg", "question": "Again?", "answer": 3},
        {"image": "none.jpg", "question": "Which?", "answer": "None."},
    ),
    **pictures(*(f"charts/{n}.jpg" for n in range(6))),
}
CHARTS = {"charts": {"files": "*.jsonl", "instruction": "Answer in a word.", "category": "Charts"}}
CEILINGS = {"ceilings": {"tables/charts": 0.2}}


def test_a_table_is_prepared_measured_and_exported_like_any_task(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store"))
    plan = built(store, recipe(str(write(tmp_path / "raw", FILES)), CHARTS, **CEILINGS))
    assert plan.tasks == ("tables/charts",) and plan.steps[0] == "prepare"
    assert {row["prompt"] for row in rows(store, plan)} == {
        f"Answer in a word.\n{question}" for question in ("Again?", *(f"Number {n}?" for n in range(6)))
    }
    assert mixture(store, mixing(plan, "stage1")).stats["tasks"] == {"tables/charts": 7}
    (quality,) = examine("own", Prepared.of(store, plan)).tasks
    assert (quality.category, quality.train, quality.rejected) == ("Charts", 7, {"picture missing": 1})
    out = Store.open(str(tmp_path / "out"))
    export(plan.instances, store, out, "llava", name="own", catalogue=plan.catalogue)
    assert len(json.loads(out.read("train-without-pictures.json"))) == 7  # until it says redistribution: true


@pytest.mark.chain
@pytest.mark.usefixtures("ray_cluster")
def test_ray_prepares_the_same_bytes_from_a_bucket(s3_store_url: str, tmp_path: Path) -> None:
    from vf_ray.on_ray.ray_pool import RayPool

    bucket = Store.open(f"{s3_store_url}-tables")
    for path, data in FILES.items():
        bucket.create(f"raw/{path}", data if isinstance(data, bytes) else data.encode())
    asked = recipe(bucket.at("raw"), CHARTS, **CEILINGS)
    here, there = Store.open(str(tmp_path / "here")), Store.open(bucket.at("prepared"))
    plan = built(there, asked, RayPool())
    assert built(here, asked).addresses("prepare") == plan.addresses("prepare")
    one, other = (artifacts.load(s, plan.instances["tables/charts"].address) for s in (here, there))
    assert one.read(TRAIN) == other.read(TRAIN)


def test_an_address_covers_what_changes_rows_and_nothing_else(tmp_path: Path) -> None:
    raw, store = write(tmp_path / "raw", FILES), Store.open(str(tmp_path / "store"))

    def address(more: Mapping[str, Any], root: Path = raw) -> str:
        table = {**CHARTS["charts"], **more}
        return Plan.of(recipe(str(root), {"charts": table}), store).instances["tables/charts"].address

    assert (
        address({"category": "Others", "licence": "CC0"}) == address({}) == address({"group": "generation"})
    )
    moved = write(tmp_path / "moved", FILES)
    assert address({}, moved) == address({})
    others = ({"answer": "question"}, {"instruction": ""}, {"image": "image"})
    assert len({address({}), *map(address, others)}) == 4
    write(raw, {"charts/y.jsonl": json_lines({"question": "More?", "answer": "Yes."})})
    assert address({}) != address({}, moved)


def test_one_table_more_leaves_the_others_where_they_are(tmp_path: Path) -> None:
    raw, store = str(write(tmp_path / "raw", FILES)), Store.open(str(tmp_path / "store"))
    one = Plan.of(recipe(raw, CHARTS), store)
    two = Plan.of(recipe(raw, {**CHARTS, "more": {"files": "*.jsonl", "folder": "charts"}}), store)
    assert two.tasks == ("tables/charts", "tables/more")
    assert two.instances["tables/charts"] == one.instances["tables/charts"]
    assert Plan.handed(json.loads(json.dumps(two.to_hand()))).versions == two.versions


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"charts": {"file": "x"}}, "unknown key prepare.tables.charts.file = 'x'; did you mean 'files'"),
        ({"charts": {"files": "/x.csv"}}, "prepare.tables.charts: files is '/x.csv'; it is a pattern"),
        ({"a b": {"files": "x.csv"}}, "prepare.tables.a b: a table's name is of letters"),
        ({"charts": {"files": "*.jsonl", "conversation": "c", "answer": "a"}}, "name either"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tables: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe("raw", tables)


def test_a_table_that_nobody_describes_is_named_with_its_neighbours(tmp_path: Path) -> None:
    asked = recipe(str(write(tmp_path, FILES)), CHARTS, tasks=["tables/chart"])
    with pytest.raises(ValueError, match="'tables/chart'; did you mean 'tables/charts'"):
        Plan.of(asked, Store.open(str(tmp_path / "store"))).tasks  # noqa: B018


def test_doctor_says_what_is_wrong_with_a_map_or_a_folder(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store"))
    raw = str(write(tmp_path / "raw", FILES))
    (good,) = checks(recipe(raw, CHARTS), store)
    assert good.ok and good.found == "first record x.jsonl/0"
    (wrong,) = checks(recipe(raw, {"charts": {"files": "*.jsonl", "answer": "anwser"}}), store)
    assert not wrong.ok and "'anwser', which answer names; it has image, question, answer" in wrong.found
    (absent,) = checks(recipe(raw, {"charts": {"files": "*.csv"}}), store)
    assert not absent.ok and "Put the files *.csv of prepare.tables.charts into charts" in absent.found


def test_build_shows_what_a_map_makes_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    write(tmp_path / "raw", FILES)
    prepare_key = {"raw": str(tmp_path / "raw"), "tables": CHARTS, "tasks": ["tables/*"]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"prepare": prepare_key, "base": {}}))
    with pytest.raises(SystemExit):  # 1 of 8 is more than may be lost
        app(["build", "tables/charts", "--recipe", str(tmp_path / "own.yaml"), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["answer"] for line in lines] == [*(f"{n}." for n in range(6)), "3"]
