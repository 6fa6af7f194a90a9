"""What the catalogue costs: instances a second against reading and decoding, memory, imports, S3, fetch."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from PIL import Image

from tests.bench.preparing import write_photographs
from tests.bench.reading import LAYOUTS, class_folders_in_a_tar, write_questions
from tests.faulty_s3 import faulty_s3
from tests.s3_server import BUCKET, S3Server
from tests.tasks.tree import write
from tests.tasks.trees import TREES
from tests.web_server import web_server
from vf_ray.artifacts import Spec
from vf_ray.instances.sample import examine
from vf_ray.plan.origins import Catalogued
from vf_ray.raw.fetch import fetch, spec
from vf_ray.raw.tree import RawTree
from vf_ray.shards.build import build_images, build_instances
from vf_ray.shards.gather import gathered
from vf_ray.sources.images import image_bytes
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.types import Download, Raw

pytestmark = pytest.mark.bench
COUNT = 2_000
ROUNDS = 3
MOST_MIB = 300
PEAK = """
import re, sys
from pathlib import Path
def peak_mib():  # not ru_maxrss, which a child inherits from its parent
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
"""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[bytes]]:
    folder = tmp_path_factory.mktemp("photographs")
    write_photographs(folder, COUNT)
    found = [path.read_bytes() for path in sorted(folder.iterdir())]
    print(f"\n{COUNT} JPEG pictures of 640 x 480, {sum(map(len, found)) / COUNT / 1e3:.0f} kB each")
    yield found
    shutil.rmtree(folder)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def decode(photographs: list[bytes], folder: Path) -> None:
    """Read and decode the same pictures from a plain folder, and do nothing else."""
    for number in range(len(photographs)):
        Image.open(io.BytesIO((folder / f"{number}.jpg").read_bytes())).load()


def prepared(raw: Path, out: Path, task: str) -> int:
    """Prepare one task in this process; return its instances."""
    name, store = task.partition("/")[0], Store.open(str(out / uuid.uuid4().hex))
    origin = Catalogued(name, str(raw))
    config: dict[str, Any] = {"seed": 0, "cap": COUNT, "largest_side": 1024, "tasks": [task]}
    images = build_images(store, Spec(kind="images", name=name, config=config), origin)
    held = {"cap": COUNT, "held_out": 0.01}
    made = Spec(kind="instances", name=task, config=held, inputs={"images": images.address})
    stats = build_instances(store, made, images, origin).stats
    shutil.rmtree(store.url.removeprefix("file://"))
    return int(stats["train"] + stats["held_out"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_instances_per_second(layout: str, photographs: list[bytes], tmp_path: Path) -> None:
    task, lay = LAYOUTS[layout]
    lay(tmp_path / "raw", photographs)
    (tmp_path / "plain").mkdir()
    for number, data in enumerate(photographs):
        (tmp_path / "plain" / f"{number}.jpg").write_bytes(data)
    took: dict[str, list[float]] = {"ours": [], "decode": []}
    for _ in range(ROUNDS):  # by turns, so that a busy machine slows both
        took["decode"].append(seconds(lambda: decode(photographs, tmp_path / "plain")))
        begun = time.perf_counter()
        count = prepared(tmp_path / "raw", tmp_path / "out", task)
        took["ours"].append(time.perf_counter() - begun)
        assert count == COUNT
    ours, limit = (COUNT / min(took[name]) for name in ("ours", "decode"))
    print(f"\n{layout}: {ours:,.0f} instances/s on a core, {ours / limit:.2f} of reading and decoding alone")
    assert ours / limit > 0.3


@pytest.mark.parametrize("count", [10_000, 1_000_000])
def test_a_pass_over_many_rows_stays_small(count: int, tmp_path: Path) -> None:
    """A pass for a task: two files joined by id, the first 10,000 kept, candidates written."""
    (tmp_path / "okvqa").mkdir()
    write_questions(tmp_path / "okvqa", count)
    code = PEAK + (
        "from vf_ray.artifacts import Writer\n"
        "from vf_ray.shards.candidates import write_candidates\n"
        "from vf_ray.raw.tree import RawTree\n"
        "from vf_ray.store.store import Store\n"
        "from vf_ray.tasks import sources\n"
        "source = sources()['okvqa']\n"
        "import ijson, pyarrow.parquet, sqlite3\n"
        "before = peak_mib()\n"
        "tree, writer = RawTree.of(sys.argv[1], source.raws), Writer(Store.open(sys.argv[2]), 'x', 1)\n"
        "sizes = {'seed': 0, 'cap': 10_000, 'slack': 2_500, 'turn': 0}\n"
        "line = write_candidates(source, tree, source.tasks, writer, **sizes)\n"
        "print(line['rows'], peak_mib() - before)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(tmp_path / "store")]
    begun = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found, grown = map(float, ran.stdout.split())
    print(f"\n{count:,} rows: {grown:.0f} MiB above imports, {time.perf_counter() - begun:.1f} s")
    assert found == count
    assert grown < MOST_MIB


def test_the_catalogue_is_imported_at_once() -> None:
    """By the processor's time, which other work on the machine does not lengthen as much."""
    clock = "time.process_time()"
    code = f"import time; t = {clock}; import vf_ray.tasks as c; c.catalogue(); print({clock} - t)"
    ran = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    took = min(float(one.stdout) for one in ran)
    print(f"\nthe catalogue: {took * 1e3:.0f} ms")
    assert took < 0.2


