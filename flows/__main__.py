"""Run the chain in this process: ``python -m flows demo``, with the same switches as the flow."""

import argparse
import os
import signal
import sys

from vf_ray.cli.plans import setting

ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # 20 by default, which a busy machine misses
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_OFFLINE": "1",
}
"""Nothing is fetched or reported at run time. Put in place before the libraries are imported."""
INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Run the flow that the command line describes; a recipe that cannot run ends with its reason."""
    asked = _parser().parse_args()
    quieten()
    from flows.visionflan import visionflan

    _start_server()
    try:
        visionflan(
            recipe=asked.recipe,
            overrides=dict(map(setting, asked.set)),
            only=asked.only,
            force=asked.force,
            upstream=asked.upstream,
            downstream=asked.downstream,
            dry_run=asked.dry_run,
        )
    except ValueError as error:
        sys.exit(f"error: {error}")
    except (KeyboardInterrupt, SystemExit):  # Ray Train makes the second of the first
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _start_server() -> None:
    """Start Prefect's temporary server, unless one is configured, out of reach of Ctrl-C.

    A terminal interrupts a whole group of processes; without its server, Prefect would ask it for a
    minute how the run ended. A child inherits which signals are blocked, and leaves them so.
    """
    from prefect.client.orchestration import get_client

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        get_client(sync_client=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows", description="run a recipe in this process")
    parser.add_argument("recipe", nargs="?", default="demo", help="name of a recipe, or a YAML file")
    parser.add_argument("--only", help="run this step, even if it is finished")
    parser.add_argument("--force", action="store_true", help="run finished steps again")
    parser.add_argument("--upstream", choices=("require", "build"), default="require")
    parser.add_argument("--downstream", action="store_true", help="after --only, go on")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be built")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override, e.g. stage1.lr=1e-5"
    )
    return parser


def quieten() -> None:
    """Put ``ENVIRONMENT`` in place, but for what the user has set."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


if __name__ == "__main__":
    main()
