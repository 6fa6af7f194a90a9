import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.quality.photographs import jpeg, pieces, png, resized
from tests.quality.planted import Made, Stated, plant
from vf_ray.quality import looks
from vf_ray.quality.as_json import plain
from vf_ray.quality.examine import Quality, examine
from vf_ray.quality.figures import TaskQuality
from vf_ray.quality.page import page
from vf_ray.quality.prepared import Prepared
from vf_ray.store import Store

TASK, SIBLING, OTHER = "stl10/object", "caltech101/object", "okvqa/answer"


def noise(number: int) -> bytes:
    """Return a picture unlike any other."""
    return png(Image.fromarray(np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8)))


IMAGES = [noise(number) for number in range(12)]


def of(quality: Quality, task: str) -> TaskQuality:
    return next(found for found in quality.tasks if found.task == task)


def names(quality: Quality, task: str) -> set[str]:
    return {flag.name for flag in quality.flags.get(task, ())}


def look_at(store: Store, tasks: dict[str, Sequence[Made]], **more: Stated) -> Quality:
    return examine("planted", plant(store, tasks, more), sample=3)


def test_answers_and_lengths_are_counted_over_both_files(local_store: Store) -> None:
    answers = ["dog"] * 6 + ["a black cat"] * 3 + ["elk"]
    made = [
        Made(image=p, answer=a, held=n % 5 == 0)
        for n, (p, a) in enumerate(zip(IMAGES[:10], answers, strict=True))
    ]
    found = of(look_at(local_store, {TASK: made}), TASK)
    assert (found.instances, found.train, found.held_out, found.images) == (10, 8, 2, 10)
    assert found.measured.answers.top == [("dog", 6), ("a black cat", 3), ("elk", 1)]
    assert found.measured.answers.share == 0.6
    words = found.measured.lengths["response words"]
    assert (words.least, words.median, words.most, words.mean) == (1, 1, 3, 1.6)
    assert found.measured.lengths["prompt characters"].median == len("Look at the picture.")
    assert found.held_out_images == 2


def test_an_instance_that_comes_again_is_counted_whatever_order_its_options_are_in(
    local_store: Store,
) -> None:
    options = [("cat", "dog"), ("dog", "cat"), ("cat", "dog")]
    made = [Made(image=IMAGES[0], question="Which?", options=o, answer="dog") for o in options]
    made += [Made(image=IMAGES[1], question="Which?", options=options[0], answer="dog")]
    found = of(look_at(local_store, {TASK: made}), TASK)
    assert (found.measured.repeated, found.measured.contradictory) == (2, 0)


def test_contradictions_are_flagged_but_not_among_captions(local_store: Store) -> None:
    made = [Made(image=IMAGES[0], answer=a) for a in ("dog", "cat")] + [Made(image=IMAGES[1])]
    quality = look_at(local_store, {TASK: made, "flickr30k/captions": made})
    assert of(quality, TASK).measured.contradictory == 2
    assert "contradictory answers" in names(quality, TASK)
    assert of(quality, "flickr30k/captions").measured.contradictory == 2
    assert "contradictory answers" not in names(quality, "flickr30k/captions")


def test_the_same_content_in_two_sources_is_shared(local_store: Store) -> None:
    quality = look_at(
        local_store,
        {
            TASK: [Made(image=p) for p in IMAGES[:5]],
            SIBLING: [Made(image=p) for p in IMAGES[3:9]],
            OTHER: [Made(image=p, answer="no") for p in IMAGES[4:5]],
        },
    )
    assert [of(quality, task).equal_elsewhere for task in (TASK, SIBLING, OTHER)] == [2, 2, 1]
    assert [of(quality, task).repeated_elsewhere for task in (TASK, SIBLING, OTHER)] == [2, 2, 0]
    assert quality.duplicates.equal == {
        ("caltech101", "okvqa"): 1, ("caltech101", "stl10"): 2, ("okvqa", "stl10"): 1
    }  # fmt: skip
    assert quality.images == 9
    assert all(of(quality, task).near_elsewhere == 0 for task in (TASK, SIBLING, OTHER))


