"""Wrong answers that are wrong: options that are not the right one in more or fewer words."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from vf_ray.text import plain

_ARTICLES = frozenset(("a", "an", "the"))


def apart(texts: Iterable[str], beside: Iterable[str] = ()) -> Iterator[str]:
    """Yield the texts none of which holds all words of another, nor of those they stand ``beside``."""
    taken = [_words(text) for text in beside]
    for text in texts:
        words = _words(text)
        if not any(words <= other or other <= words for other in taken):
            taken.append(words)
            yield text


@lru_cache(2 * 4096)  # a pool's texts are met again and again
def _words(text: str) -> frozenset[str]:
    """Return the words of a text without articles, marks and the plural's s."""
    words = frozenset(map(_singular, plain(text).split()))
    return words - _ARTICLES or words


def _singular(word: str) -> str:
    bare = word.strip(".,;:!?()\"'") or word
    return bare[:-1] if len(bare) > 3 and bare.endswith("s") and not bare.endswith("ss") else bare
