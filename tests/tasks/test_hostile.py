"""A field of another kind costs its record and no other, in every source: ``vf_ray/testing/hostile.py``."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tasks.trees import TREES
from vf_ray.tasks import sources
from vf_ray.testing.hostile import TABLES, alterations, field_faults

NOT_OURS: Mapping[str, set[str]] = {
    # empty, or another text, says that this record is of a sort that no task asks about
    "scienceqa": {"image"}, "recipeqa": {"task"}, "tdiuc": {"question_type"},
    "coco_objects": {"supercategory"}, "emoji": {"category"}, "country_flags": {"capital", "continent"},
    # an empty list holds no record, and a step without a picture is none
    "senticap": {"sentences"}, "memecap": {"meme_captions", "img_captions"}, "visual_genome": {"qas"},
    "visual7w": {"qa_pairs"}, "wikihow": {"steps", "steps.img"}, "vqg": {"captions", "questions"},
    # the list has no header, so its first line was taken for one
    "places205": {"a/abbey/gsun_x.jpg 0"},
}  # fmt: skip
"""Fields of which some values mean that there is no record of ours, which is no loss."""
NUMBERS: Mapping[str, set[str]] = {
    "clevr": {"answer"}, "clevr_cogent": {"answer"}, "vqa_rad": {"answer"}, "dvqa": {"answer"},
    "plotqa": {"answer"}, "iconqa": {"answer", ""}, "geometry3k": {""}, "kvqa": {"Answers"},
    "okvqa": {"answers.raw_answer"}, "tdiuc": {"answers.answer"}, "vqav2": {"multiple_choice_answer"},
}  # fmt: skip
"""Fields in which a publisher writes numbers as answers."""
READ = [name for name in TREES if any(next(alterations(p, v), None) for p, v in TREES[name]().items())]


@pytest.mark.parametrize("name", READ)
def test_a_field_of_another_kind_costs_its_record_alone(name: str, tmp_path: Path) -> None:
    files = TREES[name]()
    silent, written = field_faults(sources()[name], files, tmp_path)
    assert silent == NOT_OURS.get(name, set())
    if not any(path.endswith(tuple(TABLES)) for path in files):  # in a table everything is text
        assert written == NUMBERS.get(name, set())
