"""One question to a saved model."""

from pathlib import Path

import torch

from vf_ray.model.families import encoder_of
from vf_ray.model.image_size import size_of
from vf_ray.model.load import load


def answer(folder: Path, question: str, image: bytes, *, max_new_tokens: int = 128) -> str:
    """Return a model's greedy answer to a question about a picture, without blanks around it.

    Raises:
        ValueError: if the picture cannot be decoded, or the question leaves no room for an answer.
    """
    encoder, model = encoder_of(folder), load(folder)
    room = max(1, encoder.max_length - max_new_tokens)
    decoded = encoder.images.decoded([image])  # first: it says best what is wrong with an image
    ids = torch.tensor([encoder_of(folder, room).question(question, images=[size_of(image)]).ids])
    seen = encoder.images.normalised(encoder.images.collated(decoded))
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=max_new_tokens,
            do_sample=False, **seen,
        )  # fmt: skip
    return encoder.decode(out[0, ids.shape[1] :].tolist()).strip()