def test_images_that_look_alike_are_found_within_and_across_and_from_train_to_held_out(
    local_store: Store,
) -> None:
    first, second, third, *rest = pieces()
    quality = look_at(
        local_store,
        {
            TASK: [
                Made(image=jpeg(first, 90)),
                Made(image=jpeg(first, 50)),
                Made(image=jpeg(second, 90), held=True),
                *(Made(image=jpeg(piece, 90)) for piece in rest),
            ],
            SIBLING: [Made(image=png(resized(second, 0.5))), Made(image=png(third))],
        },
    )
    here, there = of(quality, TASK), of(quality, SIBLING)
    assert (here.near_within, here.near_elsewhere, here.leaked) == (2, 1, 1)
    assert (there.near_within, there.near_elsewhere, there.leaked) == (0, 1, 0)
    assert {"pictures alike", "held out, yet seen"} <= names(quality, TASK)
    assert quality.duplicates.near == {("caltech101", "stl10"): 1, ("stl10", "stl10"): 1}
    assert set(quality.duplicates.twins) == set(quality.duplicates.near)


def test_plain_images_are_counted_and_never_alike(local_store: Store) -> None:
    made = [Made(image=png(Image.new("RGB", (40, 30), (n, 0, 0)))) for n in range(4)]
    found = of(look_at(local_store, {TASK: made}), TASK)
    assert (found.plain, found.near_within) == (4, 0)


def test_a_image_that_one_task_holds_out_and_another_trains_on_has_leaked(local_store: Store) -> None:
    held = [Made(image=image, held=True) for image in IMAGES[:3]]
    shown = [Made(image=IMAGES[0]), Made(image=IMAGES[5])]
    quality = look_at(local_store, {TASK: held, OTHER: shown})
    assert (of(quality, TASK).leaked, of(quality, OTHER).leaked) == (1, 0)


