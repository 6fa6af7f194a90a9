"""Contamination as tables, as JSON-ready data, and as one page with examples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from vf_ray.page.document import Block, Document, Notes, Paragraph, Section, Tile, Tiles
from vf_ray.page.image_data import data_uri
from vf_ray.page.sheets import ImagePair, PairSide, PairsOfImages
from vf_ray.page.tables import Table, percent
from vf_ray.quality.contamination import Contamination, ImageFound, TaskOverlap
from vf_ray.quality.perceptual import PLAINEST, RADIUS, TINT
from vf_ray.quality.prepared import Prepared
from vf_ray.quality.question_overlap import COMMON, N
from vf_ray.quality.sought import bare
from vf_ray.quality.trial import JPEG, RecognitionTrial
from vf_ray.recipe.own_table import source_name

HEADERS = (
    "benchmark", "questions", "words found", "same picture", "images", "equal", "alike",
    "too plain", "unread", "images found",
)  # fmt: skip
TASK_HEADERS = ("benchmark", "task", "words found", "same picture", "equal", "alike", "images found")
MOST_EXAMPLES = 24

ABOUT = (
    f"Words are found if {N} words in a row of a question occur in a training prompt, or the whole of a "
    "shorter question is a line of one; lower case, without punctuation, the options and LLaVA's answer "
    f"suffix. Runs that more than {COMMON} different questions of a benchmark share do not count. Same "
    "picture: one training instance has the words and the question's picture, or one that looks like it."
)
IMAGES_ABOUT = (
    f"Pictures are equal by SHA-256, alike if at most {RADIUS} of the 256 bits of a perceptual hash after "
    f"PDQ and {TINT} levels of mean colour differ. What has less detail than {PLAINEST} of 100 is too plain "
    "for that."
)


def rows(overlaps: Contamination) -> list[Sequence[str]]:
    """Return a row for each benchmark under ``HEADERS``."""
    return [_row(overlaps, name) for name in overlaps.sought.titles]


def _row(overlaps: Contamination, name: str) -> Sequence[str]:
    sought, overlap = overlaps.sought, overlaps.of(name)
    places = [place for place, image in enumerate(sought.shown) if image.benchmark == name]
    questions = sum(sought.benchmark_of(place) == name for place in range(len(sought.questions)))
    plain = sum(not telling for telling in sought.looks.telling[places].tolist())
    counts = (
        questions, len(overlap.worded), len(overlap.same), len(places), len(overlap.equal),
        len(overlap.near - overlap.equal), plain, sum(sought.unread.get(name, {}).values()),
    )  # fmt: skip
    return [name, *(f"{count:,}" for count in counts), _rate(overlap, len(places))]


def _rate(overlap: TaskOverlap, images: int) -> str:
    """Return the share of a benchmark's images that are trained on."""
    return f"{len(overlap.equal | overlap.near) / images:.1%}" if images else "-"


def task_rows(overlaps: Contamination) -> list[Sequence[str]]:
    """Return a row for each benchmark and task that overlap, under ``TASK_HEADERS``."""
    shown = Counter(image.benchmark for image in overlaps.sought.shown)
    return [
        [benchmark, task, *(f"{count:,}" for count in _counts(overlap).values()),
         _rate(overlap, shown[benchmark])]
        for (benchmark, task), overlap in overlaps.overlaps.items()
    ]  # fmt: skip


def _counts(overlap: TaskOverlap) -> dict[str, int]:
    return {
        "questions_found": len(overlap.worded),
        "questions_same_image": len(overlap.same),
        "images_equal": len(overlap.equal),
        "images_alike": len(overlap.near - overlap.equal),
    }


def plain(overlaps: Contamination, tried: RecognitionTrial | None = None) -> dict[str, Any]:
    """Return all counts and examples, and how well pictures are recognised, as JSON-ready data."""
    return {
        "recipe": overlaps.recipe,
        "instances": overlaps.instances,
        "images": overlaps.images,
        "benchmarks": [_plain_benchmark(overlaps, name) for name in overlaps.sought.titles],
        "not_checked": dict(overlaps.sought.absent),
        "overlaps": [
            {"benchmark": name, "task": task, **_counts(overlap), **_examples(overlaps, overlap)}
            for (name, task), overlap in overlaps.overlaps.items()
        ],
        **({"trial": asdict(tried)} if tried else {}),
        "rule": {"run_words": N, "common_runs": COMMON, "hash_bits": 256, "radius": RADIUS, "tint": TINT},
    }


def _plain_benchmark(overlaps: Contamination, name: str) -> dict[str, Any]:
    numbers = [int(cell.replace(",", "")) for cell in _row(overlaps, name)[1:-1]]
    unread = {"unread": dict(overlaps.sought.unread.get(name, {}))}
    return {"benchmark": name, **dict(zip(_KEYS, numbers, strict=False)), **unread}


_KEYS = (
    "questions", "questions_found", "questions_same_image", "images", "images_equal", "images_alike",
    "images_plain",
)  # fmt: skip


