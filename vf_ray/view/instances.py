"""A task's instances: a contact sheet of some, one with all that is known of it, and a search over texts."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.errors import MendableError, near
from vf_ray.quality.published_sizes import published
from vf_ray.view.contamination import beside, shared_words
from vf_ray.view.rendering import rendered, to
from vf_ray.view.row_files import FoundRow, RowFile
from vf_ray.view.site import SPLITS, Site, images_of, missing, whole_number
from vf_ray.view.tables import Cell, CellLink, PageTable
from vf_ray.view.tokens import TokenView

ON_A_SHEET = 24
ALIKE = 12
"""Images that look alike, of all that do, that stand beside an instance."""
SEARCH_S = 1.5
"""How long a page searches before it says how to go on."""
COLUMNS = {"row": int, "key": str, "prompt": str, "response": str, "further": str, "images": str}


def task(site: Site, request: Request) -> Response:
    """Show a task: its words, its sizes, its rejects, and a sheet of its instances."""
    known = site.index.catalogue()
    asked = request.path_params["task"]
    declared = known.tasks.get(asked) or missing(f"no task {asked!r}; {near(asked, known.tasks)}")
    versions = [address.rpartition("/")[2] for address in site.index.versions(declared.id)]
    version = request.query_params.get("version") or next(iter(versions), "")
    size = published().get(declared.id)
    about: dict[str, Any] = {
        "task": declared,
        "source": known.source_of(declared.id),
        "size": size,
        "versions": versions,
    }
    if not version:
        return rendered(request, "task.html", declared.id, **about, made=None)
    split = request.query_params.get("split") or "train"
    file = site.instances(declared.id, version, split)
    table, hits, following = _chosen(file, request, declared.id, version, split)
    cards = [card(images_of(file.artifact), declared.id, version, split, hit) for hit in hits]
    rejected = _rejects_by_reason(file.artifact.stats["rejected"], declared.id, version)
    return rendered(
        request, "task.html", declared.id, [table, rejected], **about, made=file.artifact, version=version,
        split=split, splits=SPLITS, total=len(file), cards=cards, following=following,
        page=whole_number(request, "page"), words=request.query_params.get("q", ""), per_page=ON_A_SHEET,
        runs=[run for run, _ in zip(site.index.naming(file.artifact.address), range(3), strict=False)],
    )  # fmt: skip


def search(site: Site, request: Request) -> Response:
    """Look for words in the newest instances of every task, as many as a moment allows."""
    words = request.query_params.get("q", "")
    newest = sorted(site.index.newest_instances().items()) if words else []
    place, start = whole_number(request, "task"), whole_number(request, "row")
    until, cards = time.monotonic() + SEARCH_S, list[Mapping[str, Any]]()
    while place < len(newest) and len(cards) < ON_A_SHEET and time.monotonic() < until:
        name, address = newest[place]
        version = address.rpartition("/")[2]
        file = site.instances(name, version, "train")
        hits, following = file.search(words, start, ON_A_SHEET - len(cards), until)
        cards += [card(images_of(file.artifact), name, version, "train", hit) for hit in hits]
        place, start = (place + 1, 0) if following is None else (place, following)
    more = {"task": place, "row": start} if place < len(newest) else None
    return rendered(
        request, "search.html", "Search", words=words, cards=cards, more=more, tasks=len(newest), place=place
    )


def instance(site: Site, request: Request) -> Response:
    """Show one instance: its pictures, its words, where it comes from, its tokens."""
    path = request.path_params
    name, version, split, number = path["task"], path["version"], path["split"], path["row"]
    file = site.instances(name, version, split)
    rows = file.rows(number, 1)
    if not rows:
        missing(f"{name} has {len(file)} rows in {split}, and no row {number}")
    address = partial(_place, name, version, split)
    models, known = site.index.models(), site.index.catalogue()
    model = request.query_params.get("model") or next(iter(models), "")
    benchmarks = beside(site, request, file.artifact, rows[0])
    return rendered(
        request, "instance.html", f"{name}, {split} row {number}", [shared_words(benchmarks)],
        row=rows[0], name=name, version=version, split=split, number=number, artifact=file.artifact,
        images=images_of(file.artifact),
        before=address(number - 1) if number else None,
        after=address(number + 1) if number + 1 < len(file) else None,
        turns=_turns(rows[0]), models=models, model=model, seen=_seen(site, file, rows[0], model),
        alike=_alike(site, file, rows[0]), benchmarks=benchmarks,
        source=known.source_of(name) if name in known.tasks else None,
    )  # fmt: skip


def _alike(site: Site, file: RowFile, row: Mapping[str, Any]) -> list[tuple[str, int]] | None:
    """Return where images are served that look like one of an instance's, and in how many bits they differ.

    None: nobody has hashed them.
    """
    images = site.artifact(images_of(file.artifact))
    others = [site.alike.of(images, sha256) for sha256 in row["shown"]]
    if None in others:
        return None
    return [
        (to(f"/image/{images.address}/{site.images.sha256(images, other.id)}", size="small"), other.bits)
        for some in others
        for other in (some or ())[:ALIKE]
    ]


def _seen(site: Site, file: RowFile, row: Mapping[str, Any], model: str) -> TokenView | None:
    """Return an instance's tokens under a model; None if there is no model yet."""
    if not model:
        return None
    images = site.artifact(images_of(file.artifact))
    try:
        shown = [site.images.read(images, sha256) for sha256 in row["shown"]]
    except MendableError as error:
        return TokenView(trouble=str(error))
    return site.encoders.view(site.artifact(model), row, shown)


