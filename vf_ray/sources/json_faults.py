"""What to do about a file that is no JSON, by what its parser complains of."""

import re

_REMEDIES = (
    (r"premature EOF", "it is cut: fetch it again"),
    (r"probable comment", "JSON has no comments: take them out"),
    (r",\s*[\]}].*right here", "a comma stands before a closing bracket: take it out"),
    (r"trailing garbage .*\}\s*\{.*right here", "these are JSON Lines: jq -s . FILE makes an array"),
    (r"trailing garbage", "take away what stands behind its end"),
    (r"invalid char.*[\[{:,]\s*'.*right here", "JSON's quotes are double; write it with json.dump"),
    (r"\b(?:None|True|False)\b.*right here", "JSON has null, true, false; write it with json.dump"),
    (r"invalid object key|invalid char", "is it JSON? Mend this place, or write it anew"),
)  # fmt: skip
_OTHERWISE = "mend this place, or fetch it again"


def remedy(complaint: str) -> str:
    """Return what to do about a complaint of yajl's, which shows the place."""
    return next((advice for sign, advice in _REMEDIES if re.search(sign, complaint)), _OTHERWISE)
