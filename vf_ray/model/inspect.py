"""An instance as the model sees it: its tokens, which of them are trained, and its picture's pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from rich.console import Group
from rich.text import Text
from tokenizers.decoders import ByteLevel
from torch import Tensor

from vf_ray.model.encoded import IGNORE, Encoded, ImageSize
from vf_ray.model.families.family import Encoder

TRAINED, READ, IMAGE = ("bold black on green", "black on cyan"), ("", "on grey23"), "dim magenta"
"""Styles; a pair alternates from token to token, so that borders show."""
SHADES = " .:-=+*#%@"


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a conversation; the picture's tokens count as one."""

    id: int
    text: str
    trained: bool
    count: int = 1


def tokens(encoder: Encoder, encoded: Encoded) -> Iterator[Token]:
    """Yield what the model reads, in order."""
    run = 0
    for token_id, label in zip(encoded.ids, encoded.labels, strict=True):
        if token_id == encoder.image_id:
            run += 1
            continue
        if run:
            yield Token(encoder.image_id, "<image>", False, run)
            run = 0
        yield Token(token_id, _text(encoder, token_id), label != IGNORE)


def _text(encoder: Encoder, token_id: int) -> str:
    """Return a token as it stands in the text, with its blank."""
    piece: str = encoder.tokenizer.id_to_token(token_id) or ""
    if "ByteLevel" in str(encoder.tokenizer.decoder):  # alone or in a sequence
        piece = ByteLevel().decode([piece])
    return piece.replace("▁", " ")


def show(
    encoder: Encoder, prompt: str, response: str, further: Sequence[str] = (), *, images: Sequence[ImageSize],
    image: bytes | None = None,
) -> Group:  # fmt: skip
    """Return a conversation for a terminal: counts, coloured tokens, and its first image in grey.

    ``images`` are the sizes of those that it shows; ``image`` is None where none is at hand.

    Raises:
        ValueError: as ``encode`` and ``Images.seen`` do.
    """
    encoded = encoder.encode(prompt, response, further, images=images)
    seen = encoded.image_tokens
    trained = sum(label != IGNORE for label in encoded.labels)
    head = Text(
        f"{len(encoded.ids)} tokens: {seen} of the picture, "
        f"{len(encoded.ids) - seen - trained} read, {trained} trained"
    )
    shown = [head, _coloured(encoder, encoded)]
    if image:
        pixels = encoder.images.seen(image)
        shown += [Text(f"picture {tuple(pixels.shape)}, as the vision tower gets it:"), Text(_grey(pixels))]
    return Group(*shown)


def _coloured(encoder: Encoder, encoded: Encoded) -> Text:
    line = Text()
    for place, token in enumerate(tokens(encoder, encoded)):
        if token.count > 1 or token.id == encoder.image_id:
            line.append(f"<image> x {token.count}", IMAGE)
        else:
            styles = TRAINED if token.trained else READ
            line.append(token.text.replace("\n", "\\n\n"), styles[place % 2])
    return line


def _grey(pixels_CHW: Tensor, columns: int = 48) -> str:
    """Return a picture as characters, twice as wide as high because characters are not square."""
    across = min(columns, pixels_CHW.shape[-1])
    small_HW = torch.nn.functional.adaptive_avg_pool2d(pixels_CHW.mean(0, keepdim=True), across)[0]
    low, high = small_HW.min(), small_HW.max()
    shades_HW = ((small_HW - low) / (high - low).clamp(min=1e-6) * (len(SHADES) - 1)).round().int()
    return "\n".join("".join(SHADES[shade] * 2 for shade in row) for row in shades_HW.tolist())
