"""``vf-ray ask``: one answer from a trained model."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import show, show_json
from vf_ray.cli.plans import StoreUrl
from vf_ray.errors import UserError, about


def ask(
    checkpoint: Annotated[
        str, typer.Argument(help="A model folder, an address in the store, or a step: stage2, stage2/demo.")
    ],
    question: Annotated[str, typer.Argument(help="What to ask about the picture.")],
    image: Annotated[Path, typer.Option(help="The picture.", exists=True, dir_okay=False)],
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 128,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Ask a trained model one question about one picture."""
    from vf_ray.cli.checkpoints import model_folder
    from vf_ray.eval.ask import answer
    from vf_ray.shards.decode import BadImageError, opened
    from vf_ray.store import Store

    with about(str(image)):
        data = image.read_bytes()
    try:
        opened(data)
    except BadImageError as error:
        raise UserError(f"{image}: {error}; expected a picture") from error
    with model_folder(checkpoint, Store.open(store)) as folder:
        reply = answer(folder, question, data, max_new_tokens=max_new_tokens)
    if as_json:
        show_json({"checkpoint": checkpoint, "image": str(image), "question": question, "answer": reply})
    else:
        show(escape(reply))
