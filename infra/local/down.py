"""Stop what ``make up`` started on this machine, and nothing else. Running it again changes nothing."""

import signal

from infra.local.processes import family, stop_rest
from infra.local.processes import stop as stop_process
from infra.local.state import State, locked, up_folder
from vf_ray.errors import reported

ORDER = (
    ("prefect-worker", signal.SIGINT, 10.0),
    ("prefect-server", signal.SIGINT, 10.0),
    ("ray-head", signal.SIGTERM, 30.0),
    ("prometheus", signal.SIGTERM, 10.0),
)
"""Whom to ask, how, and for how many seconds: flow runs must end while the server still listens."""


def main() -> None:
    """Stop the services that the state names."""
    folder = up_folder()
    if not folder.is_dir():
        print("nothing is up")
        return
    with locked(folder) as state:
        print(stop(state))


def stop(state: State) -> str:
    """Stop a state's processes and theirs: the worker before the server, then Ray."""
    marker = str(state.folder)
    known = family(list(state.processes.values()), marker)
    for name, how, patience_s in ORDER:
        if name in state.processes:
            stop_process(state.processes[name], how, patience_s)
    known |= family(list(state.processes.values()), marker)
    stop_rest(known, marker)
    state.forget()
    names = ", ".join(state.processes)
    return f"stopped {names}" if known else "nothing is up"


def stop_one(state: State, name: str) -> None:
    """Stop what is left of one service; the others go on."""
    root, marker = [state.processes[name]] if name in state.processes else [], state.marker(name)
    stop_rest(family(root, marker), marker)


if __name__ == "__main__":
    with reported():
        main()
