import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.eval.trees import lines
from tests.quality.photographs import cropped, jpeg, pieces, png, resized
from tests.quality.planted import Made, plant
from vf_ray.eval.benchmarks import catalogue
from vf_ray.plan.plan import Plan
from vf_ray.quality.contamination import Contamination, TaskOverlap, contamination, trained_tasks
from vf_ray.quality.contamination_page import HEADERS, page, plain, rows
from vf_ray.quality.sought import bare, sought, trees
from vf_ray.quality.trial import sample, trial
from vf_ray.raw.tree import RawTree
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store

SEEN, OTHER = "okvqa/answer", "stl10/object"
QUESTION = "Is there a red umbrella to the left of the small fountain in the image?"
Shown = Mapping[str, bytes]


def pope(root: Path, asked: Sequence[tuple[str, str]], shown: Shown) -> None:
    """Write POPE's files: questions about pictures, and those pictures that are there."""
    labels = [{"image": image, "text": text, "label": "yes"} for image, text in asked]
    lines(root / "pope" / "coco" / "coco_pope_random.json", labels)
    (root / "pope" / "val2014").mkdir()
    for name, data in shown.items():
        (root / "pope" / "val2014" / name).write_bytes(data)


def searched(
    store: Store, root: Path, tasks: Mapping[str, Sequence[Made]], largest_side: int = 1024
) -> Contamination:
    places = {"pope": RawTree.of(str(root / "pope"))}
    return contamination("planted", plant(store, tasks), sorted(tasks), sought(places, largest_side))


def about(shown: Shown) -> list[tuple[str, str]]:
    return [(name, f"Is there anything in {name}?") for name in shown]


def names(found: Contamination, places: set[int]) -> set[str]:
    return {found.sought.shown[place].name for place in places}


def only(found: Contamination) -> TaskOverlap:
    (overlap,) = found.overlaps.values()
    return overlap


def test_planted_images_are_found_equal_or_alike_and_crops_are_not(
    local_store: Store, tmp_path: Path
) -> None:
    first, second, third, fourth, fifth, *_ = pieces()
    shown = {
        "equal.jpg": jpeg(first, 90),
        "recoded.png": png(second),
        "smaller.jpg": jpeg(resized(third, 0.5), 80),
        "cropped.jpg": jpeg(cropped(fourth, 0.12), 90),
        "foreign.jpg": jpeg(fifth, 90),
    }
    pope(tmp_path, about(shown), shown)
    made = [Made(image=jpeg(piece, 90)) for piece in (first, second, third, fourth)]
    found = searched(local_store, tmp_path, {SEEN: made, OTHER: [Made(image=png(Image.new("RGB", (9, 9))))]})
    assert set(found.overlaps) == {("pope", SEEN)}
    assert names(found, only(found).equal) == {"equal.jpg"}
    assert names(found, only(found).near) == {"recoded.png", "smaller.jpg"}
    assert not only(found).worded
    assert (found.instances, found.images) == (5, 5)


def test_a_large_image_is_equal_to_what_training_stored_of_it(local_store: Store, tmp_path: Path) -> None:
    from vf_ray.shards.decode import stored

    data = jpeg(resized(pieces()[0], 3), 95)
    pope(tmp_path, about({"large.jpg": data}), {"large.jpg": data})
    made = [Made(image=stored(data, 200).data)]
    assert made[0].image != data
    found = searched(local_store, tmp_path, {SEEN: made}, largest_side=200)
    assert names(found, only(found).equal) == {"large.jpg"}


def test_planted_questions_are_found_by_task_and_with_their_image(local_store: Store, tmp_path: Path) -> None:
    first, second, *_ = pieces()
    shown = {"one.jpg": jpeg(first, 90), "two.jpg": jpeg(second, 90)}
    short = "Is there a dog?"
    pope(tmp_path, [("one.jpg", QUESTION), ("two.jpg", QUESTION), ("two.jpg", short)], shown)
    held = Made(image=shown["two.jpg"], question=short, held=True)
    found = searched(
        local_store,
        tmp_path,
        {
            SEEN: [
                Made(
                    image=png(resized(first, 0.5)),
                    question="Is there a red umbrella to the left of the lake?",
                ),
                held,
            ],
            OTHER: [Made(image=png(pieces()[5]), question=short)],
        },
    )
    asked = {key: {found.sought.questions[q].gold for q in o.worded} for key, o in found.overlaps.items()}
    assert asked == {("pope", SEEN): {"yes"}, ("pope", OTHER): {"yes"}}
    seen, other = found.overlaps["pope", SEEN], found.overlaps["pope", OTHER]
    assert (len(seen.worded), len(seen.same)) == (2, 1)
    assert (len(other.worded), len(other.same)) == (1, 0)
    assert seen.words is not None and seen.words.same_image
    assert seen.words.run == "is there a red umbrella to the left"
    assert len(found.of("pope").worded) == 3 and len(found.of("pope").same) == 1


@pytest.mark.parametrize("beside", [[], [Made(image=png(pieces()[5]))]])
def test_what_shows_nothing_is_searched_for_words_alone(
    local_store: Store, tmp_path: Path, beside: Sequence[Made]
) -> None:
    shown = {"one.jpg": jpeg(pieces()[0], 90)}
    pope(tmp_path, [("one.jpg", QUESTION)], shown)
    found = searched(local_store, tmp_path, {SEEN: [Made(image=b"", question=QUESTION), *beside]})
    overlap = only(found)
    assert (found.instances, found.images) == (1 + len(beside), len(beside))
    assert (len(overlap.worded), len(overlap.same), overlap.equal, overlap.near) == (1, 0, set(), set())


