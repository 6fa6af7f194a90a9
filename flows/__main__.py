"""Run the chain in this process: ``python -m flows demo``, with the same switches as the flow."""

import argparse
from typing import Any

from flows.session import session
from vf_ray.cli.plans import setting
from vf_ray.recipe.load import load_recipe


def main() -> None:
    """Run the flow that the command line describes; a recipe that cannot run ends with its reason."""
    arguments = _parser().parse_args()
    with session(lambda: load_recipe(arguments.recipe, _overrides(arguments)), debug=arguments.debug):
        from flows.visionflan import visionflan

        visionflan.with_options(log_prints=False)(
            recipe=arguments.recipe,
            overrides=_overrides(arguments),
            only=arguments.only,
            force=arguments.force,
            upstream=arguments.upstream,
            downstream=arguments.downstream,
            until=arguments.until,
            dry_run=arguments.dry_run,
        )


def _overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    return dict(map(setting, arguments.set))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows", description="run a recipe in this process")
    parser.add_argument("recipe", nargs="?", default="demo", help="name of a recipe, or a YAML file")
    parser.add_argument("--only", help="run this step, even if it is finished")
    parser.add_argument("--force", action="store_true", help="run finished steps again")
    parser.add_argument("--upstream", choices=("require", "build"), default="require")
    parser.add_argument("--downstream", action="store_true", help="after --only, go on")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be built")
    parser.add_argument("--until", metavar="STEP", help="the last step to run")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override, e.g. stage1.lr=1e-5"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of every error")
    return parser


if __name__ == "__main__":
    main()
