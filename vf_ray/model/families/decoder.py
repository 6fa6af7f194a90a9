"""Decoders of two norms, attention and a gated inner layer, as Llama and Qwen have them."""

CONTEXT = 4096
"""Positions of a fresh language model: Vicuna-1.5's."""


def first_spread(width: int) -> float:
    """Return the standard deviation of fresh weights: Llama's 0.02, more in narrow models.

    At width 128, 0.02 leaves attention almost uniform for hundreds of steps; with 1 / sqrt(width)
    the demo's base names 9 of 10 digits after a minute instead of 6.
    """
    return max(0.02, float(width**-0.5))


def inner_width(width: int) -> int:
    """Return the width of Llama's inner layer: two thirds of 4 x width, rounded up as Llama rounds."""
    multiple = 256 if width >= 1024 else 8
    return -(-(8 * width // 3) // multiple) * multiple
