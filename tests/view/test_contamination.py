"""What benchmarks show and ask stands beside an instance, and what was kept out beside what it looks like."""

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from tests.plan.recorded import recorded
from tests.quality.test_screening import TASK, plan_of, planted, prepared
from tests.view.conftest import Browsing
from tests.view.test_hostile import harmless
from tests.view.test_pages import listed, text
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

SCREENED, OPEN = "screened", "open"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, dict[str, Plan]]:
    """Return a store with one run that keeps pictures of POPE out, and one that does not."""
    below = tmp_path_factory.mktemp("two")
    store, places = Store.open(str(below / "store")), planted(below)
    plans = {}
    for name, kept_out in ((SCREENED, ["pope"]), (OPEN, [])):
        plans[name] = plan_of(store, *places, decontaminate=kept_out)
        prepared(store, plans[name])
        recorded(store, plans[name], name)
    return store, plans


@pytest.fixture
def pages(two: tuple[Store, dict[str, Plan]], browsing: Browsing) -> TestClient:
    return browsing(two[0])


def instance(two: tuple[Store, dict[str, Plan]], name: str, row: int) -> str:
    return f"/{two[1][name].instances[TASK].address.replace('instances', 'instance')}/train/{row}"


def row_of(pages: TestClient, where: str, words: str) -> int:
    page = where.replace("/instance/", "/task/").partition("/train")[0]
    task, _, version = page.rpartition("/")
    rows = listed(pages, f"{task}?version={version}", "instances")
    return next(n for n, row in enumerate(rows) if words in row["response"])


def test_an_instance_of_a_task_that_was_not_screened_shows_what_it_looks_like(
    pages: TestClient, two: tuple[Store, dict[str, Plan]]
) -> None:
    where = instance(two, OPEN, 0)
    same, recoded = (row_of(pages, where, f"It is {name}") for name in ("0.jpg", "1.jpg"))
    page = pages.get(instance(two, OPEN, same)).text
    assert "Not screened" in text(page)
    assert "pope: same.jpg the same picture" in text(page)
    assert re.search(
        r"pope: recoded.png \d+ of 256 bits differ", text(pages.get(instance(two, OPEN, recoded)).text)
    )
    (picture,) = re.findall(r'src="(/benchmark/pope/image[^"]*)"', page)
    assert pages.get(unescape(picture)).headers["content-type"] in ("image/png", "image/jpeg")
    (question,) = re.findall(r'href="(/benchmark/pope\?[^"]*)"', page)
    asked = pages.get(unescape(question))
    assert "Is there a same.jpg?" in text(asked.text)
    harmless(asked.text)


def test_an_instance_of_a_screened_task_says_so_and_leads_to_what_was_kept_out(
    pages: TestClient, two: tuple[Store, dict[str, Plan]]
) -> None:
    page = pages.get(instance(two, SCREENED, 0)).text
    assert "no instance of this task shows a picture of pope" in text(page)
    assert "Compared here with every picture of pope: none looks like its own" in text(page)
    (link,) = re.findall(r'href="(/screened/[^"]*)"', page)
    rejects = f"/rejects/{two[1][SCREENED].instances[TASK].address.removeprefix('instances/')}"
    assert f'href="{link}"' in pages.get(rejects).text
    rows = listed(pages, link, "screened")
    assert {(row["benchmark"], row["its image"]) for row in rows} == {
        ("pope", "same.jpg"), ("pope", "recoded.png"), ("pope", "smaller.jpg"),
    }  # fmt: skip
    kept_out = pages.get(link).text
    assert kept_out.count("of this source") == 3
    harmless(kept_out)


def test_words_are_compared_when_asked_for(pages: TestClient, two: tuple[Store, dict[str, Plan]]) -> None:
    where = instance(two, SCREENED, 0)
    assert "Compare its words" in text(pages.get(where).text)
    page = text(pages.get(f"{where}?benchmarks=words").text)
    assert "pope: 5 questions compared" in page
    assert "None of these questions has its words" in page


@pytest.mark.parametrize("query", ["", "?run=none&id=1", f"?run={SCREENED}&id=none"])
@pytest.mark.parametrize("name", ["pope", "mme", "%2e%2e", "none", "pope/image"])
def test_a_question_that_is_not_there_is_not_found(pages: TestClient, name: str, query: str) -> None:
    assert pages.get(f"/benchmark/{name}{query}").status_code == 404
