"""What the report is handed: which artifacts it tells of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vf_ray.artifacts import Spec
from vf_ray.plan.evaluation import Questions
from vf_ray.recipe import Stage
from vf_ray.tasks import Catalogue

PAGE, MARKDOWN, SUMMARY = "report.html", "report.md", "summary.txt"
"""Files of a report: the page, the same as text, and what it comes to in a few lines."""


@dataclass(frozen=True, kw_only=True)
class ReportedStage:
    """One tuning stage."""

    name: str
    stage: Stage
    tasks: Sequence[str]
    tuned: Spec
    mixture: Spec


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """Everything of a recipe that its report tells of."""

    recipe: str
    """Its name."""
    about: str
    spec: Spec
    """The page."""
    scores: Spec
    questions: Questions
    instances: Mapping[str, Spec]
    """By task."""
    catalogue: Catalogue
    stages: Sequence[ReportedStage]
    lineage: Sequence[tuple[str, str]]
    """Step and address of all that it rests on, in the order of making."""
    earlier: Sequence[str]
    """Addresses of earlier scores."""
    learner: str
    """The stage whose tasks count as learned or not."""
