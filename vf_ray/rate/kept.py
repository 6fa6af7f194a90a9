"""What people said of a run's answers, kept in its store: the run's report shows it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.plan.beside import ratings_of
from vf_ray.rate.tally import RatingFigures
from vf_ray.recipe.strict import build
from vf_ray.store import Store

FIGURES = "ratings.json"


def keep(store: Store, scores: str, figures: RatingFigures) -> Artifact:
    """Keep the figures of a sheet beside the ``scores`` whose answers it showed.

    Raises:
        FileNotFoundError: if the store does not hold them.
    """
    artifacts.load(store, scores)
    data = (json.dumps(asdict(figures), indent=1, ensure_ascii=False) + "\n").encode()

    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit(FIGURES, data)
        return dict(figures.counts)

    return artifacts.build(store, ratings_of(scores.split("/")[1], scores, sha256(data).hexdigest()), make)


def read(ratings: Artifact) -> RatingFigures:
    """Return the figures of a sheet."""
    return build(RatingFigures, json.loads(ratings.read(FIGURES)), "ratings.")
