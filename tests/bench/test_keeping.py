"""What each family keeps for its backward pass, beside what is estimated, at two sizes: a table."""

from pathlib import Path

import pytest

from tests.train.keeping import CASES, SIZES, Subject
from vf_ray.model.families import FAMILIES

pytestmark = pytest.mark.bench

MIB = 1 << 20


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_estimates_of_what_is_kept(family: str, tmp_path: Path, one_thread: None) -> None:
    print(f"\n{'':<16}{'':<7}{'':<26}{'estimate':>10}{'measured':>10}{'ratio':>7}  MiB")
    for size in SIZES:
        subject = Subject.of(family, size, 12, tmp_path / size)
        for case, stage in CASES.items():
            estimate, measured = subject.estimated(stage), subject.kept(stage)
            ratio = estimate / measured
            print(
                f"{family:<16}{size:<7}{case:<26}{estimate / MIB:>10.2f}{measured / MIB:>10.2f}{ratio:>7.2f}"
            )
            assert 1 / 1.3 < ratio < 1.3, (size, case)
