"""The quality of a recipe as one page: what to look at first, every task with pictures, the twins."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vf_ray.page.document import Block, Document, Notes, Paragraph, Section, Tile, Tiles
from vf_ray.page.image_data import data_uri
from vf_ray.page.sheets import Beside, Card, ImagePair, PairSide, PairsOfImages, Shares, Sheet
from vf_ray.page.tables import Table
from vf_ray.quality.duplicates import Meeting, Twins
from vf_ray.quality.examine import Quality
from vf_ray.quality.figures import TaskQuality
from vf_ray.quality.flags import RULES
from vf_ray.quality.measures import SheetItem
from vf_ray.quality.perceptual import PLAINEST, RADIUS, TINT
from vf_ray.quality.prepared import Prepared, Stored
from vf_ray.quality.task_table import SHORT_HEADERS, percent, short_row

MOST_PAIRS = 24
"""Pairs of sources of which twins are shown, those with most pairs first."""
_BINS = 10


def page(quality: Quality, prepared: Prepared, about: str) -> Document:
    """Return the page; its pictures are read from the store."""
    tasks = [_task(task, quality, prepared) for task in quality.tasks]
    sections = [_overview(quality), _tasks(quality), _flags(quality), _duplicates(quality, prepared)]
    return Document(title=f"Quality: {quality.recipe}", about=about, sections=[*sections, *tasks])


def _overview(quality: Quality) -> Section:
    tasks, twins = quality.tasks, quality.duplicates
    train, held_out = sum(t.train for t in tasks), sum(t.held_out for t in tasks)
    tiles = [
        Tile(value=f"{len(tasks):,}", label="tasks", detail=f"of {len({t.source for t in tasks})} sources"),
        Tile(
            value=f"{train + held_out:,}",
            label="instances",
            detail=f"{train:,} to train, {held_out:,} held out",
        ),
        Tile(value=f"{quality.images:,}", label="images", detail="of different content"),
        Tile(
            value=f"{len(quality.flags):,}", label="tasks with flags", detail="reasons to look, no verdicts"
        ),
        Tile(
            value=f"{sum(t.near_within for t in tasks):,}",
            label="pictures alike within a task",
            detail="re-encoded, resized or barely cropped",
        ),
        Tile(
            value=f"{sum(twins.equal.values()):,}",
            label="pictures shared",
            detail=f"by {len(twins.equal)} pairs of sources, byte by byte",
        ),
    ]
    return Section(title="Overview", blocks=[Tiles(tiles=tiles)])


def _tasks(quality: Quality) -> Section:
    anchors = {task.task: _anchor(task.task) for task in quality.tasks}
    rows = [short_row(task, quality) for task in quality.tasks]
    table = Table(headers=SHORT_HEADERS, rows=rows, anchors=anchors, caption=_TASKS_CAPTION)
    return Section(title="Tasks", blocks=[table])


_TASKS_CAPTION = (
    "Asked and answered: median words. Rejected: share of the examined records, of the share that the "
    "task allows. Alike: pictures that look like another one of the task."
)


def _anchor(title: str) -> str:
    return Section(title=title, blocks=()).anchor


def _flags(quality: Quality) -> Section:
    rows = [[task, flag.name, flag.words] for task, those in quality.flags.items() for flag in those]
    anchors = {task: _anchor(task) for task in quality.flags}
    table = Table(headers=["task", "flag", "found"], rows=rows, wide=(1, 2), anchors=anchors)
    rules = [[rule.name, f"over {rule.limit:.0%}" if rule.limit else "at all", rule.why] for rule in RULES]
    stated = Table(headers=["flag", "raised", "because"], rows=rules, wide=(1, 2), caption="What is flagged")
    return Section(title="Flags", blocks=[table if rows else Paragraph(words="No task has any."), stated])


def _duplicates(quality: Quality, prepared: Prepared) -> Section:
    twins = quality.duplicates
    shared = [[*_names(pair), f"{count:,}"] for pair, count in twins.equal.items()]
    alike = [[*_names(pair), f"{n:,}", f"{twins.twins[pair].bits}"] for pair, n in twins.near.items()]
    most = sorted(twins.near, key=lambda pair: (-twins.near[pair], pair))[:MOST_PAIRS]
    blocks: list[Block] = [Paragraph(words=HASH_TEXT)]
    if shared:
        blocks.append(
            Table(
                headers=["source", "source", "images"],
                rows=shared,
                wide=(1,),
                caption="Equal, byte by byte",
            )
        )
    if alike:
        headers = ["source", "source", "pairs", "closest, bits"]
        blocks.append(
            Table(headers=headers, rows=alike, wide=(1,), caption="Different content, alike to look at")
        )
        blocks.append(PairsOfImages(pairs=_pairs({pair: twins.twins[pair] for pair in most}, prepared)))
    if not (shared or alike):
        blocks.append(Paragraph(words="No two pictures are equal across sources, and none are alike."))
    return Section(title="Duplicates", blocks=blocks)


HASH_TEXT = (
    "Pictures are compared by content (SHA-256) and by looks: a cosine hash of 256 bits after PDQ, and the "
    f"mean colour. Two are alike if at most {RADIUS} bits and {TINT} levels of colour differ. So they are "
    "after re-encoding, resizing and crops of 2%; different photographs are not, very simple drawings may "
    f"be. What has less detail than {PLAINEST} of 100 is compared by content alone. Sources that are built "
    "on the same pictures share them rightly."
)


def _names(pair: Meeting) -> tuple[str, str]:
    first, second = pair
    return first, "itself" if first == second else second


def _pairs(examples: Mapping[Meeting, Twins], prepared: Prepared) -> list[ImagePair]:
    wanted: dict[str, set[int]] = {}
    for pair, twins in examples.items():
        for source in pair:
            wanted.setdefault(source, set()).update(twins[:2])
    stored = {source: prepared.stored(source, ids) for source, ids in wanted.items()}
    return [_pair(pair, twins, stored) for pair, twins in examples.items()]


def _pair(pair: Meeting, twins: Twins, stored: Mapping[str, Mapping[int, Stored]]) -> ImagePair:
    """Show a pair, each picture from whichever of the two sources has it."""
    one, other = pair
    straight = twins.first in stored[one] and twins.second in stored[other]
    left, right = (one, other) if straight else (other, one)
    sides = _side(left, stored[left][twins.first]), _side(right, stored[right][twins.second])
    return ImagePair(sides=sides, caption=f"{twins.bits} of 256 bits differ")


def _side(source: str, stored: Stored) -> PairSide:
    uri, small = data_uri(stored.data)
    return PairSide(image=uri, pixelated=small, words=f"{source}: {stored.words}")


def _task(task: TaskQuality, quality: Quality, prepared: Prepared) -> Section:
    counts, source = task.measured, prepared.catalogue.source_of(task.task)
    head = f"{task.group}, {task.category}; {source.title}, licence {source.terms.licence}"
    flags = [f"{flag.name}: {flag.words}" for flag in quality.flags.get(task.task, ())]
    stored = prepared.stored(task.source, {shown.image for shown in counts.shown})
    cards = [_card(shown, stored[shown.image]) for shown in counts.shown]
    blocks: list[Block] = [
        Paragraph(words=head),
        *([Notes(lines=flags)] if flags else []),
        Sheet(cards=cards),
        Beside(parts=[_answers(task), *_lengths(task)]),
        Beside(parts=[_spread(task), _repeats(task), *([_rejects(task)] if task.rejected else [])]),
    ]
    return Section(title=task.task, blocks=blocks, listed=False)


def _card(shown: SheetItem, stored: Stored) -> Card:
    uri, small = data_uri(stored.data)
    asked, *replies = shown.turns
    return Card(image=uri, pixelated=small, title=shown.key, asked=asked, answered="\n".join(replies))


def _answers(task: TaskQuality) -> Shares:
    answers = task.measured.answers
    listed = list(answers.top)
    rest = task.instances - sum(count for _, count in listed)
    others = answers.distinct - len(listed)
    caption = f"Answers: {answers.distinct:,} different" + (
        f", {others:,} more with {rest:,} instances" if others else ""
    )
    return Shares(counts=listed, total=task.instances, caption=caption)


def _lengths(task: TaskQuality) -> list[Shares]:
    """Return how long questions and answers are, where they differ at all."""
    words = task.measured.words
    named = {"prompt": "Words that are asked", "response": "Words that are answered"}
    return [
        Shares(counts=_binned(words[name]), total=task.instances, caption=caption)
        for name, caption in named.items()
        if words[name].min() < words[name].max()
    ]


def _binned(values: npt.NDArray[np.int32]) -> list[tuple[str, int]]:
    """Return counts of lengths in bins of whole words, the last one open to the top."""
    low, high = int(values.min()), max(int(np.quantile(values, 0.99)), int(values.min()) + 1)
    width = -(-(high - low + 1) // _BINS)
    edges = range(low, high + 1, width)
    places = np.minimum((values - low) // width, len(edges) - 1)
    counts = np.bincount(places, minlength=len(edges)).tolist()
    return [
        (_bin(start, width, start == edges[-1], int(values.max())), n)
        for start, n in zip(edges, counts, strict=True)
    ]


def _bin(start: int, width: int, last: bool, most: int) -> str:
    end = most if last else start + width - 1
    return f"{start}" if end == start else f"{start} to {end}"


def _spread(task: TaskQuality) -> Table:
    rows = [
        [name, f"{s.mean:,.1f}", *(f"{n:,}" for n in (s.least, s.median, s.p95, s.most))]
        for name, s in task.measured.lengths.items()
    ]
    return Table(headers=["lengths", "mean", "least", "median", "95%", "most"], rows=rows)


def _repeats(task: TaskQuality) -> Table:
    measures = task.measured
    counts = {
        "instances that repeat another": (measures.repeated, task.instances),
        "that another task has too": (task.repeated_elsewhere, task.instances),
        "that another one contradicts": (measures.contradictory, task.instances),
        "pictures like another of the task": (task.near_within, task.images),
        "like one of another source": (task.near_elsewhere, task.images),
        "equal to one of another source": (task.equal_elsewhere, task.images),
        "held out, like one trained on": (task.leaked, task.held_out_images),
        "too plain to compare": (task.plain, task.images),
    }
    rows = [[name, f"{part:,}", percent(part, whole)] for name, (part, whole) in counts.items()]
    return Table(headers=["duplicates", "n", "share"], rows=rows)


def _rejects(task: TaskQuality) -> Table:
    rows = [[reason, f"{count:,}", percent(count, task.examined)] for reason, count in task.rejected.items()]
    total = sum(task.rejected.values())
    rows.append(["all", f"{total:,}", percent(total, task.examined)])
    return Table(headers=["rejected", "records", f"ceiling {100 * task.ceiling:g}%"], rows=rows)
