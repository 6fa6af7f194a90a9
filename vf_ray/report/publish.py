"""A tuned model for others: its folder, with a card that has what it scored beside what it was made of."""

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, Spec
from vf_ray.errors import require
from vf_ray.plan.reporting import Reporting
from vf_ray.report.findings import gather
from vf_ray.report.sections import headline
from vf_ray.store import Store
from vf_ray.store.scratch import scratch
from vf_ray.train.model_card import CARD

UNKNOWN = "## Scores\n\nThis recipe's models have not been evaluated.\n"


def publish(store: Store, model: Spec, run: Reporting, target: Store) -> list[str]:
    """Copy a model of a run, checksums verified, for ``from_pretrained``; return the files' names.

    Raises:
        FileNotFoundError: if the model is not finished.
        ValueError: if the target is not empty.
    """
    require(not target.list(), f"{target.url} is not empty; publish into a new folder, or delete it first")
    with scratch("vf-ray-publish-") as below:
        folder = artifacts.load(store, model.address).download(below, MODEL)
        (folder / CARD).write_text(f"{(folder / CARD).read_text()}\n{scores(store, run)}")
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            target.create_file(str(file.relative_to(folder)), file)
    target.leave()
    return target.list()


def scores(store: Store, run: Reporting) -> str:
    """Return the tables of every benchmark, in Markdown, or that there are none yet."""
    if artifacts.find(store, run.scores) is None:
        return UNKNOWN
    findings = gather(store, run)
    tables = [
        f"### {scores.title}\n\n{headline(findings, name).markdown()}"
        for name, scores in findings.benchmarks.items()
    ]
    return "\n".join((f"## Scores\n\nIn full: `{run.scores.address}`.\n", *tables))
