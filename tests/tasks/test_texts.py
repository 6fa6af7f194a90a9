"""Every instance of every task reads as a careful annotator would have written it."""

from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.tasks.texts import RULES, faults
from tests.tasks.tree import write
from tests.tasks.trees import TREES
from vf_ray.instances.distractors import apart
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.tasks import catalogue, sources
from vf_ray.tasks.caltech256 import spoken as of_caltech256
from vf_ray.tasks.cub import spoken as of_cub
from vf_ray.tasks.gtsrb import SIGNS
from vf_ray.tasks.objectnet import spoken as of_objectnet
from vf_ray.tasks.places365 import spoken as of_places365
from vf_ray.tasks.tu_berlin_sketch import spoken as of_tu_berlin
from vf_ray.tasks.wikiart import painter
from vf_ray.types import Instance

WORDED = [name for name, source in sources().items() if name in TREES and source.tasks[0].instruction]
"""Sources that we ask about in words of ours."""

OTHER_LISTS = ("cinic10", "dtd", "eurosat")
"""Sources whose tasks each name other classes to choose from, so that one answer answers several."""


@cache
def _instances(name: str) -> tuple[Instance, ...]:
    source = sources()[name]
    with TemporaryDirectory() as folder:
        tree = RawTree.of(str(write(Path(folder), TREES[name]())), source.raws)
        found = examine(source, tree, source.tasks, seed=7)
        return tuple(verdict for verdict in found if isinstance(verdict, Instance))


@pytest.mark.parametrize("name", WORDED)
def test_every_text_obeys_the_rules(name: str) -> None:
    found = [f for one in _instances(name) for f in faults(catalogue()[one.task].instruction, one)]
    assert not found


@pytest.mark.parametrize("name", WORDED)
def test_no_two_tasks_teach_one_target(name: str) -> None:
    by_target = defaultdict(set)
    for one in _instances(name):
        by_target[one.key, one.question, one.options, one.response].add(one.task)
    shared = [tasks for tasks in by_target.values() if len(tasks) > 1]
    assert name in OTHER_LISTS or not shared


def _instance(answer: str, prompt: str = "?", options: tuple[str, ...] = ()) -> Instance:
    return Instance(
        task="x/y", key="", split="train", image="1.jpg", question="", options=options, answer=answer,
        prompt=prompt, response=answer,
    )  # fmt: skip


BAD: dict[str, tuple[str, Instance]] = {
    "ends_with_a_mark": ("Name it", _instance("dog")),
    "british": ("Name the color.", _instance("red")),
    "articles": ("What?", _instance("It is a airplane.")),
    "plurals": ("What?", _instance("It is a scissors.")),
    "no_identifiers": ("Name it.", _instance("letter_tray")),
    "no_placeholders": ("Name it.", _instance("my <usr>")),
    "marks_are_joined": ("Describe it.", _instance("A lake .")),
    "options_differ": ("Take a letter.", _instance("soup", options=("soup", "lentil soup"))),
    "lists_do_not_repeat": ("List all, separated by commas.", _instance("dog, cat, dog")),
    "as_many_words": ("Name it in one or two words.", _instance("self propelled mower")),
    "as_the_form_says": ('Answer in the form "The sketch is red."', _instance("A dog.")),
    "yes_or_no": ("Is it red? Answer with yes or no.", _instance("red")),
    "as_it_is_written": ("Say in one sentence what it is.", _instance("It sits. It eats.")),
    "one_of_those_named": ("Answer with one of: dog, cat, elk.", _instance("bird")),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_finds_what_it_is_for(rule: object) -> None:
    name = getattr(rule, "__name__", "")
    assert callable(rule) and list(rule(*BAD[name]))


def test_published_names_become_words() -> None:
    said = {
        of_caltech256: {"145.motorbikes-101": "motorbike", "121.kangaroo-101": "kangaroo"},
        of_places365: {
            "church/outdoor": "outdoor church",
            "train_station/platform": "train station platform",
            "childs_room": "child's room",
            "bow_window/indoor": "indoor bow window",
        },
        of_tu_berlin: {"mouse (animal)": "mouse", "ice-cream-cone": "ice cream cone", "t-shirt": "T-shirt"},
        of_cub: {
            "Red_winged_Blackbird": "Red-winged Blackbird",
            "American_Three_toed_Woodpecker": "American Three-toed Woodpecker",
            "Harris_Sparrow": "Harris's Sparrow",
            "Forsters_Tern": "Forster's Tern",
        },
        of_objectnet: {
            "Coin (money)": "Coin",
            "Dress shoe (men)": "Men's dress shoe",
            "Air freshener": "Air freshener",
        },
        painter: {
            "High_Renaissance/orthodox-icons_d.jpg": "",
            "Post_Impressionism/vincent-van-gogh_a-1888.jpg": "Vincent van Gogh",
            "Realism/pierre-auguste-renoir_b(1).jpg": "Pierre-Auguste Renoir",
            "Cubism/juan-gris_c-1914.jpg": "Juan Gris",
        },
    }
    for spoken, names in said.items():
        assert {name: spoken(name) for name in names} == names


def test_no_sign_is_another_in_fewer_words() -> None:
    assert tuple(apart(SIGNS)) == SIGNS
