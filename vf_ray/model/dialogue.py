"""A question after others: all that was said before stands before it, as a conversation is trained."""

from collections.abc import Sequence
from dataclasses import replace

from vf_ray.model.encoded import IGNORE, Encoded, ImageSize
from vf_ray.model.families.family import Encoder

ANSWER = "x"
"""Stands for the answer that is to come while a conversation is encoded; none of its tokens are kept."""


def question_after(
    encoder: Encoder, earlier: Sequence[str], prompt: str, *, images: Sequence[ImageSize]
) -> Encoded:
    """Encode a question for generation, up to where the answer starts.

    ``earlier`` came before it, alternately by the user and by the model; the images belong to its first text.

    Raises:
        TooLongError: if all of it has more than ``max_length`` tokens.
        ValueError: if an earlier answer is empty, or the texts name more images than there are.
    """
    if not earlier:
        return encoder.question(prompt, images=images)
    first, answer, *further = earlier
    whole = encoder.encode(first, answer, (*further, prompt, ANSWER), images=images)
    trained = [label != IGNORE for label in whole.labels]
    start = next(n for n in reversed(range(1, len(trained))) if trained[n] and not trained[n - 1])
    axes = None if whole.axes is None else whole.axes[:, :start]
    return replace(whole, ids=whole.ids[:start], labels=[IGNORE] * start, axes=axes)