def test_the_whole_catalogue_on_miniature_trees(tmp_path: Path) -> None:
    def all_of_it() -> None:
        for name in TREES:
            tree = RawTree.of(str(write(tmp_path / name, TREES[name]())), sources()[name].raws)
            assert list(examine(sources()[name], tree, sources()[name].tasks, seed=1))

    took = seconds(all_of_it)
    print(f"\n{len(TREES)} sources, {sum(len(sources()[n].tasks) for n in TREES)} tasks: {took:.1f} s")
    assert took < 60


@pytest.mark.parametrize("form", ["tar", "zip", "folder"])
def test_images_from_a_bucket(form: str, photographs: list[bytes], s3: S3Server, tmp_path: Path) -> None:
    """One by one, and asked for ahead, against reading one file that holds as much."""
    import s3fs

    some = photographs[:500]
    class_folders_in_a_tar(tmp_path, some)
    tar = tmp_path / "caltech256" / "256_ObjectCategories.tar"
    if form != "tar":
        shutil.unpack_archive(tar, tmp_path / "caltech256")
        tar.unlink()
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "caltech256.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((tmp_path / "caltech256").rglob("*.jpg")):
                archive.writestr(str(path.relative_to(tmp_path / "caltech256")), path.read_bytes())
        shutil.rmtree(tmp_path / "caltech256")
    prefix = f"{BUCKET}/raw-{uuid.uuid4().hex[:8]}"
    fs = s3fs.S3FileSystem(key=s3.key, secret=s3.secret, endpoint_url=s3.endpoint)
    fs.put(str(tmp_path), prefix, recursive=True)
    fs.pipe_file(f"{prefix}/whole", b"".join(some))
    raw = Raw(name="caltech256", obtain="")
    tree = RawTree.of(f"s3://{prefix}", (raw,))
    paths = tree.glob("256_ObjectCategories/*/*")
    assert len(paths) == len(some)
    store = Store.open(f"s3://{prefix}")
    whole = seconds(lambda: store.read("whole"))
    single = seconds(lambda: [image_bytes(tree, path) for path in paths])
    refs = [f'"{path}"' for path in paths]

    def at_once() -> None:
        with gathered(tree, refs) as read:
            assert sum(len(read(path)) for path in paths) == sum(map(len, some))

    early = seconds(at_once)
    print(
        f"\n{form} in a bucket on this machine: {len(some) / single:,.0f} pictures/s one by one, "
        f"{len(some) / early:,.0f}/s asked for ahead; {whole / early:.2f} of the rate of one large file"
    )


def test_images_from_a_late_bucket(
    photographs: list[bytes], s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer comes 20 ms late, as from another building."""
    import s3fs

    class_folders_in_a_tar(tmp_path, photographs[:200])
    prefix = f"{BUCKET}/raw-{uuid.uuid4().hex[:8]}"
    fs = s3fs.S3FileSystem(key=s3.key, secret=s3.secret, endpoint_url=s3.endpoint)
    fs.put(str(tmp_path), prefix, recursive=True)
    with faulty_s3(s3.endpoint) as late:
        monkeypatch.setattr(late, "next_fault", lambda: (time.sleep(0.02), "pass")[1])
        monkeypatch.setenv("AWS_ENDPOINT_URL", late.endpoint)
        tree = RawTree.of(f"s3://{prefix}", (Raw(name="caltech256", obtain=""),))
        paths = tree.glob("256_ObjectCategories/*/*")
        single = seconds(lambda: [image_bytes(tree, path) for path in paths])

        def at_once() -> None:
            with gathered(tree, [f'"{path}"' for path in paths]):
                pass

        early = seconds(at_once)
    print(f"\nfrom a bucket 20 ms away: {single / early:.1f} times the rate of reading one by one")
    assert single / early > 1.5


def test_fetching(local_store: Store, tmp_path: Path) -> None:
    """Memory and rate against the plainest loop: download, flush, hash."""
    size = 400 << 20
    with web_server() as web:
        web.files = {"big.zip": bytes(size)}
        raw = Raw(name="big", obtain="", files=(Download(web.url("big.zip")),))

        def plain_loop() -> None:
            with urlopen(web.url("big.zip")) as answer, (tmp_path / "plain").open("wb") as out:
                shutil.copyfileobj(answer, out, 1 << 16)
                os.fsync(out.fileno())
            with (tmp_path / "plain").open("rb") as file:
                hashlib.file_digest(file, "sha256")

        plain = seconds(plain_loop)
        before = _rss()
        took = seconds(lambda: fetch(local_store, [(raw, spec(raw, 1))], given=""))
        grown = _rss() - before
        print(
            f"\n{size >> 20} MiB: {(size >> 20) / took:,.0f} MiB/s into a folder, {plain / took:.2f} of "
            f"a plain loop; {grown:.0f} MiB more memory at the end"
        )
        assert grown < 100


def _rss() -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024
