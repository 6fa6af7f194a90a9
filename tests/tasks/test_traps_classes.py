"""What publishers of labels ship besides good records is read right, or counted with its reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tasks.files import cells, mat
from tests.tasks.test_layouts import verdicts
from tests.tasks.test_traps import found
from tests.tasks.tree import Files, pictures
from tests.tasks.trees import TREES
from vf_ray.tasks.caltech101 import DOUBTFUL, LIFELESS, LIVING
from vf_ray.types import Instance, Reject


def test_views_by_day_belong_to_the_validation_part(tmp_path: Path) -> None:
    root = "dark_zurich/rgb_anon"
    files = pictures(f"{root}/val_ref/day/G/a.png", f"{root}/val/night/G/b.png", f"{root}/train/dawn/G/c.png")
    answers, reasons = found("dark_zurich", tmp_path, files)
    assert sorted(answers.values()) == ["daytime", "nighttime"] and reasons == ["unknown class"]


def test_crowds_that_are_nowhere_are_rejects(tmp_path: Path) -> None:
    scenes = ("celebratiobn", "Kite-festival", "bus station", "waterpark", "Canada", "no-crowd")
    lines = [f"{n:04d},12,{scene},0,0" for n, scene in enumerate(scenes)]
    files = {"jhu_crowd/jhu_crowd_v2.0/val/image_labels.txt": "\n".join((*lines, "broken"))}
    answers, reasons = found("jhu_crowd", tmp_path, files)
    assert list(answers.values()) == ["celebration", "kite festival", "bus station", "water park"]
    assert reasons == ["label names no scene"] * 2 + ["malformed record"]


def test_codes_that_name_nothing_are_rejects(tmp_path: Path) -> None:
    marks = "1.5\t2.5\n" * 5
    files = {
        "raf_db/basic/EmoLabel/list_patition_label.txt": "".join(
            f"train_{n}.jpg {code}\n" for n, code in enumerate((1, 0, 8, 7))
        ),
        **{
            f"raf_db/basic/Annotation/manual/train_{n}_manu_attri.txt": f"{marks}{gender}\n0\n0\n"
            for n, gender in enumerate((1, 0, 0, -1))
        },
    }
    answers, reasons = found("raf_db", tmp_path, files)
    assert answers == {
        "person train_0.jpg": "The person is female, aged 0-3, Caucasian; the emotion is surprise."
    }
    assert reasons == ["malformed record"] * 3


def test_a_class_of_neither_side_costs_its_images(tmp_path: Path) -> None:
    files = {
        "places205/IndoorOutdoor_places205.csv": "'/a/abbey',2\n\n'/b/bar/in',1\n'/b/bar/out',3\n",
        "places205/trainvalsplit_places205/train_places205.csv": "".join(f"{n}.jpg {n}\n" for n in range(4)),
    }
    answers, reasons = found("places205", tmp_path, files)
    assert list(answers.values()) == ["Outdoor", "Indoor"]
    assert reasons == ["class of neither side"] * 2


def test_the_large_edition_of_places_is_found(tmp_path: Path) -> None:
    files = {
        "places365/categories_places365.txt": "/a/airfield 0\n/p/plaza 1\n",
        "places365/places365_train_standard.txt": "/a/airfield/0001.jpg 0\n"
        "/p/plaza/0001.jpg 1\n/p/plaza/2.jpg 7\n",
        **pictures("places365/data_large/p/plaza/0001.jpg"),
    }
    both = verdicts("places365", tmp_path, files)
    shown = {v.answer: v.image for v in both if isinstance(v, Instance)}
    assert shown == {"airfield": "data_large/a/airfield/0001.jpg", "plaza": "data_large/p/plaza/0001.jpg"}
    assert found("places365", tmp_path, files)[1] == ["malformed record"]


def cars(*records: tuple[int, str]) -> bytes:
    found = np.empty((1, len(records)), [("class", object), ("fname", object)])
    for n, record in enumerate(records):
        found[0, n] = record
    return mat(annotations=found)


def test_classes_of_cars_begin_at_one(tmp_path: Path) -> None:
    files = {
        "stanford_cars/devkit/cars_meta.mat": mat(class_names=cells("Ram C/V Van 2012", "smart fortwo 2012")),
        "stanford_cars/devkit/cars_train_annos.mat": cars(*((n, f"{n}.jpg") for n in (0, 1, 2, 3))),
        "stanford_cars/cars_test_annos_withlabels.mat": cars((2, "1.jpg")),
    }
    answers, reasons = found("stanford_cars", tmp_path, files)
    assert {key: answer for key, answer in answers.items() if key.startswith("brand")} == {
        "brand cars_train/1.jpg": "Ram",
        "brand cars_train/2.jpg": "smart",
        "brand cars_test/1.jpg": "smart",
    }
    assert reasons == ["malformed record"] * 2


def test_cars_in_one_folder_are_split_by_their_list(tmp_path: Path) -> None:
    records = np.empty((1, 2), [("relative_im_path", object), ("class", object), ("test", object)])
    records[0, 0], records[0, 1] = ("car_ims/000001.jpg", 1, 0), ("car_ims/000002.jpg", 2, 1)
    names = cells("AM General Hummer SUV 2000", "Aston Martin Virage Coupe 2012")
    files = {"stanford_cars/cars_annos.mat": mat(annotations=records, class_names=names)}
    both = [v for v in verdicts("stanford_cars", tmp_path, files) if isinstance(v, Instance)]
    assert [(v.split, v.answer) for v in both if v.task.endswith("brand")] == [
        ("train", "AM General"),
        ("test", "Aston Martin"),
    ]


def birds(source: str, root: str) -> Files:
    return {
        f"{source}/{root}/images.txt": "1 a/1.jpg\n2 a/2.jpg\n3 a/3.jpg\nbroken\n",
        f"{source}/{root}/classes.txt": "5 005.Common Eider (Adult male)\n",
        f"{source}/{root}/image_class_labels.txt": "1 5\n2 9\n",
        f"{source}/{root}/train_test_split.txt": "1 1\n2 0\n3 1\n",
        f"{source}/{root}/parts/parts.txt": "0 bill\n",
        f"{source}/{root}/parts/part_locs.txt": "1 0 5 6 1\n",
    }


@pytest.mark.parametrize(("source", "root"), [("cub", "CUB_200_2011"), ("nabirds", "nabirds")])
def test_birds_of_no_class_are_rejects(tmp_path: Path, source: str, root: str) -> None:
    answers, reasons = found(source, tmp_path, birds(source, root))
    assert "Common Eider (Adult male)" in {answer.removeprefix("005.") for answer in answers.values()}
    assert reasons == ["malformed record"] * 2 + ["picture without annotation"]


def test_an_aircraft_without_a_family_is_a_reject(tmp_path: Path) -> None:
    root = "fgvc_aircraft/fgvc-aircraft-2013b/data"
    files = {
        f"{root}/images_variant_train.txt": "0034309 F-16A/B\n0000001 737-800\nbroken\n",
        f"{root}/images_family_train.txt": "0034309 F-16\n",
        f"{root}/images_manufacturer_train.txt": "0034309 Lockheed Corporation\n0000001 Boeing\n",
    }
    answers, reasons = found("fgvc_aircraft", tmp_path, files)
    assert answers["model 0034309"] == "Lockheed Corporation; F-16; F-16A/B" and len(answers) == 4
    assert reasons == ["a level has no name", "malformed record"]


@pytest.mark.parametrize("flags", ["0\n", "0\n1\n1\n"])
def test_lists_that_are_joined_by_line_must_agree_in_length(tmp_path: Path, flags: str) -> None:
    files = {
        "nus_wide/ImageList/TrainImagelist.txt": "a\\1.jpg\r\nb\\2.jpg\r\n",
        "nus_wide/Groundtruth/TrainTestLabels/Labels_animal_Train.txt": flags,
    }
    with pytest.raises(ValueError, match=r"TrainImagelist\.txt and .*Train\.txt differ in length; fetch"):
        found("nus_wide", tmp_path, files)


def test_a_thing_is_alive_lifeless_doubtful_or_unknown(tmp_path: Path) -> None:
    names = ("Leopards", "wrench", "bass", "Faces_2")
    files = pictures(*(f"caltech101/101_ObjectCategories/{name}/image_0001.jpg" for name in names))
    answers, reasons = found("caltech101", tmp_path, files)
    living = {key.split("/")[1]: answer for key, answer in answers.items() if key.startswith("living")}
    assert living == {"Leopards": "Yes", "wrench": "No"} and reasons == ["unknown class"]


def test_every_class_of_caltech101_is_in_one_table() -> None:
    assert len(LIVING | LIFELESS | DOUBTFUL) == len(LIVING) + len(LIFELESS) + len(DOUBTFUL) == 101


def test_hyphens_of_caltech256_stay_where_they_belong(tmp_path: Path) -> None:
    names = ("232.t-shirt", "249.yo-yo", "003.american-flag", "253.faces-easy-101", "257.clutter")
    root = "caltech256/256_ObjectCategories"
    strays: Files = {f"{root}/198.spider/RENAME2": "#!/bin/sh\n", **pictures(f"{root}/056.dog/greg/1.jpg")}
    files = {**strays, **pictures(*(f"{root}/{name}/1.jpg" for name in names))}
    answers, reasons = found("caltech256", tmp_path, files)
    assert sorted(answers.values()) == ["American flag", "T-shirt", "face", "yo-yo"] and not reasons


def test_an_organism_of_no_category_is_named_in_its_reject(tmp_path: Path) -> None:
    files = dict(TREES["inaturalist"]())
    data = files["inaturalist/train_mini.json"]
    odd = {"text": 6, "missing": 7, "unknown": 8, "unlabelled": 9}
    images = [*data["images"], *({"id": n, "file_name": f"{name}.jpg"} for name, n in odd.items())]
    labels: list[Any] = [{"image_id": 6, "category_id": "worm"}, {"image_id": 7}]
    labels += [
        {"image_id": 8, "category_id": 99},
        {"image_id": 10, "category_id": 0},
        {"category_id": 0},
        None,
    ]
    labels += [*data["annotations"]]
    files["inaturalist/train_mini.json"] = {**data, "images": images, "annotations": labels}
    made = verdicts("inaturalist", tmp_path, files)
    assert {v.key for v in made if isinstance(v, Instance)} == {"train_mini/5"}
    unread = "field 'category_id' is {}; expected an integer".format
    assert [(v.key, v.reason, v.detail) for v in made if isinstance(v, Reject)] == [
        ("train_mini/#1", "malformed record", unread("a text")),
        ("train_mini/#2", "malformed record", unread("null").replace("field", "absent field")),
        ("train_mini/8", "label names no category", "category_id 99"),
        ("train_mini/9", "picture without annotation", ""),
        ("train_mini/annotations/#3", "annotation without picture", "id 10"),
        (
            "train_mini/annotations/#4",
            "malformed record",
            "absent field 'image_id' is null; expected an integer",
        ),
        ("train_mini/annotations/#5", "malformed record", "the record is null; expected an object"),
    ]
