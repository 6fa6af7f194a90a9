"""A walk over all pages: no link leads nowhere, and every table can be had as a file."""

import csv
import html
import io
import re
from collections import Counter
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tests.exchange.prepared import prepared, write_raw
from tests.plan.recorded import recorded
from tests.tiny import make_tiny
from tests.view.conftest import PORT, TOKEN, build_model
from tests.view.reported import PAGE, reported
from tests.view.scored import scored
from tests.view.test_pages import newest
from tests.view.test_studies import study_of
from vf_ray.eval.benchmark import Item
from vf_ray.store import Store
from vf_ray.view.app import application

TASKS = ("eurosat/water", "llava_json/*")
OF_A_KIND = 3
"""Pages of one kind that are opened; after some filters they repeat."""
KINDS = (
    "task", "instance", "rejects", "raw", "search", "runs", "run", "artifact", "answers", "report",
    "written", "studies", "study", "chat", "image", "static", "style.css",
)  # fmt: skip


class Page(HTMLParser):
    """Collects links, tables and the rows that each shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tables: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag == "table":
            self.tables.append(-1)  # the row of the head is none
        elif tag == "tr":
            self.tables[-1] += 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store that has something for every page."""
    below = tmp_path_factory.mktemp("whole")
    store = Store.open(str(below / "store"))
    plan = prepared(write_raw(below / "raw", TASKS), store, TASKS)
    recorded(store, plan, "first")
    build_model(store, plan.base, make_tiny(below / "model"))
    scores = scored(
        store, plan, {"tasks": {"base": [Item(id="x", answer="a", parsed="a", gold="a", value=1.0)]}}
    )
    reported(store, plan, scores.address)
    block = {"headers": ["run", "mean %"], "rows": [["one", "1.5"]]}
    row = {"outcome": "o", "run": "one", "mean": 0.5, "items_low": 0.1, "items_high": 0.9}
    record = {"title": "x", "about": "", "sections": [{"title": "o", "blocks": [block]}], "rows": [row]}
    study_of(store, record, {"one, 0": scores.address})
    return store


def kind(link: str) -> str:
    return link.lstrip("/").partition("?")[0].partition("/")[0] or "tasks"


Opened = tuple[TestClient, dict[str, Page]]


@pytest.fixture(scope="module")
def walked(whole: Store) -> Opened:
    """Return all pages that were opened, from the first one on: a few of each kind and of its forms."""
    pages = TestClient(application(whole, TOKEN, PORT), base_url=f"http://127.0.0.1:{PORT}")
    pages.get("/style.css", params={"token": TOKEN})
    rejects = newest(whole, "eurosat/water").replace("instances", "rejects", 1)
    waiting, opened, counts = ["/", f"/{rejects}"], dict[str, Page](), Counter[str]()
    while waiting:
        link = html.unescape(waiting.pop(0)).partition("#")[0]
        form = " ".join([kind(link), *re.findall(r"[?&](\w+)=", link)])
        if link in opened or not link or "as=" in link or counts[form] == OF_A_KIND:
            continue
        counts[form] += 1
        answer = pages.get(link)
        assert answer.status_code == 200, link
        is_page = answer.headers["content-type"].startswith("text/html")
        opened[link] = Page(answer.text if is_page and kind(link) != "written" else "")
        waiting += opened[link].links
    return pages, opened


def the_report(opened: dict[str, Page]) -> str:
    """Return where the report is, as it was written."""
    (link,) = {one for one in opened if re.fullmatch(r"/written/report/[^/]+/\w+", one)}
    return link


def test_no_link_leads_nowhere_and_every_table_is_a_file_too(walked: Opened) -> None:
    pages, opened = walked
    assert {kind(link) for link in opened} >= {*KINDS, "tasks"}
    for link, page in opened.items():
        files = list(dict.fromkeys(html.unescape(one) for one in page.links if "as=csv" in one))
        assert len(files) >= len(page.tables), link
        sizes = [len(list(csv.reader(io.StringIO(pages.get(file).text, newline="")))) - 1 for file in files]
        for shown in page.tables:
            assert any(size >= shown for size in sizes), link
        for file, size in zip(files, sizes, strict=True):
            parquet = pages.get(file.replace("as=csv", "as=parquet"))
            assert len(pq.read_table(io.BytesIO(parquet.content))) == size


def test_a_page_as_it_was_written_is_inert(walked: Opened) -> None:
    pages, link = walked[0], the_report(walked[1])
    answer = pages.get(link)
    assert answer.text == PAGE
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and policy.endswith("; sandbox") and "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    drawing = pages.get(f"{link}/file/plot.svg")
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert drawing.headers["content-security-policy"] == policy


@pytest.mark.parametrize("file", ["report.json", "..%2f..%2fmanifest.json", "none.svg", "%00"])
def test_nothing_else_of_a_report_is_shown(walked: Opened, file: str) -> None:
    pages, opened = walked
    assert pages.get(f"{the_report(opened)}/file/{file}").status_code in (404, 422)
    instances = next(one for one in opened if one.startswith("/artifact/instances"))
    assert pages.get(instances.replace("artifact", "written", 1)).status_code == 404
