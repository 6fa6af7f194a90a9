"""Studies: one recipe under several overrides and seeds, run and told of as one experiment.

``python -m flows.study`` lists them, ``python -m flows.study noise`` runs one, ``--dry-run`` says first what
it would build. What the store holds already is skipped, and what several runs share is built once.
"""

import argparse
from collections.abc import Mapping
from typing import Any

from flows.session import session
from vf_ray.cli.plans import setting
from vf_ray.study.runs import runs_of
from vf_ray.study.study import load_study, study_names


def main() -> None:
    """Run a study, or list them all."""
    asked = _parser().parse_args()
    if asked.study is None:
        for name in study_names():
            one = load_study(name)
            count = len(one.variants(one.recipe))
            runs = f"{count} run{'s' if count != 1 else ''}"
            print(f"{name:<16} {runs} of {one.recipe}: {one.question or one.about}")
        return
    more = dict(map(setting, asked.set))
    with session(lambda: _sound(asked.study, asked.recipe, more), debug=asked.debug):
        from flows.study_flow import study

        quiet = study.with_options(log_prints=False)  # what it prints is for the terminal, not for a log
        quiet(asked.study, asked.recipe, asked.seeds, more, asked.at_once, asked.dry_run)


def _sound(name: str, recipe: str, more: Mapping[str, Any]) -> None:
    """Raise UserError unless there is such a study and all its runs' recipes are sound."""
    asked = load_study(name)
    runs_of(asked, recipe or asked.recipe, 1, more, lambda of, step: f"{step}/{of.name}/{'0' * 12}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.study", description="run a study")
    option = parser.add_argument
    option("study", nargs="?", help="name of a study, or a YAML file; none: list them")
    option("--recipe", default="", help="another recipe than the study's own")
    option("--seeds", type=int, default=0, help="repetitions of each run")
    option("--at-once", type=int, default=0, help="runs side by side; 0: as the cluster has room")
    option("--set", action="append", default=[], metavar="KEY=VALUE", help="override of all runs")
    option(
        "--dry-run",
        action="store_true",
        help="only say what would be built, its cost, and what is missing",
    )
    option("--debug", action="store_true", help="show the traceback of every error")
    return parser


if __name__ == "__main__":
    main()
