"""What is finished may still be due: something failed in it, or what it is made of was made anew."""

from collections.abc import Mapping
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.plan.settled import AGAIN, MADE_OF, is_settled
from vf_ray.store import Store

SCORES = Spec(kind="scores", name="x", config={})
REPORT = Spec(kind="report", name="x", config={}, inputs={"scores": SCORES.address})


def build(store: Store, spec: Spec, stats: Mapping[str, Any], text: str = "") -> Artifact:
    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit("file", text.encode())
        return stats

    return artifacts.build(store, spec, make, force=True)


def test_what_left_something_to_be_asked_again_is_due(local_store: Store) -> None:
    assert not is_settled(local_store, SCORES)
    build(local_store, SCORES, {AGAIN: 2})
    assert not is_settled(local_store, SCORES)
    build(local_store, SCORES, {AGAIN: 0})
    assert is_settled(local_store, SCORES)


def test_what_is_made_of_something_that_was_made_anew_is_due(local_store: Store) -> None:
    scores = build(local_store, SCORES, {}, "one of 798 withheld")
    build(local_store, REPORT, {MADE_OF: {SCORES.address: scores.mark}})
    assert is_settled(local_store, REPORT)
    build(local_store, SCORES, {}, "one of 798 withheld")
    assert is_settled(local_store, REPORT)  # the same came out
    build(local_store, SCORES, {}, "all answered")
    assert not is_settled(local_store, REPORT)
    local_store.delete(f"{SCORES.address}/COMPLETE")
    assert not is_settled(local_store, REPORT)  # they are being made just now
