"""Every published benchmark in miniature, by its name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.eval import miniature, miniature_hallucination, miniature_tables

WRITERS: Mapping[str, Callable[[Path], None]] = {
    **miniature.WRITERS,
    **miniature_tables.WRITERS,
    **miniature_hallucination.WRITERS,
}