def _examples(overlaps: Contamination, overlap: TaskOverlap) -> dict[str, Any]:
    examples: dict[str, Any] = {}
    if (shown := overlap.image) is not None:
        image = overlaps.sought.shown[shown.place].name
        examples["image"] = {
            "benchmark": image, "training": f"{shown.trained:016x}", "bits": max(0, shown.bits),
            "equal": shown.bits < 0,
        }  # fmt: skip
    if (words := overlap.words) is not None:
        question = overlaps.sought.questions[words.question]
        examples["question"] = {
            "id": question.id, "text": bare(question.prompt), "key": words.key, "prompt": words.prompt,
            "shared": words.run, "same_picture": words.same_image,
        }  # fmt: skip
    return {"examples": examples}


def page(overlaps: Contamination, prepared: Prepared, tried: RecognitionTrial | None = None) -> Document:
    """Return the page; pictures come from the benchmarks' files and the store."""
    sections = [_overview(overlaps), _by_task(overlaps), _images(overlaps, prepared), _questions(overlaps)]
    sections += [_trial(tried)] if tried else []
    about = (
        "What of the benchmarks is in the training data of this recipe, by task. All that a stage may draw "
        "from is searched, also where it takes but a sample."
    )
    return Document(
        title=f"Contamination: {overlaps.recipe}",
        about=about,
        sections=[s for s in sections if s is not None],
    )


def _overview(overlaps: Contamination) -> Section:
    sums = [overlaps.of(name) for name in overlaps.sought.titles]
    tiles = [
        Tile(
            value=f"{len(overlaps.sought.titles)}",
            label="benchmarks searched for",
            detail=f"{len(overlaps.sought.absent)} not checked",
        ),
        Tile(
            value=f"{overlaps.instances:,}",
            label="training instances searched",
            detail=f"of {len(overlaps.tasks)} tasks, on {overlaps.images:,} pictures",
        ),
        Tile(value=f"{sum(len(s.same) for s in sums):,}", label="questions asked of the same picture"),
        Tile(value=f"{sum(len(s.equal | s.near) for s in sums):,}", label="pictures, equal or alike"),
    ]
    absent = [f"{name} not checked: {why}" for name, why in overlaps.sought.absent.items()]
    unread = [
        f"{name}: {count:,} pictures not read, {reason}"
        for name, reasons in overlaps.sought.unread.items()
        for reason, count in reasons.items()
    ]
    blocks: list[Block] = [Tiles(tiles=tiles), Table(headers=HEADERS, rows=rows(overlaps))]
    blocks += [Paragraph(words=ABOUT), Paragraph(words=IMAGES_ABOUT)]
    return Section(title="Benchmarks", blocks=[*blocks, Notes(lines=absent + unread)])


def _by_task(overlaps: Contamination) -> Section:
    listed = task_rows(overlaps)
    if not listed:
        return Section(title="By task", blocks=[Paragraph(words="No task holds anything of a benchmark.")])
    return Section(title="By task", blocks=[Table(headers=TASK_HEADERS, rows=listed, wide=(1,))])


def _images(overlaps: Contamination, prepared: Prepared) -> Section | None:
    examples = [
        (benchmark, task, overlap.image)
        for (benchmark, task), overlap in overlaps.overlaps.items()
        if overlap.image is not None
    ]
    pairs = [_pair(overlaps, prepared, *example) for example in examples[:MOST_EXAMPLES]]
    return Section(title="Pictures", blocks=[PairsOfImages(pairs=pairs)]) if pairs else None


def _pair(
    overlaps: Contamination, prepared: Prepared, benchmark: str, task: str, shown: ImageFound
) -> ImagePair:
    image = overlaps.sought.shown[shown.place]
    trained = prepared.stored(source_name(task), {shown.trained})[shown.trained]
    sides = (
        PairSide(**_uri(image.read()), words=f"{benchmark}: {image.name}"),
        PairSide(**_uri(trained.data), words=f"{task}: {trained.words}"),
    )
    return ImagePair(sides=sides, caption="equal" if shown.bits < 0 else f"{shown.bits} of 256 bits differ")


def _uri(data: bytes) -> dict[str, Any]:
    uri, small = data_uri(data)
    return {"image": uri, "pixelated": small}


def _trial(tried: RecognitionTrial) -> Section:
    """Say how far the figures above can be trusted."""
    about = (
        f"{tried.images} pictures of this training data were changed and stored anew as JPEG of quality "
        f"{JPEG}, and looked for among themselves within {RADIUS} of 256 bits and {TINT} levels of colour. "
        f"{tried.plain} have too little detail to be compared and count as not found. Of what was found, "
        f"{percent(tried.precision)} % is the picture itself; two different ones lie {tried.closest} bits "
        "apart or more."
    )
    rows = [[change, percent(share)] for change, share in tried.recall.items()]
    table = Table(headers=["change", "found %"], rows=rows)
    return Section(title="How well pictures are recognised", blocks=[Paragraph(words=about), table])


def _questions(overlaps: Contamination) -> Section | None:
    listed = [
        [benchmark, bare(overlaps.sought.questions[words.question].prompt), task, words.prompt, words.run,
         "yes" if words.same_image else "no"]
        for (benchmark, task), overlap in overlaps.overlaps.items()
        if (words := overlap.words) is not None
    ]  # fmt: skip
    headers = ["benchmark", "asks", "task", "training says", "shared", "same picture"]
    table = Table(headers=headers, rows=listed, wide=range(1, 6))
    return Section(title="Questions", blocks=[table]) if listed else None