def card(images: str, name: str, version: str, split: str, hit: FoundRow) -> Mapping[str, Any]:
    """Return what a sheet shows of an instance, whose pictures lie at the address ``images``."""
    shown = [to(f"/image/{images}/{sha256}", size="small") for sha256 in hit.row["shown"][:1]]
    return {
        "href": _place(name, version, split, hit.number), "image": shown,
        "title": f"{name} {hit.number:,}: {hit.row['key']}",
        "more_images": max(0, len(hit.row["shown"]) - 1), "asked": hit.row["prompt"],
        "answered": hit.row["response"], "turns": len(hit.row["further"] or ()) // 2,
    }  # fmt: skip


def _chosen(
    file: RowFile, request: Request, name: str, version: str, split: str
) -> tuple[PageTable, Sequence[FoundRow], int | None]:
    """Return the rows that an address asks for, all as a table, and where a search goes on."""
    words, following = request.query_params.get("q", ""), None
    if words:
        until = time.monotonic() + SEARCH_S
        hits, following = file.search(words, whole_number(request, "row"), ON_A_SHEET, until)
    else:
        start = whole_number(request, "page") * ON_A_SHEET
        hits = [FoundRow(start + n, row) for n, row in enumerate(file.rows(start, ON_A_SHEET))]
    rows = [_row(name, version, split, hit) for hit in hits]
    table = PageTable(
        name="instances", columns=COLUMNS, rows=rows, every=None if words else partial(_every, file)
    )
    return table, hits, following


def _every(file: RowFile) -> Iterator[list[Cell]]:
    for number, row in enumerate(file.every()):
        yield [number, *_cells(row)]


def _row(name: str, version: str, split: str, hit: FoundRow) -> list[Cell]:
    return [CellLink(hit.number, _place(name, version, split, hit.number)), *_cells(hit.row)]


def _cells(row: Mapping[str, Any]) -> list[Cell]:
    further, images = "\n".join(row["further"] or ()), " ".join(row["images"] or ())
    return [row["key"], row["prompt"], row["response"], further, images]


def _place(name: str, version: str, split: str, number: int) -> str:
    return to(f"/instance/{name}/{version}/{split}/{number}")


def _turns(row: Mapping[str, Any]) -> list[str]:
    return [row["prompt"], row["response"], *(row["further"] or ())]


def _rejects_by_reason(counts: Mapping[str, int], name: str, version: str) -> PageTable:
    rows: list[list[Cell]] = [
        [CellLink(reason, to(f"/rejects/{name}/{version}", reason=reason)), count]
        for reason, count in sorted(counts.items(), key=lambda pair: -pair[1])
    ]
    return PageTable(name="rejected", columns={"reason": str, "records": int}, rows=rows)
