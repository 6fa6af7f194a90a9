"""LLaVA-1.5's answer-format suffixes, verbatim: a benchmark's figures mean something only with them.

Source: haotian-liu/LLaVA, the question files of its evaluation archive and
``llava/eval/model_vqa_mmbench.py``.
"""

from collections.abc import Sequence

SHORT = "\nAnswer the question using a single word or phrase."
LETTER = "\nAnswer with the option's letter from the given choices directly."
LETTER_CN = "\n\u8bf7\u76f4\u63a5\u56de\u7b54\u9009\u9879\u5b57\u6bcd\u3002"
"""The same in Chinese: LLaVA's ``model_vqa_mmbench.py --lang cn``."""

JUDGE_SYSTEM = "You are a helpful and precise assistant for checking the quality of the answer."
"""What LLaVA-Bench and EMT (Zhai et al. 2309.10313) tell their judge to be, verbatim."""

SHORT_TOKENS = 128
"""max_new_tokens of LLaVA's ``model_vqa_loader``."""
LONG_TOKENS = 1024
"""max_new_tokens of ``model_vqa`` and ``model_vqa_mmbench``."""


def lettered(options: Sequence[str], form: str = "{letter}. {text}") -> str:
    """Return the options one a line, as ``A. text``."""
    return "\n".join(form.format(letter=chr(ord("A") + n), text=text) for n, text in enumerate(options))
