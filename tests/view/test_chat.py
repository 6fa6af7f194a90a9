"""Conversations: their answers are those of evaluation's engine, and nothing comes from elsewhere."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from tests.eval.judge_server import judge_server, says
from tests.view.conftest import PORT, TOKEN, Browsing
from tests.view.test_pages import newest, text
from tests.view.test_stored_images import SVG, png
from vf_ray.artifacts import MODEL, load
from vf_ray.eval.follow_up import FollowUp
from vf_ray.eval.generate import Answerer
from vf_ray.recipe import Served
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store
from vf_ray.view.app import application
from vf_ray.view.chat_room import KEPT
from vf_ray.view.store_index import StoreIndex

HERE = {"origin": f"http://127.0.0.1:{PORT}"}
QUESTIONS = ("What is shown?", "And what else?")


def sent(pages: TestClient, path: str, **form: str) -> Response:
    return pages.post(path, content=urlencode(form).encode(), headers=HERE)


def answers(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<p class="answered turn">(.*?)</p>', page, re.DOTALL)]


@pytest.fixture
def stored_image(viewed: Store) -> tuple[str, bytes]:
    """Return the name of a stored image, and its bytes."""
    instances = load(viewed, newest(viewed, "eurosat/water"))
    sha256 = from_parquet(instances.read(TRAIN))["shown"][0][0].as_py()
    images = load(viewed, instances.manifest["spec"]["inputs"]["images"])
    row = next(r for r in from_parquet(images.read("index.parquet")).to_pylist() if r["sha256"] == sha256)
    return f"{images.address}/{sha256}", images.read_range(row["file"], row["offset"], row["size"])


def test_both_turns_are_answered_as_an_evaluation_would(
    pages: TestClient, viewed: Store, stored_image: tuple[str, bytes]
) -> None:
    (model,) = StoreIndex(viewed).models()
    name, data = stored_image
    first = sent(pages, "/chat", model=model, image=name, question=QUESTIONS[0])
    assert first.status_code == 200
    second = sent(pages, first.url.path, question=QUESTIONS[1])
    said: tuple[str, ...] = ()
    with load(viewed, model).at_hand(MODEL) as folder:
        answerer = Answerer.of(folder)
        for words in QUESTIONS:
            asked = FollowUp(id="q", prompt=words, said=said, image=lambda: data, max_new_tokens=512)
            (answer,) = answerer.answers([asked], 1)
            said += (words, answer.text)
    assert answers(second.text) == list(said[1::2])


def test_two_models_answer_side_by_side_one_of_them_served(viewed: Store) -> None:
    with judge_server(lambda body, number: says(f"<b>{number}</b>")) as (url, asked):
        served = {"far": Served(url=url, model="far")}
        pages = TestClient(application(viewed, TOKEN, PORT, served=served), base_url=HERE["origin"])
        pages.get("/style.css", params={"token": TOKEN})
        (model,) = StoreIndex(viewed).models()
        image = pages.post("/chat/upload", content=png(8), headers=HERE).json()
        first = sent(pages, "/chat", model="far", other=model, image=image["image"], question=QUESTIONS[0])
        second = sent(pages, first.url.path, question=QUESTIONS[1])
    assert [answers(second.text)[n] for n in (0, 2)] == ["<b>1</b>", "<b>2</b>"]
    assert "<b>" not in second.text
    assert [message["content"] for message in asked[1]["messages"][1:]] == ["<b>1</b>", QUESTIONS[1]]
    assert asked[1]["messages"][0]["content"][0]["type"] == "image_url"


def test_an_image_that_is_brought_along_is_shown_and_forgotten_in_time(pages: TestClient) -> None:
    first = pages.post("/chat/upload", content=png(8, 100), headers=HERE).json()
    assert pages.get(first["place"]).headers["content-type"] == "image/png"
    assert first["image"] in pages.get("/chat", params={"image": first["image"]}).text
    for number in range(KEPT):
        pages.post("/chat/upload", content=png(8, number), headers=HERE)
    assert pages.get(first["place"]).status_code == 404


@pytest.mark.parametrize("data", [SVG, b"", b"GIF89a"])
def test_what_is_no_image_is_not_kept(pages: TestClient, data: bytes) -> None:
    answer = pages.post("/chat/upload", content=data, headers=HERE)
    assert answer.status_code == 422
    assert answer.json()["trouble"]


def test_more_than_an_image_is_refused(pages: TestClient) -> None:
    answer = pages.post("/chat/upload", content=b"x" * (25 << 20), headers=HERE)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/chat", "/chat/upload", "/chat/x"])
@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_another_site_says_nothing_here(pages: TestClient, path: str, origin: str | None) -> None:
    headers = {"origin": origin} if origin else {}
    assert pages.post(path, content=b"model=base/x/0&question=x", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "form",
    [
        {"model": "../../etc"},
        {"model": "instances/eurosat/water/0"},
        {"model": "http://evil.example"},
        {"model": "base/miniature/000000000000"},
        {},
        {"image": "../../../etc/passwd"},
        {"image": "images/../../etc/passwd"},
        {"image": "/etc/passwd"},
        {"image": "uploaded/../x"},
    ],
)
def test_only_models_and_images_of_the_store_are_asked_for(
    pages: TestClient, viewed: Store, form: dict[str, str]
) -> None:
    model = {"model": StoreIndex(viewed).models()[0]} if "image" in form else {}
    answer = sent(pages, "/chat", **model, **form, question="what?")
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text


def test_an_unknown_conversation_is_not_there(pages: TestClient) -> None:
    assert pages.get("/chat/none").status_code == 404
    assert sent(pages, "/chat/none", question="x").status_code == 404


def test_without_words_nothing_is_asked(pages: TestClient, viewed: Store) -> None:
    (model,) = StoreIndex(viewed).models()
    assert sent(pages, "/chat", model=model, question=" ").url.path == "/chat"


def test_an_error_is_told_and_is_no_part_of_what_follows(pages: TestClient, viewed: Store) -> None:
    (model,) = StoreIndex(viewed).models()
    page = sent(pages, "/chat", model=model, question="why? " * 4000)
    assert "at most 4096 fit" in text(page.text) or "tokens" in text(page.text)
    again = sent(pages, page.url.path, question="Is it red?")
    assert len(re.findall('class="asked turn"', again.text)) == 2


def test_a_store_without_models_says_so(browsing: Browsing, local_store: Store) -> None:
    assert "no finished model yet" in text(browsing(local_store).get("/chat").text)
