"""What is estimated of a pack's activations, held to what the graph of each family's own class keeps."""

from pathlib import Path

import pytest

from tests.train.keeping import CASES, Subject
from vf_ray.model.families import FAMILIES

OFTEN = ("tower frozen, all again", "all tuned", "upper halves", "adapters")


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_estimates_are_what_the_graph_keeps(family: str, tmp_path: Path) -> None:
    subject = Subject.of(family, "small", 4, tmp_path)
    for case in OFTEN:
        assert 0.85 < subject.estimated(CASES[case]) / subject.kept(CASES[case]) < 1.2, case
