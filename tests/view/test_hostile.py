"""A hostile store: texts that are markup, pictures that are scripts, records that are damaged."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
from starlette.testclient import TestClient

from tests.exchange.prepared import prepared, write_raw
from tests.quality.photographs import jpeg, pieces
from tests.quality.planted import Made, Stated, plant
from tests.view.conftest import Browsing
from tests.view.scored import scored
from vf_ray.artifacts import Spec, build
from vf_ray.eval.benchmark import Item
from vf_ray.quality.looks import columns
from vf_ray.quality.perceptual import looks
from vf_ray.quality.prepared import image_id
from vf_ray.quality.screening import HASHED
from vf_ray.shards.decode import sha256
from vf_ray.shards.schema import to_parquet
from vf_ray.shards.screened import SCHEMA, SCREENED
from vf_ray.store import Store

TASK = "stl10/object"
MARKUP = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "\"><svg/onload=alert(1)>{{ 7*7 }}{% raw %}'><a href=javascript:alert(1)>x</a><!--\u202e\ud800"
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"


class Tags(HTMLParser):
    """Collects what a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += [dict(attrs).get("src")] if tag in ("script", "iframe", "object", "embed") else []
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def harmless(page: str) -> None:
    """Assert that a page runs nothing but our own script, and leads nowhere else."""
    tags = Tags()
    tags.feed(page)
    assert tags.scripts == ["/static/view.js"]
    assert tags.handlers == []
    assert all(re.match(r"/(?![/\\])|#", address) for address in tags.addresses)


def text_of(words: str) -> str:
    """Return words without what a path cannot hold."""
    return words.replace("\ud800", "")


def hostile(store: Store) -> str:
    """Fill a store, and return the version of its instances."""
    text = text_of(MARKUP)
    made = [
        Made(image=SVG, answer=text, question=text, words=text, options=(text,)),
        Made(image=b"", held=True),
    ]
    planted = plant(store, {TASK: made}, {TASK: Stated(rejected={text: 3})})
    artifact = planted.instances[TASK]
    reject = {"key": MARKUP, "reason": text, "detail": MARKUP, "task": TASK}
    store.create(f"{artifact.address}/rejected/rows.jsonl", json.dumps(reject).encode() + b"\n")
    run = {"id": text, "when": MARKUP, "recipe": text, "config": {text: text}, "raw": "", "code": {}}
    for name, addresses in (("x", [artifact.address]), ("away", [artifact.address, "instances/../../x"])):
        record = {**run, "versions": {"prepare": addresses, text: []}}
        store.create(f"runs/{name}.json", json.dumps(record).encode())
    store.create("runs/damaged.json", b"{")
    return artifact.address.rpartition("/")[2]


def test_texts_are_never_markup(local_store: Store, browsing: Browsing) -> None:
    version = hostile(local_store)
    pages: TestClient = browsing(local_store)
    rejects, one = f"/rejects/{TASK}/{version}", f"/instance/{TASK}/{version}"
    for path in (
        "/", f"/?q={MARKUP[:40]}", f"/task/{TASK}", f"/task/{TASK}?q=script", f"{one}/train/0",
        f"{one}/held_out/0", rejects, f"{rejects}?reason={MARKUP[:30]}", f"/raw/{TASK}/{version}?key=x",
        "/search?q=script", f"/task/{MARKUP[:60]}", "/runs", f"/run/{quote(text_of(MARKUP))}",
        f"/artifact/instances/{TASK}/{version}",
    ):  # fmt: skip
        answer = pages.get(path.replace("#", ""))
        assert answer.status_code in (200, 404), path
        assert "49" not in answer.text.replace(version, "")[:400]
        harmless(answer.text)


def test_a_picture_that_is_a_script_is_not_served(local_store: Store, browsing: Browsing) -> None:
    version = hostile(local_store)
    pages = browsing(local_store)
    page = pages.get(f"/instance/{TASK}/{version}/train/0").text
    (images,) = set(re.findall(rf"/image/(\S+)/{sha256(SVG)}", page))
    answer = pages.get(f"/image/{images}/{sha256(SVG)}")
    assert (answer.status_code, b"<script>alert" in answer.content) == (404, False)


def test_answers_and_a_judge_s_words_are_never_markup(
    local_store: Store, browsing: Browsing, tmp_path: Path
) -> None:
    tasks, text = ("eurosat/water",), text_of(MARKUP)
    plan = prepared(write_raw(tmp_path / "raw", tasks), local_store, tasks)
    item = Item(id=text, answer=text, parsed=text, gold=text, value=1.0, category=text, how="judge")
    judged = {"pope/one": [{"id": text, "reply": text, "error": ""}]}
    scores = scored(local_store, plan, {"pope": {"one": [item]}}, judged)
    pages = browsing(local_store)
    for path in ("/answers", f"/answers/{scores.address.removeprefix('scores/')}/pope?other=one"):
        harmless(pages.get(path).text)


def test_names_that_benchmarks_give_are_never_markup(local_store: Store, browsing: Browsing) -> None:
    words, image = text_of(MARKUP), jpeg(pieces()[0], 90)
    artifact = plant(local_store, {TASK: [Made(image=image)]}).instances[TASK]
    row = {"sha256": sha256(image), "benchmark": words, "image": words, "question": words, "bits": -1}
    of_images = artifact.manifest["spec"]["inputs"]
    sought = Spec(kind="sought", name="x", config={})
    looked = {
        "image": [words],
        "question": [words],
        "content": pa.array([image_id(sha256(image))], pa.uint64()),
    }
    table = pa.table({**looked, "stored": looked["content"], **columns(looks([image]))})
    build(local_store, sought, lambda writer: writer.commit(HASHED, to_parquet(table)) or {})
    screened = Spec(kind="screened", name="x", config={}, inputs={**of_images, words: sought.address})
    rows = to_parquet(pa.Table.from_pylist([row], SCHEMA))
    build(local_store, screened, lambda writer: writer.commit(SCREENED, rows) or {})
    named = {"prepare": [sought.address, screened.address, artifact.address]}
    run = {"id": words, "when": "", "recipe": words, "config": {}, "versions": named, "raw": "", "code": {}}
    local_store.create("runs/x.json", json.dumps(run).encode())
    pages = browsing(local_store)
    shown = pages.get(f"/{artifact.address.replace('instances', 'instance', 1)}/train/0").text
    kept_out = pages.get(f"/{screened.address}").text
    for page in (shown, kept_out):
        assert "&lt;script&gt;document.title" in page
        harmless(page)
