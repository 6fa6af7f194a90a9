"""The pages over studies: their words, their figures, and from each run to its scores."""

import json
import re
from collections.abc import Mapping

import pytest

from tests.study.test_page import STUDY, scores
from tests.view.conftest import Browsing
from tests.view.test_hostile import MARKUP, harmless, text_of
from tests.view.test_pages import listed, text
from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.study.page import page, points, rows
from vf_ray.study.results import results
from vf_ray.study.runs import StudyRun
from vf_ray.view.studies import _charts

Found = Mapping[str, list[Artifact]]


@pytest.fixture
def runs(local_store: Store) -> Found:
    return {
        name: [scores(local_store, name, 10 * place + seed, accuracy) for seed in range(3)]
        for place, (name, accuracy) in enumerate({"plain": 0.5, "same": 0.5, "better": 0.7}.items())
    }


def stored(store: Store, runs: Found) -> Artifact:
    """Store the study's page as its flow does."""
    result, recipe = results(STUDY, runs), load_recipe("smoke")
    each = {v: [StudyRun(variant=v, seed=s, recipe=recipe, overrides={}) for s in range(3)] for v in runs}
    record = {**page(STUDY, result, each).plain(), "rows": list(rows(result))}
    record["points"] = list(points(result))
    inputs = {f"{variant}, {n}": one.address for variant, some in runs.items() for n, one in enumerate(some)}
    return study_of(store, record, inputs)


def study_of(store: Store, record: Mapping[str, object], inputs: Mapping[str, str]) -> Artifact:
    def make(writer: Writer) -> dict[str, int]:
        writer.commit("study.html", b"<p>the study")
        writer.commit("study.json", json.dumps(record).encode())
        return {"runs": 9, "outcomes": 1}

    return build(store, Spec(kind="study", name="x", config={}, inputs=inputs), make)


def test_a_study_says_its_answer_and_leads_to_its_runs(
    local_store: Store, runs: Found, browsing: Browsing
) -> None:
    version = stored(local_store, runs).address.rpartition("/")[2]
    pages = browsing(local_store)
    assert [(row["study"], row["version"]) for row in listed(pages, "/studies", "studies")] == [
        ("x", version)
    ]
    shown = pages.get(f"/study/x/{version}").text
    assert "better is better, by" in text(shown)
    assert "aria-label='pope, last model: mean" in shown
    assert shown.count("<title>better, seed") == 3
    figures = {row["run"]: row for row in listed(pages, f"/study/x/{version}", "outcomes")}
    assert figures.keys() == runs.keys()
    assert float(figures["better"]["difference"]) > 0 > float(figures["better"]["p"]) - 0.01
    behind = {
        (row["run"], int(row["seed"])): row["scores"]
        for row in listed(pages, f"/study/x/{version}", "behind")
    }
    assert behind == {(name, n): one.address for name, some in runs.items() for n, one in enumerate(some)}


def test_a_store_without_studies_says_so(local_store: Store, browsing: Browsing) -> None:
    assert listed(browsing(local_store), "/studies", "studies") == []


def test_a_hostile_study_is_text(local_store: Store, browsing: Browsing) -> None:
    words = text_of(MARKUP)
    blocks = [{"words": words}, {"notes": [words]}, {"headers": [words], "rows": [[words]], "caption": words},
              {"plot": words, "caption": words, "numbers": {"headers": [words] * 2, "rows": [[words] * 2]}},
              {"plot": words, "caption": words},
              {"figures": [dict.fromkeys(("value", "label", "detail"), words)]},
              {"gallery": [{}]}, {"parts": [{"words": words}]}, {"shares": {words: 1}}]  # fmt: skip
    row = {"outcome": words, "run": words, "mean": 0.5, "items_low": 0.1, "items_high": 0.9}
    record = {"title": words, "about": words, "sections": [{"title": words, "blocks": blocks}], "rows": [row]}
    version = study_of(local_store, record, {f"{words}, 0": "scores/x/0"}).address.rpartition("/")[2]
    shown = browsing(local_store).get(f"/study/x/{version}").text
    assert shown.count("<svg") == 2
    harmless(shown)


def test_a_record_of_another_version_is_named(local_store: Store, browsing: Browsing) -> None:
    version = study_of(local_store, {"title": "x"}, {}).address.rpartition("/")[2]
    answer = browsing(local_store).get(f"/study/x/{version}")
    assert (answer.status_code, "none that this version reads" in text(answer.text)) == (422, True)


def test_figures_in_words_are_drawn_on_a_scale_of_their_own() -> None:
    row = {"outcome": "vocabulary", "run": "CHAT", "unit": "words", "mean": 46.0, "items_low": 40.0}
    ((_, drawn),) = _charts([{**row, "items_high": 50.0}], [], [])
    assert "vocabulary: mean, words" in drawn
    places = [float(x) for x in re.findall(r"cx='([0-9.]+)'", drawn)]
    (width,) = re.findall(r"width='([0-9]+)' height='[0-9]+' role", drawn)
    assert places and max(places) < float(width)
