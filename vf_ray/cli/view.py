"""``vf-ray view``: a store's data, runs, answers and studies in the browser."""

from typing import Annotated

import typer

from vf_ray.cli.app import note, show
from vf_ray.errors import MissingError, extra

PORT = 8410


def view(
    store: Annotated[
        str | None, typer.Argument(help="Store URL; default VF_RAY_STORE, else .vf-ray/store.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default nobody else can ask.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = PORT,
    token: Annotated[
        bool, typer.Option(help="Whether a browser has to bring the printed address first.")
    ] = True,
    served: Annotated[
        list[str] | None, typer.Option(metavar="NAME@URL", help="A model served elsewhere, for the chat.")
    ] = None,
) -> None:
    """Serve pages over a store to your browser: read-only, until Ctrl-C."""
    from vf_ray.store import Store

    with extra("view"):
        from vf_ray.view.serve import serve

    opened = Store.open(store)
    if not opened.is_folder():
        raise MissingError(
            f"{opened.url}: there is no store; name another, or start a run, e.g. with `make demo`"
        )

    def tell(address: str) -> None:
        note(f"pages over {opened.url}; open this address, and end with Ctrl-C:")
        show(address)

    serve(opened, host=host, port=port, with_token=token, served=served or (), tell=tell)
