"""Write the demo's raw files and benchmarks; ``fetch`` keeps them as the chain's first artifact."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from vf_ray.artifacts import Writer
from vf_ray.demo.benchmarks import write_cf, write_mmbench, write_pope
from vf_ray.demo.grids import grids
from vf_ray.demo.raw import (
    write_annotations,
    write_colours,
    write_digits,
    write_grids,
    write_pieces,
    write_questions,
)
from vf_ray.demo.scans import digits, pieces
from vf_ray.instances.sample import held_out as is_held_out
from vf_ray.store.scratch import scratch

MOST_LOOSE = 10
"""A folder of more files is published as a zip archive."""
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write(out: Path, *, seed: int, held_out: float) -> None:
    """Write ``raw/<raw>/`` and ``benchmarks/<name>/`` below ``out``.

    The benchmarks show only pictures that the rule for held-out pictures keeps from training, in
    whatever source they occur.
    """
    _write_raw(out / "raw", seed)
    _write_benchmarks(out / "benchmarks", seed, held_out)


def fetch(writer: Writer, *, seed: int, held_out: float) -> Mapping[str, int]:
    """Commit the demo's files, folders of many files as zip archives; return how many there are."""
    with scratch("vf-ray-demo-") as folder:
        root = folder
        write(root, seed=seed, held_out=held_out)
        _zip_folders(root)
        files = sorted(path for path in root.rglob("*") if path.is_file())
        for done, file in enumerate(files, 1):
            writer.commit(str(file.relative_to(root)), file)
            writer.progress(done, len(files), "files")
    return {"files": len(files)}


def _write_raw(root: Path, seed: int) -> None:
    all_grids = grids()
    write_digits(root / "demo_digits", digits())
    write_colours(root / "demo_colours", all_grids)
    write_grids(root / "demo_grids", all_grids)
    write_questions(root / "demo_questions", all_grids, seed)
    write_annotations(root / "demo_annotations", all_grids)
    write_pieces(root / "demo_photos", pieces())


def _write_benchmarks(root: Path, seed: int, share: float) -> None:
    all_grids, scans = grids(), digits()
    unseen = [grid for grid in all_grids if _unseen(grid.image, share)]
    write_pope(root / "pope", unseen, all_grids, seed)
    write_mmbench(root / "mmbench", unseen, [p for p in pieces() if _unseen(p.image, share)], seed)
    numbers = [n for n in range(len(scans.labels)) if _unseen(scans.image(n), share)]
    write_cf(root / "cf", scans, numbers)


def _unseen(image: bytes, share: float) -> bool:
    return is_held_out(hashlib.sha256(image).hexdigest(), share)


def _zip_folders(root: Path) -> None:
    """Replace each folder that holds pictures, at whatever depth, by one archive beside it."""
    for folder in list(_of_many_files(root)):
        with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.writestr(
                    zipfile.ZipInfo(str(file.relative_to(folder.parent)), _NO_TIME), file.read_bytes(),
                    zipfile.ZIP_DEFLATED,
                )  # fmt: skip
                file.unlink()


def _of_many_files(root: Path) -> Iterator[Path]:
    """Yield the folders, two below the kind (``raw/demo_grids/train2014``), with many files in them."""
    for folder in sorted(path for path in root.glob("*/*/*") if path.is_dir()):
        if sum(path.is_file() for path in folder.rglob("*")) > MOST_LOOSE:
            yield folder
