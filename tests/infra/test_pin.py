"""One set of exact versions for `make install`, both images and the cluster; any build of a version fits."""

import tomllib
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from infra.local.pin import FILE, extras, pinned

ROOT = Path(__file__).parents[2]


def pins() -> dict[str, Version]:
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    found = [Requirement(line) for line in lines]
    assert all([str(r.specifier)[:2] == "==" and len(r.specifier) == 1 for r in found])
    return {r.name: Version(str(r.specifier)[2:]) for r in found}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = [line for extra in extras() for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in (*project["dependencies"], *optional)]


def test_every_dependency_has_a_pin_that_pyproject_allows() -> None:
    exact = pins()
    for requirement in (r for r in declared() if r.name != "vf-ray"):
        assert exact[requirement.name.lower()] in requirement.specifier, requirement


def test_no_pin_names_a_build_or_what_a_build_of_torch_brings() -> None:
    assert all(version.local is None for version in pins().values())
    assert not [name for name in pins() if name.startswith(("nvidia-", "cuda-", "triton"))]


def test_make_and_both_images_install_by_the_pins() -> None:
    installs = [
        line for line in (ROOT / "docker" / "Dockerfile").read_text().splitlines() if "-e '.[" in line
    ]
    assert len(installs) == 2
    assert all("--constraint constraints.txt" in line for line in installs)
    assert "--constraint $(CONSTRAINTS)" in (ROOT / "Makefile").read_text()


def test_clusters_run_the_ray_that_is_pinned() -> None:
    documents = [d for f in (ROOT / "infra").rglob("*.yaml") for d in yaml.safe_load_all(f.read_text()) if d]
    specs = [d["spec"] for d in documents if d.get("kind") == "RayCluster" and "rayVersion" in d["spec"]]
    assert specs
    assert all(Version(spec["rayVersion"]) == pins()["ray"] for spec in specs)


@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}([-_.][A-Za-z0-9]{1,8})?", fullmatch=True),
    st.from_regex(r"[1-9]\.[0-9]{1,2}(\.post[1-9])?", fullmatch=True),
    st.sampled_from(["", "+cpu", "+cu130"]),
)
def test_a_pin_is_the_version_without_its_build(name: str, version: str, build: str) -> None:
    found = list(pinned([{"metadata": {"name": name, "version": version + build}}]))
    for line in found:
        pin = Requirement(line)
        assert Version(version + build) in pin.specifier and Version(version) in pin.specifier


def test_what_a_build_of_torch_brings_is_left_to_it() -> None:
    names = ("nvidia-nccl-cu13", "cuda-toolkit", "triton", "certifi", "certifi-lookalike", "torch")
    report = [{"metadata": {"name": name, "version": "1.0+cu130"}} for name in names]
    assert list(pinned(report)) == ["certifi-lookalike==1.0", "torch==1.0"]
