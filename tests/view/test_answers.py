"""The pages over answers: those that are right, wrong or changed, with their questions and images."""

import io
import re
from html import unescape
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.exchange.prepared import prepared, write_raw
from tests.view.conftest import Browsing
from tests.view.scored import scored
from tests.view.test_pages import listed, text
from vf_ray.artifacts import load
from vf_ray.eval.benchmark import Item
from vf_ray.shards.finish import HELD_OUT
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store

TASK = "eurosat/water"


def item(identity: str, answer: str | None, value: float, **more: str) -> Item:
    parsed = {"parsed": answer or "", "gold": "river", "category": TASK, **more}
    return Item(id=identity, answer=answer, value=value, **parsed)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str, list[str]]:
    """Return a store with scores, where their pages are, and the ids that were asked."""
    below = tmp_path_factory.mktemp("answered")
    store = Store.open(str(below / "store"))
    plan = prepared(write_raw(below / "raw", (TASK,)), store, (TASK,), held_out=0.9)
    rows = from_parquet(load(store, plan.instances[TASK].address).read(HELD_OUT)).to_pylist()
    ids = [f"{TASK}#{row['key']}" for row in rows] + ["gone"]
    one = [item(i, "river", 1.0) for i in ids[:-1]] + [item("gone", None, 0.0)]
    two = [item(ids[0], "sea", 0.0, how="judge", gold="sea"), *(item(i, "", 0.0) for i in ids[1:])]
    reply = {"id": ids[0], "reply": "no, that is a lake", "error": ""}
    scores = scored(store, plan, {"tasks": {"one": one, "two": two}}, {"tasks/two": [reply]})
    return store, f"/answers/{scores.address.removeprefix('scores/')}/tasks", ids


@pytest.fixture
def asked(answered: tuple[Store, str, list[str]], browsing: Browsing) -> TestClient:
    return browsing(answered[0])


def test_every_figure_leads_to_its_answers(asked: TestClient, answered: tuple[Store, str, list[str]]) -> None:
    ids = answered[2]
    rows = [
        (r["benchmark"], r["model"], float(r["value"]), r["items"])
        for r in listed(asked, "/answers", "figures")
    ]
    right = (len(ids) - 1) / len(ids)
    assert rows == [
        ("tasks", "one", pytest.approx(right), str(len(ids))),
        ("tasks", "two", 0.0, str(len(ids))),
    ]
    assert f'href="{answered[1]}?model=one"' in asked.get("/answers").text


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("model=one&show=right", slice(0, -1)),
        ("model=one&show=wrong", slice(-1, None)),
        ("model=one&show=missing", slice(-1, None)),
        ("model=two&show=unparsable", slice(1, None)),
        ("model=two&show=judge%20disagrees", slice(0, 1)),
        ("model=one&other=two&show=changed", slice(0, -1)),
        ("model=one&other=two&show=right%20where%20other%20is%20wrong", slice(0, -1)),
        ("model=two&other=one&show=wrong%20where%20other%20is%20right", slice(0, -1)),
        ("model=one&other=two&show=wrong%20where%20other%20is%20right", slice(0, 0)),
        ("model=two&q=said%20by%20nobody", slice(0, 0)),
        ("model=one&q=WATER", slice(0, -1)),
        ("model=two&category=other", slice(0, 0)),
    ],
)
def test_a_filter_leaves_what_it_names(
    asked: TestClient, answered: tuple[Store, str, list[str]], query: str, chosen: slice
) -> None:
    path, ids = answered[1:]
    assert [row["id"] for row in listed(asked, f"{path}?{query}", "items")] == ids[chosen]


def test_an_answer_stands_beside_its_question_its_image_and_the_judge(
    asked: TestClient, answered: tuple[Store, str, list[str]]
) -> None:
    path, ids = answered[1:]
    page = asked.get(f"{path}?model=two&other=one")
    assert "no, that is a lake" in text(page.text)
    assert "(not answered)" in text(page.text)
    rows = listed(asked, f"{path}?model=two&other=one", "items")
    assert all("water" in row["question"] for row in rows[:-1])
    assert (rows[0]["other answer"], rows[0]["judge"]) == ("river", "no, that is a lake")
    links = re.findall(r'src="(/question/[^"]*)"', page.text)
    assert len(links) == len(ids) - 1
    picture = asked.get(unescape(links[0]))
    assert Image.open(io.BytesIO(picture.content)).format in ("PNG", "JPEG")
    assert asked.get(f"/question{path.removeprefix('/answers')}?id=gone").status_code == 404
    assert asked.get(unescape(links[0]) + "&number=7").status_code == 404


def test_without_the_questions_the_answers_are_there(
    browsing: Browsing, local_store: Store, tmp_path: Path
) -> None:
    plan = prepared(write_raw(tmp_path / "raw", (TASK,)), local_store, (TASK,))
    scores = scored(local_store, plan, {"pope": {"one": [item("1", "yes", 1.0)]}})
    page = browsing(local_store).get(f"/answers/{scores.address.removeprefix('scores/')}/pope")
    assert "Questions and images cannot be shown" in text(page.text)
    assert "read as yes, 1 by rule" in text(page.text)


@pytest.mark.parametrize("path", ["pope", "../tasks", "tasks?model=none", "tasks?model=one&other=none"])
def test_what_was_not_asked_is_not_there(
    asked: TestClient, answered: tuple[Store, str, list[str]], path: str
) -> None:
    where = answered[1].removesuffix("tasks") + path
    assert asked.get(where).status_code in (404, 422)
