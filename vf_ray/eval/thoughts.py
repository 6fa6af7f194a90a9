"""What a model thinks before it speaks, in the spellings that models and their servers use.

Spellings: DeepSeek-R1, QwQ and Qwen3 (``<think>``, whose opening a chat template may have written
already), Magistral (``[THINK]``), Kimi (a think between triangles), Seed-OSS, Open-Thoughts, Cohere,
gpt-oss (channels) and a few words for the same in tags.
"""

import re

_WORDS = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad)"
_OPEN = (
    rf"<{_WORDS}>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|START_THINKING\|>"
    r"|<\|channel\|>(?:analysis|commentary)(?:<\|message\|>)?"
)
_CLOSE = (
    rf"</{_WORDS}>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>"
    r"|<\|channel\|>final(?:<\|message\|>)?"
)
_BLOCK = re.compile(rf"(?:{_OPEN})(?:(?!{_CLOSE}).)*(?:{_CLOSE})", re.DOTALL | re.IGNORECASE)
_OPENING = re.compile(_OPEN, re.IGNORECASE)
_CLOSING = re.compile(_CLOSE, re.IGNORECASE)
_FRAME = re.compile(r"<\|(?:START|END)_RESPONSE\|>|<\|(?:begin|end)_of_solution\|>|<\|(?:return|end)\|>")
"""What some of them put around the words that are meant."""


def without_thoughts(text: str) -> str | None:
    """Return what is said beside all thoughts; None if they do not end, so that nothing is said."""
    answer = _BLOCK.sub("", text)
    answer = _CLOSING.split(answer)[-1]  # one that is closed only was opened by the prompt
    return None if _OPENING.search(answer) else _FRAME.sub("", answer).strip()


def opens(prompt: str) -> bool:
    """Tell whether a prompt ends inside thoughts, as some chat templates have it."""
    openings = list(_OPENING.finditer(prompt))
    return bool(openings) and not prompt[openings[-1].end() :].strip()
