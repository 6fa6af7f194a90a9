"""Several images as one, for models that take one: beside each other, centred, with a black margin.

As BLINK's own helper does it for LLaVA-1.5. For models that take several, each where the question names it.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PIL import Image

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import ShownApart
from vf_ray.types import IMAGE_MARK

MARGIN = 10
"""Pixels between two images."""


def beside(fetches: Sequence[Callable[[], bytes]]) -> Callable[[], bytes]:
    """Return a picklable call that draws images in a row; a single one stays as it is."""
    return fetches[0] if len(fetches) == 1 else partial(_drawn, tuple(fetches))


def one_by_one(
    prompt: str, names: re.Pattern[str], fetches: Mapping[str, Callable[[], bytes]]
) -> ShownApart | None:
    """Return how a prompt shows images by the names in it; None if there are not several.

    An image that is not named comes first, one named twice is shown twice, a name without one stays a word.
    """
    if len(fetches) < 2:
        return None
    named = [name for name in names.findall(prompt) if name in fetches]
    unnamed = [name for name in fetches if name not in named]
    marked = names.sub(lambda name: IMAGE_MARK if name[0] in fetches else name[0], prompt)
    return ShownApart(prompt=marked, images=tuple(fetches[name] for name in (*unnamed, *named)))


def _drawn(fetches: Sequence[Callable[[], bytes]]) -> bytes:
    parts = []
    for fetch in fetches:
        data = fetch()
        try:
            with Image.open(io.BytesIO(data)) as opened:
                parts.append(opened.convert("RGB"))
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise UserError(f"a picture of {len(data):,} bytes cannot be decoded: {error}") from error
    height = max(part.height for part in parts)
    row = Image.new("RGB", (sum(part.width for part in parts) + MARGIN * (len(parts) - 1), height))
    left = 0
    for part in parts:
        row.paste(part, (left, (height - part.height) // 2))
        left += part.width + MARGIN
    with io.BytesIO() as sink:
        row.save(sink, "PNG")
        return sink.getvalue()
