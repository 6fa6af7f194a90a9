"""Nouns in sentences: which article they take, and whether they are one thing, many, or a mass."""

import re

_VOWEL_SOUND = re.compile(
    r"(?!eu|ewe|uni[cfoqstv]|ubi|u[rst][aeiou]|uk|u-|one\b|once|oui)[aeiou]|hour|heir|honest|honou?r|8|1[18]\b",
    re.IGNORECASE,
)
"""What begins with a vowel's sound, not just its letter: an hour, a ewer, an 8-ball."""
_SPELLED_OUT = re.compile(r"[FHLMNRSX](?:-|\b|[B-DF-HJ-NP-TV-Z\d])|SUV\b")
"""An initialism whose first letter's name begins with a vowel: an SUV, an X-ray, an LCD."""
_ONE = re.compile(
    r"(?:ss|us|(?<!sk)(?<!in)(?<!ak)is|eros|mos|gas|canvas|atlas|christmas|ceratops|means|lens|series|species|bellows)$"
)
"""How nouns in s end that are one thing: dress, bus, ibis, rhinoceros, canvas."""
_MANY = re.compile(r"[^s]s$|\b(?:people|men|women|children|teeth|feet|geese|mice|oxen|dice|peas)$")
_MASS = frozenset(
    [
        "asparagus", "bread", "broccoli", "camouflage", "carbonara", "cauliflower", "clothing", "corn",
        "dough", "eggnog", "food", "fruit", "furniture", "grass", "guacamole", "hay", "jewellery", "lettuce",
        "lightning", "luggage", "meat", "milk", "mud", "popcorn", "rain", "rice", "sand", "smoke", "snow",
        "spaghetti", "sunscreen", "sushi", "toothpaste", "underwear", "velvet", "water", "wine", "wool",
        "yoga",
    ]
)  # fmt: skip
"""Nouns without an article, by their last word."""
_MASS_NAMES = ("chain mail", "chocolate sauce", "face powder", "hair spray", "sheet music", "toilet paper")


_MORE = re.compile(r" (?:of|with|in|on|for|des) |-of-")
"""What follows says more about the thing that is named before."""


def is_plural(noun: str) -> bool:
    """Say whether a noun names several things, or one that comes in pairs (scissors)."""
    last = _head(noun)
    return _MANY.search(last) is not None and _ONE.search(last) is None


def with_article(noun: str) -> str:
    """Return a noun as it stands in a sentence: an owl, a ewer, scissors, rain, the Eiffel Tower."""
    if noun.startswith(("The ", "the ")):
        return f"the {noun[len('The ') :]}"
    if is_plural(noun) or noun.casefold() in _MASS_NAMES or _head(noun) in _MASS:
        return noun
    return f"{'an' if _begins_with_vowel(noun) else 'a'} {noun}"


def there_is(noun: str) -> str:
    """Return ``There is a cup.`` or ``There are scissors.``"""
    return f"There {'are' if is_plural(noun) else 'is'} {with_article(noun)}."


def _head(noun: str) -> str:
    """Return the word that says what it is, the chest of a chest of drawers, in lower case."""
    return _MORE.split(noun, maxsplit=1)[0].rpartition(" ")[2].casefold()


def _begins_with_vowel(noun: str) -> bool:
    first = noun.split(maxsplit=1)[0]
    if len(first) > 1 and first.isupper() and first[0] == "U":
        return False  # a UFO
    return _VOWEL_SOUND.match(noun) is not None or _SPELLED_OUT.match(first) is not None
