"""Sources that are published in more than one form: each form gives the same instances."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tasks.files import mat
from tests.tasks.tree import Files, picture, pictures, write, write_zipped
from tests.tasks.trees import TREES
from vf_ray.instances.sample import examine
from vf_ray.raw.listing import fingerprints
from vf_ray.raw.tree import RawTree
from vf_ray.sources.rows import TextRow
from vf_ray.tasks import sources
from vf_ray.types import Instance, Reject


def verdicts(name: str, root: Path, files: Files) -> list[Instance | Reject]:
    tree = RawTree.of(str(write(root, files)), sources()[name].raws)
    return list(examine(sources()[name], tree, sources()[name].tasks, seed=3))


def corrected_archive() -> Files:
    """The one torchvision downloads; its test labels lie loose."""
    signs = {f"gtsrb/GTSRB/Training/{n:05d}/00000_00000.ppm": picture(n, "ppm") for n in range(11)}
    header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"
    return {
        **signs,
        "gtsrb/GT-final_test.csv": f"{header}00000.ppm;8;8;1;1;6;6;35\n",
        **pictures("gtsrb/GTSRB/Final_Test/Images/00000.ppm"),
    }


def kaggle_mirror() -> Files:
    return {f"gtsrb/Train/{n}/{n:05d}_00000_00000.png": picture(n, "png") for n in range(11)}


@pytest.mark.parametrize("files", [corrected_archive, kaggle_mirror])
def test_every_form_of_the_traffic_signs_is_read(tmp_path: Path, files: Callable[[], Files]) -> None:
    found = verdicts("gtsrb", tmp_path, files())
    told = {v.answer for v in found if isinstance(v, Instance) and v.split == "train"}
    assert len(told) == 11 and {"Speed limit 20 km/h", "No passing for heavy vehicles"} <= told
    assert all(isinstance(v, Instance) for v in found)
    assert [v.answer for v in found if isinstance(v, Instance) and v.split == "test"] in ([], ["Ahead only"])


def test_a_folder_that_is_no_sign_is_a_reject(tmp_path: Path) -> None:
    files = {**kaggle_mirror(), "gtsrb/Train/meta/0.png": picture(0, "png")}
    rejects = [v for v in verdicts("gtsrb", tmp_path, files) if isinstance(v, Reject)]
    assert [r.reason for r in rejects] == ["unknown class"]


def regions(*texts: str) -> bytes:
    """Return Total-Text's MATLAB form: six cells a region, the fifth its text."""
    cells = np.empty((len(texts), 6), dtype=object)
    for row, text in enumerate(texts):
        numbers = np.arange(3.0)
        cells[row] = ["x:", numbers, "y:", numbers, text, "c"]
    return mat(polygt=cells)


def test_words_come_out_of_matlab_files_as_out_of_text_files(tmp_path: Path) -> None:
    photographs = pictures(*(f"total_text/totaltext/Images/Train/img{n}.JPG" for n in (1, 2)))
    line = "x: [[25 31]], y: [[54 46]], ornt: [u'c'], transcriptions: [u{!r}]\n"
    texts = {1: ("SHOP", "#", "JOE'S, Inc."), 2: ("ONE",)}
    as_text = {
        f"total_text/txt_format/Train/poly_gt_img{n}.txt": "".join(map(line.format, found))
        for n, found in texts.items()
    }
    as_mat = {f"total_text/Polygon/Train/poly_gt_img{n}.mat": regions(*found) for n, found in texts.items()}
    first = verdicts("total_text", tmp_path / "text", {**as_text, **photographs})
    assert first == verdicts("total_text", tmp_path / "mat", {**as_mat, **photographs})
    assert {v.answer for v in first if isinstance(v, Instance)} == {"SHOP; JOE'S, Inc.", "ONE"}


LOOSE = {"ai2d": "ai2d_test_ids.csv", "wikihow": "wikihow_split.json"}


