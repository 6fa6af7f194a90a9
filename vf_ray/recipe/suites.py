"""Sets of benchmarks by one name: ``@paper`` in a recipe stands for those that the paper reports."""

from collections.abc import Iterator, Mapping, Sequence

from vf_ray.errors import near, require

SUITES: Mapping[str, tuple[str, ...]] = {
    "@paper": ("mmbench", "mme", "mmmu", "mm-vet", "llava-bench", "pope", "cf"),
    "@general": (
        "mmbench", "mmstar", "mme", "mmmu", "seed-bench", "gqa", "vqav2", "vizwiz", "scienceqa",
        "realworldqa", "mm-vet",
    ),
    "@documents": (
        "docvqa", "infographicvqa", "chartqa", "textvqa", "ocrbench", "ai2d", "seed-bench-2-plus",
    ),
    "@hallucination": (
        "pope", "pope-aokvqa", "pope-gqa", "chair", "amber", "hallusionbench", "mmhal-bench", "phd",
    ),
}  # fmt: skip
"""By name; the paper's are those of its Table 2, and of Figure 5 on forgetting."""


def expanded(names: Sequence[str], where: str = "evaluate.benchmarks") -> tuple[str, ...]:
    """Return benchmarks with those of each suite in its place, every one once; ``where`` names them.

    Raises:
        UserError: for a suite that nobody knows; names the nearest.
    """
    return tuple(dict.fromkeys(_members(names, where)))


def _members(names: Sequence[str], where: str) -> Iterator[str]:
    for name in names:
        known = not name.startswith("@") or name in SUITES
        require(known, f"{where} names {name!r}, which is no suite; {near(name, SUITES)}")
        yield from SUITES.get(name, (name,))
