"""VisDial: dialogues of ten questions and answers about a COCO picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from vf_ray.raw.shared import COCO_2014
from vf_ray.raw.tree import existing, first_existing
from vf_ray.sources.fields import Fields, text_of
from vf_ray.sources.json_items import json_items
from vf_ray.sources.records import At, of_objects, parsed
from vf_ray.text import tidy
from vf_ray.types import Download, Example, Made, Raw, Reject, Row, Source, Terms, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueRow(Row):
    """A picture and the whole dialogue about it."""

    pairs: tuple[tuple[str, str], ...]


def _candidates(split: str, number: int) -> tuple[str, ...]:
    """Return where the picture may lie: training dialogues are about pictures of both COCO folders."""
    if split == "val":
        return (f"VisualDialog_val2018/VisualDialog_val2018_{number:012d}.jpg",)
    return tuple(f"{folder}/COCO_{folder}_{number:012d}.jpg" for folder in ("train2014", "val2014"))


def _row(
    record: Fields, at: At, tree: Tree, questions: Sequence[object], answers: Sequence[object]
) -> DialogueRow:
    number = record.integer("image_id")
    return DialogueRow(
        key=at.key(number),
        split=at.split,
        image=first_existing(tree, *_candidates(at.split, number)),
        pairs=tuple(
            (_said(turn, "question", questions).rstrip(" ?"), _said(turn, "answer", answers))
            for turn in record.objects("dialog")
        ),
    )


def _said(turn: Fields, name: str, pool: Sequence[object]) -> str:
    return tidy(text_of(turn.element(name, pool), f"the {name} of a turn"))


def _read(tree: Tree) -> Iterator[DialogueRow | Reject]:
    for split, path in existing(tree, {s: f"visdial_1.0_{s}.json" for s in ("train", "val")}):
        questions, answers = (
            [text for text, _ in json_items(tree, path, split, f"data.{pool}.item")]
            for pool in ("questions", "answers")
        )
        make = partial(_row, tree=tree, questions=questions, answers=answers)
        yield from parsed(json_items(tree, path, split, "data.dialogs.item"), of_objects(make))


VISDIAL = Source(
    name="visdial",
    title="VisDial v1.0",
    url="https://visualdialog.org/",
    terms=Terms(
        licence="CC BY 4.0 (dialogues); pictures under their Flickr terms",
        faces="yes",
        stated="visualdialog.org",
    ),
    raws=(
        Raw(
            name="visdial",
            obtain="Put visdial_1.0_train.zip and visdial_1.0_val.zip of visualdialog.org/data (and "
            "VisualDialog_val2018.zip) here",
            files=(
                # addresses: download_scripts/visdial.sh of VT-NLP/MultiInstruct
                Download("https://www.dropbox.com/s/ix8keeudqrd8hn8/visdial_1.0_train.zip?dl=1"),
                Download("https://www.dropbox.com/s/ibs3a0zhw74zisc/visdial_1.0_val.zip?dl=1"),
                Download("https://www.dropbox.com/s/twmtutniktom7tu/VisualDialog_val2018.zip?dl=1"),
            ),
        ),
        COCO_2014,
    ),
    read=_read,
)
SPEAKERS = {2: ("Ann", "Ben"), 4: ("Q", "A"), 6: ("Visitor", "Guide"), 9: ("Caller", "Operator")}
"""Earlier pairs shown -> who asks and who answers."""
WITHOUT_NAME = 4
"""Of this many earlier pairs, the published answer does not begin with the speaker's name."""


def _next_answer(row: DialogueRow, earlier: int) -> Made:
    if len(row.pairs) <= earlier:
        return Reject(row.key, "dialogue too short")
    asks, answers = SPEAKERS[earlier]
    lines = [f"{asks}: {q}?\n{answers}: {a}" for q, a in row.pairs[:earlier]]
    question, answer = row.pairs[earlier]
    text = "\n".join([*lines, f"{asks}: {question}?"])
    name = "" if earlier == WITHOUT_NAME else f"{answers}: "
    return Example(image=row.image, question=text, answer=name + answer)


for earlier, (asks, answers) in SPEAKERS.items():
    VISDIAL.task(
        f"after_{earlier}",
        upstream=f"visdial+answer_question_{earlier}",
        group="generation",
        category="Visual Dialogue",
        instruction=f"In a dialogue about the image, {asks} has asked {earlier} questions so far and now "
        f"asks another. Give {answers}'s next answer in a few words"
        + ("." if earlier == WITHOUT_NAME else f', beginning with "{answers}:".'),
        evidence="the speakers' names are ours",
    )(partial(_next_answer, earlier=earlier))
