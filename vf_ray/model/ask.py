"""One question to a saved model."""

from dataclasses import replace
from pathlib import Path

import torch

from vf_ray.model.conversation import Encoder
from vf_ray.model.load import load


def answer(folder: Path, question: str, image: bytes, *, max_new_tokens: int = 128) -> str:
    """Return a model's greedy answer to a question about a picture, without blanks around it.

    Raises:
        ValueError: if the picture cannot be decoded, or the question leaves no room for an answer.
    """
    encoder, model = Encoder.of(folder), load(folder)
    encoder = replace(encoder, max_length=encoder.max_length - max_new_tokens)
    ids = torch.tensor([encoder.prompt_ids(question)])
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=encoder.pixels([image]),
            max_new_tokens=max_new_tokens, do_sample=False,
        )  # fmt: skip
    return encoder.decode(out[0, ids.shape[1] :].tolist()).strip()
