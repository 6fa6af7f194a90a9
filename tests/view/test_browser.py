"""The pages in a real browser: what is hostile does not run, keys lead on, nothing is wider than a phone."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.study.test_page import scores
from tests.view.browser import CHROMIUM, Browser, browser
from tests.view.test_hostile import TASK, hostile
from tests.view.test_stored_images import png
from tests.view.test_studies import study_of
from vf_ray.store import Store

pytestmark = [
    pytest.mark.chain,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here"),
]
PHONE = 390


@contextmanager
def served(store: Store) -> Iterator[str]:
    """Start ``vf-ray view`` over a store; give the address that it prints."""
    command = [sys.executable, "-m", "vf_ray.cli", "view", store.url, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_a_hostile_store_runs_nothing(local_store: Store, tab: Browser) -> None:
    version = hostile(local_store)
    with served(local_store) as address:
        tab.open(address)
        assert tab.value("location.search") == ""
        for path in (f"/task/{TASK}", f"/instance/{TASK}/{version}/train/0", f"/rejects/{TASK}/{version}"):
            tab.open(address.partition("/?")[0] + path)
            assert "script" in tab.value("document.body.innerText")
            assert tab.value("document.title").endswith("vf-ray")
            assert tab.value("document.scripts.length") == 1
            assert tab.value("document.querySelectorAll('main svg, main script, [onerror]').length") == 0


def test_keys_lead_from_instance_to_instance_and_to_the_search(viewed: Store, tab: Browser) -> None:
    with served(viewed) as address:
        tab.open(address)
        tab.open(address.partition("/?")[0] + "/task/eurosat/water")
        first = tab.value("document.querySelector('a.card').href")
        tab.open(first)
        tab.press("j")
        tab.loaded()
        assert re.search(r"/train/1\b", tab.value("location.href"))
        tab.press("k")
        tab.loaded()
        assert re.search(r"/train/0\b", tab.value("location.href"))
        tab.open(address.partition("/?")[0] + "/")
        tab.press("/")
        assert tab.value("document.activeElement.type") == "search"


def test_a_point_of_a_chart_leads_to_its_run_by_keyboard(local_store: Store, tab: Browser) -> None:
    of_run = scores(local_store, "x", 0, 0.5)
    point = {"outcome": "o", "run": "one", "seed": 0, "mean": 0.5}
    block = {"plot": "o.svg", "caption": "o"}
    record = {"title": "x", "about": "", "sections": [{"title": "o", "blocks": [block]}], "points": [point],
              "rows": [{**point, "items_low": 0.1, "items_high": 0.9}]}  # fmt: skip
    study = study_of(local_store, record, {"one, 0": of_run.address})
    with served(local_store) as address:
        tab.open(address)
        tab.open(f"{address.partition('/?')[0]}/{study.address}")
        tab.value("document.querySelectorAll('figure svg a')[1].focus()")
        assert tab.value("document.activeElement.querySelector('title').textContent") == "one, seed 0: 0.500"
        tab.press("Enter")
        tab.loaded()
        assert tab.value("location.pathname") == f"/artifact/{of_run.address}"


def test_an_image_is_brought_along_and_asked_about(viewed: Store, tab: Browser, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(png(8))
    with served(viewed) as address:
        tab.open(address)
        tab.open(address.partition("/?")[0] + "/chat")
        document = tab.send("DOM.getDocument")["root"]["nodeId"]
        field = tab.send("DOM.querySelector", nodeId=document, selector="input[type=file]")["nodeId"]
        tab.send("DOM.setFileInputFiles", nodeId=field, files=[str(path)])
        for _ in range(100):
            if tab.value("document.querySelector('.chosen img')?.naturalWidth") == 256:
                break
            time.sleep(0.1)
        assert tab.value("document.querySelector('input[name=image]').value").startswith("uploaded/")
        tab.value("document.querySelector('textarea').value = 'What is it?'; document.forms[0].submit()")
        tab.loaded()
        assert re.search(r"/chat/[\w-]+$", tab.value("location.pathname"))
        assert "What is it?" in tab.value("document.body.innerText")


@pytest.mark.parametrize("dark", [False, True])
def test_no_page_is_wider_than_a_phone(viewed: Store, tab: Browser, tmp_path: Path, dark: bool) -> None:
    with served(viewed) as address:
        tab.look(PHONE, 800, dark=dark)
        tab.open(address)
        for path in (
            "/",
            "/task/eurosat/water",
            "/search?q=river",
            "/runs",
            "/run/first",
            "/answers",
            "/studies",
            "/chat",
            "/nothing",
        ):
            tab.open(address.partition("/?")[0] + path)
            assert tab.value("document.documentElement.scrollWidth") == PHONE
            light = "246" in tab.value("getComputedStyle(document.body).backgroundColor")
            assert light is not dark
