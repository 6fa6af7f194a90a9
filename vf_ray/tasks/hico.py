"""HICO: photographs of people doing things with objects, 600 pairs of verb and object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vf_ray.instances.nouns import there_is
from vf_ray.sources.fields import Fields, fields_of, text_of
from vf_ray.sources.mat_file import as_list, load_mat
from vf_ray.sources.records import At, parsed
from vf_ray.text import words
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

ROOT = "hico_20150920"
NOTHING = "no_interaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRow(Row):
    """A picture and what people do in it: (verb in -ing form, noun) of each certain pair."""

    actions: tuple[tuple[str, str], ...]


def _read(tree: Tree) -> Iterator[InteractionRow | Reject]:
    """Only 1 is certain: 0 is ambiguous, -1 negative, NaN (most) unknown."""
    for split in ("train", "test"):
        names = ("list_action", f"list_{split}", f"anno_{split}")
        variables = load_mat(tree, f"{ROOT}/anno.mat", names)
        yield from parsed(_images(variables, split), _row)


def _images(variables: Mapping[str, Any], split: str) -> Iterator[tuple[tuple[Any, list[Fields]], At]]:
    """Yield each picture's name and its certain actions."""
    actions = [fields_of(action, "an action") for action in as_list(variables["list_action"])]
    files = as_list(variables[f"list_{split}"])
    certain = (variables[f"anno_{split}"] == 1).reshape(len(actions), len(files))
    for number, name in enumerate(files):
        done = [action for action, flag in zip(actions, certain[:, number], strict=True) if flag]
        yield (name, done), At("anno.mat", split, number)


def _row(image: tuple[Any, list[Fields]], at: At) -> InteractionRow:
    name = text_of(image[0], "the file's name")
    return InteractionRow(
        key=name,
        split=at.split,
        image=f"{ROOT}/images/{at.split}2015/{name}",
        actions=tuple((_verb(action), words(action["nname"])) for action in image[1]),
    )


def _verb(action: Fields) -> str:
    return NOTHING if action["vname"] == NOTHING else words(action["vname_ing"])


HICO = Source(
    name="hico",
    title="HICO",
    url="http://www-personal.umich.edu/~ywchao/hico/",
    terms=Terms(faces="yes"),
    raws=(Raw(name="hico", obtain="Put hico_20150920.tar.gz of www-personal.umich.edu/~ywchao/hico here"),),
    read=_read,
)


@HICO.task(
    "activity",
    upstream="HICO+human_activity_detection",
    group="classification",
    category="Human Activity",
    instruction="What is the person doing with the object? Answer with sentences of the form "
    '"A person is holding the cup."; of an object with which nothing is done, say "There is a cup."',
    ceiling=0.2,
    evidence="all certain pairs of a picture; where the verb is no interaction, the sentence is ours",
)
def activity(row: InteractionRow) -> Made:
    """One sentence a pair."""
    if not row.actions:
        return Reject(row.key, "no certain action")
    sentences = (f"A person is {verb} the {noun}." for verb, noun in row.actions if verb != NOTHING)
    alone = (there_is(noun) for verb, noun in row.actions if verb == NOTHING)
    return Example(image=row.image, answer=" ".join((*sentences, *alone)))


@HICO.task(
    "object",
    upstream="HICO+object_classification",
    group="classification",
    category="General Object",
    instruction="Which object is the person using or close to? Answer with its name; separate several by "
    "commas.",
    ceiling=0.2,
    evidence="not in the paper's list; group and category are ours",
)
def thing(row: InteractionRow) -> Made:
    """Every object once."""
    if not row.actions:
        return Reject(row.key, "no certain action")
    return Example(image=row.image, answer=", ".join(dict.fromkeys(noun for _, noun in row.actions)))
