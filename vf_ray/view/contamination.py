"""What of benchmarks stands beside an instance: pictures that look like its own, questions in its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from vf_ray.artifacts import Artifact
from vf_ray.errors import MendableError
from vf_ray.plan.run_records import RunRecord
from vf_ray.view.benchmark_looks import ShownByBenchmark
from vf_ray.view.benchmark_words import WordsCompared, asked_or_kept_out
from vf_ray.view.rendering import to
from vf_ray.view.site import Site, images_of
from vf_ray.view.tables import Cell, CellLink, PageTable

WORDS = "words"
"""Value of ``benchmarks`` in an address that asks for words to be compared, too: it reads their files."""
SHARED = {"benchmark": str, "question": str, "asks": str, "shared words": str}


@dataclass(frozen=True)
class BesideBenchmarks:
    """What is known of an instance and benchmarks."""

    kept_out: Sequence[str]
    """Benchmarks whose pictures its task was screened by."""
    screened: str
    """Where the page on that screening is; empty: there was none."""
    compared: Sequence[str]
    """Benchmarks whose pictures it is compared with here."""
    alike: Sequence[tuple[ShownByBenchmark, str, str]]
    """Pictures of them that equal or resemble one of its own; where the question is, and the picture."""
    run: str
    """Id of the run that knows where benchmarks' files lie; empty: there is none."""
    words: WordsCompared | None
    """None where nobody asked for them."""
    trouble: str
    """Why words cannot be compared; empty: they can."""


def beside(site: Site, request: Request, instances: Artifact, row: Mapping[str, Any]) -> BesideBenchmarks:
    """Return what benchmarks show and ask that an instance has, too."""
    kept_out = site.benchmark_looks.screened_by(instances)
    hashes = {**site.benchmark_looks.known(), **kept_out}
    alike = _alike(site, images_of(instances), row, hashes) if hashes else []
    met = {hit.benchmark: hashes[hit.benchmark].address for hit in alike}
    runs, run = runs_with_files(site, met), next(site.index.naming(instances.address), None)
    words, trouble = _words(site, request, run, row)
    return BesideBenchmarks(
        kept_out=list(kept_out),
        screened=to(f"/{screened}") if (screened := _screened(instances)) else "",
        compared=list(hashes),
        alike=[(hit, *places(hit.benchmark, hit.question, runs.get(hit.benchmark, ""))) for hit in alike],
        run=run.id if run else "",
        words=words,
        trouble=trouble,
    )


def _screened(instances: Artifact) -> str:
    """Return the address of the screening of a task's source; empty: there was none."""
    return str(instances.manifest["spec"]["inputs"].get("screened", ""))


def shared_words(known: BesideBenchmarks) -> PageTable:
    """Return the questions that an instance shares words with."""
    rows: list[list[Cell]] = []
    for one in known.words.shared if known.words else ():
        place = to(f"/benchmark/{one.benchmark}", run=known.run, id=one.question.id)
        rows.append([one.benchmark, CellLink(one.question.id, place), one.question.prompt, one.words])
    return PageTable(name="shared-words", columns=SHARED, rows=rows)


def _alike(
    site: Site, images: str, row: Mapping[str, Any], hashes: Mapping[str, Artifact]
) -> list[ShownByBenchmark]:
    stored, hits = site.artifact(images), dict[ShownByBenchmark, None]()
    for sha256 in row["shown"]:
        try:
            data = site.images.read(stored, sha256)
        except MendableError:  # the page says so where the image would be
            continue
        hits |= dict.fromkeys(site.benchmark_looks.of(data, sha256, hashes))
    return list(hits)


def runs_with_files(site: Site, hashes: Mapping[str, str]) -> Mapping[str, str]:
    """Return by benchmark a run that knows where its files lie: one that names the address of its hashes."""
    named = {name: next(site.index.naming(address), None) for name, address in hashes.items()}
    return {name: run.id for name, run in named.items() if run is not None}


def places(benchmark: str, question: str, run: str) -> tuple[str, str]:
    """Return where a benchmark's question is shown and where its picture; nowhere without a run."""
    asked = {"run": run, "id": question}
    shown_at = to(f"/benchmark/{benchmark}/image", **asked, size="small")
    return (to(f"/benchmark/{benchmark}", **asked), shown_at) if run else ("", "")


def _words(
    site: Site, request: Request, run: RunRecord | None, row: Mapping[str, Any]
) -> tuple[WordsCompared | None, str]:
    if run is None:
        return None, "no run names these instances, so nobody knows which benchmarks it asks"
    try:
        named = asked_or_kept_out(run)
    except MendableError as error:
        return None, str(error)
    if not named:
        return None, "its run asks no benchmark that comes with questions of its own"
    asked = request.query_params.get("benchmarks") == WORDS
    return site.benchmark_words.compare(row, run, named) if asked else None, ""