def test_what_shows_nothing_is_measured_and_no_image(local_store: Store) -> None:
    silent = [Made(image=b"", question=f"Say {n}.", answer=str(n // 2)) for n in range(4)]
    shown = [Made(image=image) for image in IMAGES[:3]]
    quality = look_at(local_store, {TASK: [*silent, silent[0], *shown], SIBLING: silent, OTHER: shown})
    mixed, alone = of(quality, TASK), of(quality, SIBLING)
    assert (quality.images, mixed.images, alone.images) == (3, 3, 0)
    assert (mixed.instances, mixed.measured.repeated, mixed.measured.contradictory) == (8, 1, 0)
    assert (mixed.plain, alone.plain, alone.equal_elsewhere, alone.near_elsewhere) == (0, 0, 0, 0)
    assert set(quality.duplicates.equal) == {("okvqa", "stl10")}


def test_a_recipe_that_shows_nothing_at_all_has_a_page(local_store: Store) -> None:
    prepared = plant(local_store, {TASK: [Made(image=b"", answer=str(n)) for n in range(3)]})
    quality = examine("planted", prepared, sample=3)
    assert (quality.images, of(quality, TASK).images) == (0, 0)
    text = page(quality, prepared, "about").html()
    assert "<img" not in text and text.count("class='none'") == 3


def test_rejects_are_held_against_the_tasks_ceiling(local_store: Store) -> None:
    made = {TASK: [Made(image=IMAGES[0])]}
    near = Stated(examined=1_000, rejected={"answer empty": 30, "picture missing": 15})
    quality = examine("planted", plant(local_store, made, {TASK: near}))
    assert of(quality, TASK).reject_share == 0.045
    (flag,) = (f for f in quality.flags[TASK] if f.name == "rejects near the ceiling")
    assert "90%" in flag.words


@pytest.mark.parametrize(
    ("answers", "cap", "expected"),
    [
        (["yes"] * 12, 12, {"one answer"}),
        (["yes"] * 11 + ["no"], 12, {"majority answer"}),
        (["yes"] * 9 + ["no"] * 3, 12, set()),
        (["yes"] * 9 + ["no"] * 3, 13, {"few instances"}),
    ],
)
def test_flags(local_store: Store, answers: Sequence[str], cap: int, expected: set[str]) -> None:
    made = [Made(image=p, answer=a) for p, a in zip(IMAGES, answers, strict=True)]
    quality = examine("planted", plant(local_store, {TASK: made}, {TASK: Stated(cap=cap)}))
    assert names(quality, TASK) == expected


def test_figures_do_not_depend_on_the_order_of_instances_or_on_how_many_are_read_at_once(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [Made(image=p, question=q) for p, q in itertools.product(IMAGES[:6], ("one?", "two?"))]
    forward = plain(examine("planted", plant(local_store, {TASK: made})))
    monkeypatch.setattr("vf_ray.quality.prepared.BATCH", 5)
    monkeypatch.setattr(looks, "READ_IMAGES", 2)
    monkeypatch.setattr(looks, "UNIT", 3)
    other = Store.open(f"{local_store.url}-other")
    assert plain(examine("planted", plant(other, {TASK: made[::-1]}))) == forward


def test_figures_are_json(local_store: Store) -> None:
    quality = look_at(local_store, {TASK: [Made(image=jpeg(p, q)) for p in pieces()[:2] for q in (90, 40)]})
    assert json.loads(json.dumps(plain(quality)))["alike"][0]["pairs"] == 2


def test_hashing_goes_on_where_it_was_killed(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = plant(local_store, {TASK: [Made(image=p) for p in IMAGES]})
    monkeypatch.setattr(looks, "UNIT", 3)
    hashed: list[int] = []
    whole, limit = looks.looks, 6

    def counting(images: Sequence[bytes]) -> looks.Looks:
        if len(hashed) + len(images) > limit:
            raise KeyboardInterrupt
        hashed.extend(range(len(images)))
        return whole(images)

    monkeypatch.setattr(looks, "looks", counting)
    with pytest.raises(KeyboardInterrupt):
        looks.seen(prepared.images)
    done, limit = len(hashed), 99
    told: list[tuple[int, int]] = []
    again = looks.seen(prepared.images, lambda *numbers: told.append(numbers))
    assert 3 <= done <= 6 and len(hashed) == 12
    assert told[-1] == (12, 12) and len(again.ids) == 12
    monkeypatch.setattr(looks, "looks", whole)
    fresh = plant(Store.open(f"{local_store.url}-fresh"), {TASK: [Made(image=p) for p in IMAGES]})
    assert (looks.seen(fresh.images).looks.hashes == again.looks.hashes).all()


def test_an_unprepared_recipe_is_told_how_to_prepare(local_store: Store) -> None:
    from vf_ray.plan.plan import Plan
    from vf_ray.recipe.load import load_recipe

    plan = Plan.of(load_recipe("smoke"), local_store)
    with pytest.raises(FileNotFoundError, match="flows smoke --only prepare"):
        Prepared.of(local_store, plan)


def test_a_recipe_whose_tasks_hold_nothing_is_told_so() -> None:
    with pytest.raises(ValueError, match="recipe 'planted' has prepared no instance"):
        examine("planted", Prepared({}, {}))


def test_a_bucket_gives_what_a_folder_gives(store: Store, tmp_path: Path) -> None:
    tasks = {TASK: [Made(image=jpeg(piece, 90), held=n % 2 == 0) for n, piece in enumerate(pieces()[:6])]}
    here = Store.open(str(tmp_path / "folder"))
    assert plain(look_at(store, tasks)) == plain(look_at(here, tasks))
