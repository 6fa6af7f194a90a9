"""Start what a Prefect run needs on this machine: ``make up``. Running it again changes nothing."""

import os
import signal
import sys
from pathlib import Path

from infra.local import services
from infra.local.down import stop
from infra.local.state import ROOT, State, locked
from vf_ray.store import Store

GRAPHS = "/graph?g0.expr=ray_vf_ray_train_loss&g0.tab=0&g1.expr=ray_vf_ray_rows_built_total&g1.tab=0"
"""Where Prometheus draws the project's metrics, below its address."""
FOLDER = Path(os.environ.get("VF_RAY_UP_DIR", ROOT / ".vf-ray" / "up"))


def main() -> None:
    """Start the services, or see that they run; say how to use them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `make up &` hands down an ignored one
    with locked(FOLDER) as found:
        if found.running:
            print("already up")
        print(how_to_use(found if found.running else start(found)))


def start(old: State) -> State:
    """Start everything anew; what is left of an earlier start is stopped first, and so is half a start."""
    if old.processes:
        print("what ran before is incomplete: starting anew")
        stop(old)
    state = State(old.folder, store=Store.open().url, scratch=services.scratch())
    (state.folder / "prefect").mkdir(exist_ok=True)
    services.new_token(state)
    try:
        for name, begin in (
            ("Prefect server", services.start_prefect),
            ("Prometheus, if it is installed", services.start_prometheus),
            ("Ray head", services.start_ray),
            ("work pool, worker, deployments", services.start_worker),
        ):
            print(f"starting {name} ...", flush=True)
            begin(state)
    except BaseException:
        stop(state)
        raise
    state.write_env(services.public(state))
    return state


def graphs(state: State) -> str:
    """Return where the project's metrics are drawn, or what that wants."""
    if state.prometheus:
        return f"{state.prometheus}{GRAPHS}"
    return "install Prometheus (e.g. apt install prometheus), then make down and make up"


def how_to_use(state: State) -> str:
    """Return the addresses and what to type."""
    return f"""
Prefect        {state.prefect}   runs, logs, progress, results
Ray dashboard  {state.dashboard}   jobs, logs; it asks for the token in {state.token_file}
metrics        {graphs(state)}
store          {state.store}
logs           {state.folder}/*.log

In any shell:  . {state.env_file}
then           prefect deployment run visionflan/full --watch
               prefect deployment run visionflan/full --param recipe=smoke --watch
               prefect deployment run visionflan/stage2 --watch
Stop it with   make down"""


if __name__ == "__main__":
    try:
        main()
    except services.StartError as error:
        sys.exit(f"error: {error}")