def test_what_is_held_out_is_not_training(local_store: Store, tmp_path: Path) -> None:
    first, second, *_ = pieces()
    shown = {"one.jpg": jpeg(first, 90)}
    pope(tmp_path, [("one.jpg", QUESTION)], shown)
    made = [Made(image=shown["one.jpg"], question=QUESTION, held=True), Made(image=png(second))]
    assert not searched(local_store, tmp_path, {SEEN: made}).overlaps


def test_tasks_that_hold_nothing_are_passed_over_and_none_but_such_are_an_error(
    local_store: Store, tmp_path: Path
) -> None:
    pope(tmp_path, about({"a.jpg": b""}), {"a.jpg": jpeg(pieces()[0], 90)})
    asked = sought({"pope": RawTree.of(str(tmp_path / "pope"))}, 1024)
    kept = [Made(image=jpeg(pieces()[0], 90), held=True)]
    prepared = plant(local_store, {SEEN: [Made(image=jpeg(pieces()[0], 90))], OTHER: kept})
    found = contamination("planted", prepared, [SEEN, OTHER, "vision_flan_191/ITM"], asked)
    assert found.tasks == [SEEN] and only(found).equal == {0}
    for tasks in ([], [OTHER], ["vision_flan_191/ITM"]):
        with pytest.raises(ValueError, match="recipe 'planted' trains on no instance"):
            contamination("planted", prepared, tasks, asked)


def test_images_that_cannot_be_read_or_compared_are_counted(local_store: Store, tmp_path: Path) -> None:
    shown = {"broken.jpg": jpeg(pieces()[0], 90)[:300], "plain.png": png(Image.new("RGB", (50, 50), "navy"))}
    pope(tmp_path, about({**shown, "missing.jpg": b""}), shown)
    found = searched(local_store, tmp_path, {SEEN: [Made(image=png(pieces()[0]))]})
    assert found.sought.unread == {"pope": {"picture does not decode": 1, "picture missing": 1}}
    (row,) = rows(found)
    assert dict(zip(HEADERS, row, strict=True)) == {
        "benchmark": "pope", "questions": "3", "words found": "0", "same picture": "0", "images": "1",
        "equal": "0", "alike": "0", "too plain": "1", "unread": "2",
            "images found": "0.0%",
    }  # fmt: skip


def test_benchmarks_without_files_are_named_and_damaged_ones_refused(
    local_store: Store, tmp_path: Path
) -> None:
    plan = Plan.of(load_recipe("smoke"), local_store)
    pope(tmp_path, [("one.jpg", QUESTION)], {})
    found = sought(trees(local_store, plan.questions, str(tmp_path)), 1024)
    assert set(found.titles) == {"pope"}
    assert set(found.absent) == set(catalogue()) - {"pope", "tasks"}
    (tmp_path / "pope" / "coco" / "coco_pope_random.json").write_text("{")
    with pytest.raises(ValueError, match="line 1"):
        sought(trees(local_store, plan.questions, str(tmp_path)), 1024)


def test_a_recipe_on_own_files_must_say_where_benchmarks_lie(local_store: Store, tmp_path: Path) -> None:
    (tmp_path / "raw" / "demo_digits").mkdir(parents=True)
    (tmp_path / "raw" / "demo_digits" / "any").write_bytes(b"any")
    overrides = {"prepare.raw": str(tmp_path / "raw")}
    plan = Plan.of(load_recipe("smoke", overrides), local_store)
    with pytest.raises(ValueError, match="--data"):
        trees(local_store, plan.questions)


def test_trained_tasks_are_those_of_all_stages(local_store: Store) -> None:
    plan = Plan.of(load_recipe("smoke"), local_store)
    assert "demo_digits/above_four" not in trained_tasks(plan)
    assert {"demo_photos/talk", "demo_digits/spell", "demo_digits/talk"} <= set(trained_tasks(plan))


def test_bare_leaves_the_question() -> None:
    assert bare("What is it?\nA. A cat\n(B) A dog\nC) An elk\nAnswer with the option's letter from the given "
                "choices directly.") == "What is it?"  # fmt: skip
    assert bare("Is it?\nAnswer the question using a single word or phrase.") == "Is it?"
    assert bare("A dog is there. Where?") == "A dog is there. Where?"


def test_data_and_page_hold_the_examples(local_store: Store, tmp_path: Path) -> None:
    shown = {"one.jpg": jpeg(pieces()[0], 90)}
    pope(tmp_path, [("one.jpg", QUESTION)], shown)
    tasks = {SEEN: [Made(image=png(pieces()[0]), question=QUESTION)]}
    found = searched(local_store, tmp_path, tasks)
    (overlap,) = json.loads(json.dumps(plain(found)))["overlaps"]
    assert overlap["examples"]["question"]["same_picture"] is True
    assert overlap["examples"]["image"]["equal"] is False
    assert (overlap["images_alike"], overlap["questions_same_image"]) == (1, 1)
    prepared = plant(local_store, tasks)
    tried = trial(sample(prepared))
    assert (tried.images, plain(found, tried)["trial"]["recall"]["half the size"]["value"]) == (1, 1)
    html = page(found, prepared, tried).html()
    assert html.count("data:image/") == 2 and "red umbrella" in html
    assert "How well pictures are recognised" in html and "5 % cut off" in html
