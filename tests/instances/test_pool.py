"""Negatives: the same for the same row, however the pool was filled, and never the picture's own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.tree import write
from tests.tasks.trees import TREES
from vf_ray.instances.distractors import apart
from vf_ray.instances.pool import Filling, HashedPool, Negatives
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.tasks import catalogue, source_of
from vf_ray.types import Instance, Reject, Row

DRAWING = [task.id for task in catalogue().values() if task.pool]
Offers = Sequence[tuple[str, str]]
"""Pictures, each with a text of its own."""


def row(image: str, key: str = "key") -> Row:
    return Row(key=key, split="train", image=image)


def filled(offers: Offers, size: int = 4096) -> HashedPool:
    filling = Filling("invented/name", 0, size)
    for image, text in offers:
        filling.own(row(image), text)
        filling.add(text)
    return filling.finish()


OFFERS = st.lists(st.tuples(st.sampled_from("abcde"), st.text("xyz", min_size=1, max_size=3)), max_size=40)


@given(OFFERS, st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_pool_does_not_depend_on_the_order_of_rows(offers: Offers, chance: Random, size: int) -> None:
    one, other = (filled(some, size) for some in (offers, chance.sample(offers, len(offers))))
    assert other.texts == one.texts and len(one.texts) == min(size, len({text for _, text in offers}))
    assert all(other.of(row(image)).own == one.of(row(image)).own for image in "abcdef")


@given(OFFERS, st.integers(1, 12), st.integers(1, 4), st.sampled_from("abcdef"))
def test_draws_are_different_texts_of_other_images(offers: Offers, size: int, count: int, image: str) -> None:
    whole = filled(offers, size)
    allowed = set(whole.texts) - {text for owner, text in offers if owner == image}
    if len(allowed) < count:
        with pytest.raises(ValueError, match=f"row 'key', which needs {count} others"):
            whole.of(row(image)).draw(count)
        return
    drawn = whole.of(row(image)).draw(count)
    assert len(drawn) == len(set(drawn)) == count and set(drawn) <= allowed
    assert drawn == filled(offers[::-1], size).of(row(image)).draw(count)


def test_of_many_texts_those_of_the_image_are_never_drawn() -> None:
    owned = {f"{number}.jpg": {f"text {n}" for n in range(number, 2_000, 40)} for number in range(40)}
    whole = filled([(image, text) for image, texts in owned.items() for text in texts], 500)
    for n in range(2_000):
        image = f"{n % 40}.jpg"
        assert not owned[image] & set(whole.of(row(image, str(n))).draw(3))


def test_rows_that_name_no_image_own_only_what_is_theirs() -> None:
    filling = Filling("invented/name", 0)
    for key in "abc":
        filling.own(row("", key), f"text {key}")
        filling.add(f"text {key}")
    assert set(filling.finish().of(row("", "a")).draw(2)) == {"text b", "text c"}


def test_what_holds_the_right_text_or_is_held_by_it_is_never_drawn() -> None:
    texts = ("soup", "Lentil soup.", "a can of soups", "bread", "the bread", "milk")
    whole = filled([("another.jpg", text) for text in texts])
    for key in range(20):
        drawn = whole.of(row("one.jpg", str(key))).draw(2, beside="soup")
        assert "milk" in drawn and len({"bread", "the bread"} & set(drawn)) == 1
    with pytest.raises(ValueError, match="needs 3 others"):
        whole.of(row("one.jpg")).draw(3, beside="soup")


@pytest.mark.parametrize("size", [5, 500])
def test_every_text_is_drawn_about_equally_often(size: int) -> None:
    whole = filled([("another.jpg", str(n)) for n in range(size)])
    count, keys = (1, 1_000) if size < 10 else (2, 10_000)
    drawn = [text for key in range(keys) for text in whole.of(row("one.jpg", str(key))).draw(count)]
    expected = len(drawn) / size
    counts = [drawn.count(str(n)) for n in range(size)]
    assert all(abs(count - expected) < 5.5 * expected**0.5 for count in counts)


@pytest.mark.parametrize("task_id", DRAWING)
def test_no_task_of_the_catalogue_draws_a_text_of_its_own_image(
    task_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, source = catalogue()[task_id], source_of(task_id)
    tree = RawTree.of(str(write(tmp_path, TREES[source.name]())), source.raws)
    found = [one for one in source.read(tree) if not isinstance(one, Reject)]
    before = zip(found, [found[-1], *found], strict=False)
    again = [replace(one, key=f"{one.key} again", image=other.image) for one, other in before]
    drawn: list[tuple[str, tuple[str, ...]]] = []
    draw = Negatives.draw

    def watched(self: Negatives, count: int, beside: str = "") -> tuple[str, ...]:
        others = apart((text for text in self.pool.texts if text not in self.own), (beside,))
        left = len(tuple(others)) // 2  # a miniature tree has few classes
        drawn.append((self.key, draw(self, min(count, left), beside)))
        return drawn[-1][1]

    def read(tree: Any) -> Iterator[Row]:
        return chain(found, again)  # so each picture has a second text, far from the first

    monkeypatch.setattr(Negatives, "draw", watched)
    made = list(examine(replace(source, read=read), tree, [task], seed=1))
    assert any(isinstance(verdict, Instance) for verdict in made)
    assert task.pool is not None
    shown = {one.key: one.image for one in (*found, *again)}
    owned = {(one.image, task.pool(one)) for one in (*found, *again)}
    assert drawn and not {(shown[key], text) for key, texts in drawn for text in texts} & owned
