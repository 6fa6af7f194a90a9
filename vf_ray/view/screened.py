"""What was kept out of a source's instances: each image beside the benchmark's picture that it looks like."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.shards.screened import SCREENED
from vf_ray.view.benchmark_looks import IMAGES, likeness
from vf_ray.view.contamination import places, runs_with_files
from vf_ray.view.rendering import rendered, to
from vf_ray.view.row_files import RowFile
from vf_ray.view.site import Site, whole_number
from vf_ray.view.tables import Cell, CellLink, PageTable

ON_A_PAGE = 24
COLUMNS = {"image": str, "benchmark": str, "its image": str, "question": str, "bits": int}


def screened(site: Site, request: Request) -> Response:
    """Show the images of a source that no instance may show, and why."""
    path = request.path_params
    artifact = site.artifact(f"screened/{path['source']}/{path['version']}")
    file, inputs = RowFile(artifact, SCREENED), artifact.manifest["spec"]["inputs"]
    images, page = inputs[IMAGES], whole_number(request, "page")
    hashes = {name: address for name, address in inputs.items() if name != IMAGES}
    runs = runs_with_files(site, hashes)
    shown = file.rows(page * ON_A_PAGE, ON_A_PAGE)
    table = PageTable(
        name="screened",
        columns=COLUMNS,
        rows=[_row(images, runs, row) for row in shown],
        every=lambda: (_row(images, runs, row) for row in file.every()),
    )
    return rendered(
        request, "screened.html", f"Kept out of {path['source']}", [table], artifact=artifact,
        benchmarks=list(hashes), count=len(file), page=page,
        pairs=[_pair(images, runs, row) for row in shown], more=(page + 1) * ON_A_PAGE < len(file),
    )  # fmt: skip


def _row(images: str, runs: Mapping[str, str], row: Mapping[str, Any]) -> list[Cell]:
    place, _ = places(row["benchmark"], row["question"], runs.get(row["benchmark"], ""))
    question = CellLink(row["question"], place) if place else row["question"]
    image = CellLink(row["sha256"], to(f"/image/{images}/{row['sha256']}"))
    return [image, row["benchmark"], row["image"], question, row["bits"]]


def _pair(images: str, runs: Mapping[str, str], row: Mapping[str, Any]) -> Mapping[str, str]:
    """Return where the two pictures of a row are, and what is said of them."""
    question, shown_at = places(row["benchmark"], row["question"], runs.get(row["benchmark"], ""))
    return {
        "stored": to(f"/image/{images}/{row['sha256']}", size="small"),
        "shown": shown_at,
        "question": question,
        "benchmark": f"{row['benchmark']}: {row['image']}",
        "words": likeness(row["bits"]),
    }
