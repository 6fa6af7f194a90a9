"""The version of the code that makes each kind of artifact."""

from collections.abc import Mapping

CODE: Mapping[str, int] = {
    "raw": 1,
    "images": 5,
    "sought": 1,
    "screened": 1,
    "instances": 6,
    "mixture": 4,
    "select": 1,
    "proxy": 1,
    "features": 1,
    "relabelled": 1,
    "held_out": 1,
    "lengths": 3,
    "base": 4,
    "tuned": 4,
    "merged": 1,
    "answers": 1,
    "judged": 2,
    "scores": 8,
    "report": 9,
    "study": 8,
    "ratings": 1,
}
"""Bump a number when the bytes that its kind of artifact holds change; a golden test watches."""