def beside(name: str) -> Files:
    """Return a source's miniature tree merged in one root, where its own folder is named like its Raw."""
    files = {path.partition("/")[2]: data for path, data in TREES[name]().items()}
    own = {path if path.startswith(f"{name}/") else f"{name}/{path}": data for path, data in files.items()}
    (side,) = (path for path in own if path.endswith(LOOSE[name]))
    return {**{path: data for path, data in own.items() if path != side}, LOOSE[name]: own[side]}


@pytest.mark.parametrize("name", LOOSE)
def test_side_lists_are_found_beside_a_folder_of_the_raws_name(tmp_path: Path, name: str) -> None:
    first = verdicts(name, tmp_path / "named", TREES[name]())
    splits = {verdict.split for verdict in first if isinstance(verdict, Instance)}
    assert "all" not in splits
    assert verdicts(name, tmp_path / "merged", beside(name)) == first


def test_a_list_beside_the_archive_is_found_and_no_other_raws(tmp_path: Path) -> None:
    files = TREES["wikihow"]()
    first = verdicts("wikihow", tmp_path / "named", files)
    root = write_zipped(tmp_path / "zipped", {p: d for p, d in files.items() if not p.endswith("split.json")})
    write(root, {"wikihow_split.json": files["wikihow/wikihow_split.json"], "data/12_Tie-a-Knot/x": "stray"})
    tree = RawTree.of(str(root), sources()["wikihow"].raws)
    assert list(examine(sources()["wikihow"], tree, sources()["wikihow"].tasks, seed=3)) == first
    assert not tree.exists("data/12_Tie-a-Knot/x")


def test_a_list_beside_its_raw_counts_as_part_of_it(tmp_path: Path) -> None:
    loose = {"ai2d_test_ids.csv": "ai2d"}
    write(tmp_path, {"ai2d_test_ids.csv": "3\n"})
    assert "ai2d" not in fingerprints(str(tmp_path), loose), "the list alone is not the Raw"
    write(tmp_path, {"ai2d/images/1.png": b"1", "readme.txt": "1", "dtd/1.png": b"1"})
    before = fingerprints(str(tmp_path), loose)
    write(tmp_path, {"ai2d_test_ids.csv": "3\n4\n", "readme.txt": "changed"})
    after = fingerprints(str(tmp_path), loose)
    assert {name for name in before if before[name] != after[name]} == {"", "ai2d"}


@pytest.mark.parametrize("folder", ["gt_ctw1500/", "test_labels/", "labels_of_the_test_set/", ""])
def test_test_labels_are_read_wherever_they_were_unpacked(tmp_path: Path, folder: str) -> None:
    files = TREES["ctw1500"]()
    named = {path.replace("ctw1500_test_labels/", folder): data for path, data in files.items()}
    assert verdicts("ctw1500", tmp_path / "named", named) == verdicts("ctw1500", tmp_path / "own", files)
    assert {v.split for v in verdicts("ctw1500", tmp_path / "named", named)} == {"train", "test"}  # type: ignore[union-attr]


@pytest.mark.parametrize("saved", ["Caf%C3%A9_%28b%29.jpg", "Caf\u00e9_(b).jpg", "Cafe\u0301_(b).jpg"])
def test_a_image_is_found_under_its_address_and_under_what_that_stands_for(
    tmp_path: Path, saved: str
) -> None:
    line = "en\thttp://example.org/a/Caf%C3%A9_%28b%29.jpg\timage/jpeg\tA hill.\n"
    table = "language\timage_url\tmime_type\tcontext_page_description\n" + line
    write(tmp_path, {"wit/wit_v1.train.1.tsv": table, f"wit/images/{saved}": picture()})
    tree = RawTree.of(str(tmp_path), sources()["wit"].raws)
    (row,) = sources()["wit"].read(tree)
    assert isinstance(row, TextRow) and tree.read(row.image) == picture()


def test_a_catalogue_saved_as_utf_8_reads_as_the_publishers_own(tmp_path: Path) -> None:
    files = TREES["semart"]()
    anew = {path: data.decode("cp1252") if path.endswith("csv") else data for path, data in files.items()}
    own = verdicts("semart", tmp_path / "own", files)
    assert verdicts("semart", tmp_path / "anew", anew) == own
    assert any("caf\u00e9" in v.answer for v in own if isinstance(v, Instance))
