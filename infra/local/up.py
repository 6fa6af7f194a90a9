"""Start what a Prefect run needs on this machine: ``make up``. Running it again starts what is missing."""

import signal
from collections.abc import Sequence

from infra.local import services
from infra.local.down import stop
from infra.local.processes import stop as stop_process
from infra.local.services import Service
from infra.local.state import State, locked, up_folder
from vf_ray.errors import reported
from vf_ray.store import Store, web
from vf_ray.store.private import fresh_scratch

GRAPHS = "/graph?g0.expr=ray_vf_ray_train_loss&g0.tab=0&g1.expr=ray_vf_ray_rows_built_total&g1.tab=0"
"""Where Prometheus draws the project's metrics, below its address."""
PATIENCE_S = 10.0
"""For a service that is to end."""


def main() -> None:
    """Start what does not run; say how to use it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `make up &` hands down an ignored one
    web.refuse_unusable_proxies()
    with locked(up_folder()) as found:
        state = guarded(found)
        missing = [service for service in services.wanted() if not service.runs(state)]
        if not missing:
            print("already up")
        start(state, missing)
        print(how_to_use(state))


def guarded(state: State) -> State:
    """Stop what an earlier version started without a secret; return what goes on."""
    if not state.processes or state.secret_file.exists():
        return state
    print("what runs asks for no secret: starting anew")
    stop(state)
    return State(state.folder)


def start(state: State, missing: Sequence[Service]) -> None:
    """Start services; others go on, and find these where they were. Half a start is taken back."""
    (state.folder / "prefect").mkdir(exist_ok=True)
    state.store = state.store or Store.open().url
    state.scratch = state.scratch or str(fresh_scratch())
    begun: list[str] = []
    try:
        for service in missing:
            print(f"starting {service.title} ...", flush=True)
            begun.append(service.name)
            service.begin(state)
    except BaseException:
        if len(missing) == len(services.wanted()):
            stop(state)
        for name in begun:
            if name in state.processes:
                stop_process(state.processes[name], signal.SIGTERM, PATIENCE_S)
        raise
    state.write_env(services.public(state))


def graphs(state: State) -> str:
    """Return where the project's metrics are drawn, or what that wants."""
    if state.prometheus:
        return f"{state.prometheus}{GRAPHS}"
    return "install Prometheus (e.g. apt install prometheus), then make down and make up"


def how_to_use(state: State) -> str:
    """Return the addresses and what to type."""
    return f"""
Prefect        {state.prefect}   runs, logs, results; asks for PREFECT_API_AUTH_STRING of {state.env_file}
Ray dashboard  {state.dashboard}   jobs, logs; asks for the token in {state.token_file}
metrics        {graphs(state)}
store          {state.store}
logs           {state.folder}/*.log

In any shell:  . {state.env_file}
then           prefect deployment run visionflan/full --watch
               prefect deployment run visionflan/full --param recipe=smoke --watch
               prefect deployment run visionflan/stage2 --watch
Stop it with   make down"""


if __name__ == "__main__":
    with reported():
        main()
