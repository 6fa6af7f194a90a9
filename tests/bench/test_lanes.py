"""How busy 64 cores are while the whole catalogue is prepared: measured costs in a model of the step."""

import json
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.bench.lanes import Costs, busy, catalogue
from tests.bench.preparing import Photographs, prepare, write_photographs
from tests.shards.synthetic import Memory
from vf_ray.instances.sample import select
from vf_ray.shards.prepare import side_by_side
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.types import Tree
from vf_ray.work import LocalPool

pytestmark = pytest.mark.bench
CORES, GOAL = 64, 0.7
ROWS, IMAGES = 20_000, 1_024
WIT = (
    "language", "page_url", "image_url", "page_title", "section_title", "hierarchical_section_title",
    "caption_reference_description", "caption_attribution_description", "caption_alt_text_description",
    "mime_type", "original_height", "original_width", "is_main_image", "attribution_passes_lang_id",
    "page_changed_recently", "context_page_description", "context_section_description",
)  # fmt: skip


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the least CPU time of several."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def wit() -> Tree:
    """Return a table of WIT's columns, one row in seven English."""
    text = "It is a kind of thing that is found where such things are. " * 10
    lines = ["\t".join(WIT)]
    long = dict.fromkeys(("context_page_description", "context_section_description"), text)
    usual = {**dict.fromkeys(WIT, "some words"), **long, "mime_type": "image/jpeg"}
    for n in range(ROWS):
        cells = {"language": "en" if n % 7 == 0 else "de", "image_url": f"https://x/{n}.jpg"}
        lines.append("\t".join({**usual, **cells}.values()))
    return Memory({"wit_v1.train.all-00000-of-00010.tsv": "\n".join(lines).encode()})


def redcaps() -> Tree:
    """Return a file of captions, as many another source's are."""
    records = [
        {"image_id": f"i{n}", "author": "a", "image_url": f"https://x/{n}.jpg", "raw_caption": "A red thing.",
         "caption": "a red thing", "subreddit": 3, "score": 7, "created_utc": 1500000000,
         "permalink": f"/r/things/comments/{n}/a/", "crosspost_parents": None}
        for n in range(ROWS)
    ]  # fmt: skip
    return Memory({"annotations/things_2017.json": json.dumps({"annotations": records}).encode()})


def of_a_row(name: str, tree: Tree) -> float:
    """Return the seconds of a row of a pass."""
    source = sources()[name]
    return seconds(lambda: select(source, tree, source.tasks, seed=0, cap=10_000, slack=2_500)) / ROWS


def of_an_image(folder: Path) -> float:
    """Return the seconds of a photograph, from its raw file to an instance."""
    raw = folder / "raw"
    raw.mkdir()
    write_photographs(raw, IMAGES)
    out = (Store.open(str(folder / str(n))) for n in count())
    return seconds(lambda: prepare(next(out), Photographs(str(raw)), IMAGES)) / IMAGES


class Wide(LocalPool):
    """As many cores as the model has."""

    at_once = CORES


def test_many_cores_are_busy(tmp_path: Path) -> None:
    rows = {"wit": of_a_row("wit", wit()), "": of_a_row("redcaps", redcaps())}
    found = Costs(rows, of_an_image(tmp_path), instances=0.5)
    print(
        f"\nmicroseconds: a row of WIT {rows['wit'] * 1e6:.1f}, another's {rows[''] * 1e6:.1f}, "
        f"a picture {found.image * 1e6:,.0f}"
    )
    for name, shared, at_once in (
        ("each pass in one, 8 sources side by side", False, 8),
        ("each pass in one", False, side_by_side(Wide())),
        ("passes shared, 8 sources side by side", True, 8),
        ("passes shared", True, side_by_side(Wide())),
    ):
        work, last = catalogue(found, shared=shared)
        took, share = busy(work, last, CORES, at_once)
        print(f"{name}: {took / 60:.1f} minutes on {CORES} cores, {share:.0%} of them busy")
    assert share > GOAL
