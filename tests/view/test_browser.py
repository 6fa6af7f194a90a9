"""The pages in a real browser: what is hostile does not run, keys lead on, nothing is wider than a phone."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.view.browser import CHROMIUM, Browser, browser
from tests.view.test_hostile import TASK, hostile
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


@pytest.mark.parametrize("dark", [False, True])
def test_no_page_is_wider_than_a_phone(viewed: Store, tab: Browser, tmp_path: Path, dark: bool) -> None:
    with served(viewed) as address:
        tab.look(PHONE, 800, dark=dark)
        tab.open(address)
        for path in ("/", "/task/eurosat/water", "/search?q=river", "/nothing"):
            tab.open(address.partition("/?")[0] + path)
            assert tab.value("document.documentElement.scrollWidth") == PHONE
            light = "246" in tab.value("getComputedStyle(document.body).backgroundColor")
            assert light is not dark
