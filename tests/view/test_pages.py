"""The pages over tasks and instances: what they say, which rows, and that addresses stay in the store."""

import csv
import html
import io
import re
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.exchange.prepared import prepared, write_raw
from tests.plan.recorded import recorded
from tests.view.conftest import Browsing
from vf_ray.artifacts import load
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store
from vf_ray.tasks import catalogue
from vf_ray.view.store_index import StoreIndex


def text(page: str) -> str:
    """Return what a page says, its tags away."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def newest(store: Store, task: str) -> str:
    return StoreIndex(store).newest_instances()[task]


def listed(pages: TestClient, path: str, table: str) -> list[dict[str, str]]:
    answer = pages.get(f"{path}{'&' if '?' in path else '?'}as=csv&table={table}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.csv"'
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_the_catalogue_has_every_task_and_what_was_built_of_it(pages: TestClient, viewed: Store) -> None:
    rows = {row["task"]: row for row in listed(pages, "/", "tasks")}
    assert rows.keys() == catalogue().keys()
    stats = load(viewed, newest(viewed, "eurosat/water")).stats
    water = rows["eurosat/water"]
    assert (int(water["to train"]), int(water["held out"])) == (stats["train"], stats["held_out"])
    assert rows["okvqa/answer"]["to train"] == ""


def test_filters_leave_what_they_name(pages: TestClient) -> None:
    built = listed(pages, "/?built=built", "tasks")
    assert {row["source"] for row in built} == {"clevr", "eurosat", "llava_json"}
    of_source = listed(pages, "/?source=clevr&built=built", "tasks")
    assert of_source == [row for row in built if row["source"] == "clevr"]
    assert [row["task"] for row in listed(pages, "/?q=EUROSAT/wat", "tasks")] == ["eurosat/water"]
    assert listed(pages, "/?group=none", "tasks") == []


def test_a_task_shows_a_sheet_of_its_instances_and_all_as_a_file(pages: TestClient, viewed: Store) -> None:
    table = from_parquet(load(viewed, newest(viewed, "eurosat/water")).read(TRAIN))
    page = pages.get("/task/eurosat/water").text
    assert page.count('class="card"') == len(table)
    assert catalogue()["eurosat/water"].instruction in text(page)
    answer = pages.get("/task/eurosat/water", params={"as": "parquet", "table": "instances"})
    read = pq.read_table(io.BytesIO(answer.content))
    assert read["prompt"].to_pylist() == table["prompt"].to_pylist()
    assert read["row"].to_pylist() == list(range(len(table)))


def test_an_instance_says_where_it_comes_from_and_shows_its_pictures(
    pages: TestClient, viewed: Store
) -> None:
    address = newest(viewed, "llava_json/conversation")
    name, version = address.removeprefix("instances/").rsplit("/", 1)
    for file, split in ((TRAIN, "train"), (HELD_OUT, "held_out")):
        for number, row in enumerate(from_parquet(load(viewed, address).read(file)).to_pylist()):
            page = pages.get(f"/instance/{name}/{version}/{split}/{number}")
            words = text(page.text)
            for part in (row["prompt"], row["response"], row["key"], *row["images"], *(row["further"] or ())):
                assert " ".join(part.split()) in words
            links = re.findall(r'src="(/image/[^"]*)"', page.text)
            assert len(links) == len(row["shown"])
            for link in links:
                picture = pages.get(html.unescape(link))
                kind = Image.open(io.BytesIO(picture.content)).format
                assert picture.headers["content-type"] == f"image/{kind}".lower()


def test_the_trained_tokens_are_those_of_the_answer(pages: TestClient, viewed: Store) -> None:
    address = newest(viewed, "eurosat/water").removeprefix("instances/")
    row = from_parquet(load(viewed, f"instances/{address}").read(TRAIN)).to_pylist()[0]
    page = pages.get(f"/instance/{address}/train/0").text
    trained = re.findall(r'<span class="trained" title="id \d+">([^<]*)</span>', page)
    assert html.unescape("".join(trained)).replace("</s>", "").strip() == row["response"]


def test_the_record_of_an_instance_is_found_in_the_raw_files(pages: TestClient, viewed: Store) -> None:
    address = newest(viewed, "llava_json/conversation").removeprefix("instances/")
    key = from_parquet(load(viewed, f"instances/{address}").read(TRAIN)).to_pylist()[0]["key"]
    assert (
        "llava_json/mine.json" in text(pages.get(f"/raw/{address}", params={"key": key}).text)
        or "mine" in key
    )
    absent = text(pages.get(f"/raw/{address}", params={"key": "of nobody"}).text)
    assert "hold no such record" in absent


def test_search_goes_over_tasks_and_says_how_far_it_came(pages: TestClient) -> None:
    words = text(pages.get("/search", params={"q": "Name a colour"}).text)
    assert "1 found" in words
    assert "0 found" in text(pages.get("/search", params={"q": "said by nobody"}).text)


@pytest.mark.parametrize(
    "path",
    [
        "/task/../../etc/passwd",
        "/task/%2e%2e/%2e%2e",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2fetc%2fpasswd",
        "/image/images/../raw/0/" + "0" * 64,
        "/image/images/%2e%2e/%2e%2e/" + "0" * 64,
        "/instance/../..%2f..%2fetc/passwd/train/0",
        "/instance/a//b/c/train/0",
        "/instance/eurosat/water/%00/train/0",
        "/rejects/..%2f..%2fruns/x",
        "/raw/..%2f../x?key=a",
        "/instance/eurosat/water/" + quote("a\\b") + "/train/0",
    ],
)
def test_addresses_never_leave_the_store(pages: TestClient, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text


@pytest.mark.parametrize("query", ["as=csv&table=none", "as=exe&table=tasks", "as=csv"])
def test_a_file_that_there_is_none_of_is_not_found(pages: TestClient, query: str) -> None:
    assert pages.get(f"/?{query}").status_code == 404


@pytest.mark.parametrize("query", ["page=999999999999999", "page=-1", "page=%EF%BC%91", "q=x&row=77777"])
def test_a_number_that_is_none_is_the_least(pages: TestClient, query: str) -> None:
    assert pages.get(f"/task/eurosat/water?{query}").status_code == 200


def test_a_store_is_looked_at_wherever_it_lies(store: Store, browsing: Browsing, tmp_path: Path) -> None:
    plan = prepared(write_raw(tmp_path / "raw", ("eurosat/water",)), store, ("eurosat/water",))
    recorded(store, plan, "first")
    pages = browsing(store)
    (row,) = listed(pages, "/?built=built", "tasks")
    assert row["task"] == "eurosat/water"
    address = plan.instances["eurosat/water"].address.removeprefix("instances/")
    page = pages.get(f"/instance/{address}/train/1").text
    (link,) = re.findall(r'src="(/image/[^"]*)"', page)
    assert pages.get(html.unescape(link)).status_code == 200
    assert [run["finished"] for run in listed(pages, "/runs", "runs")] == ["2"]
