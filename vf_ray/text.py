"""The few things that everybody does with a string."""


def tidy(text: str) -> str:
    """Return text on one line, without stray blanks, carriage returns and the like."""
    return " ".join(text.split())


def words(name: str) -> str:
    """Return an identifier such as a folder's name as words."""
    return tidy(name.replace("_", " "))
