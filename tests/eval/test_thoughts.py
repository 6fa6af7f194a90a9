"""Thoughts in the spellings of several models, dropped; only what is said counts."""

import pytest

from vf_ray.eval.thoughts import opens, without_thoughts

PAIRS = [
    ("<think>", "</think>"), ("<THINK>", "</THINK>"),
    ("<thinking>", "</thinking>"), ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"), ("<seed:think>", "</seed:think>"), ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]  # fmt: skip


@pytest.mark.parametrize(("begin", "end"), PAIRS)
def test_thoughts_are_dropped_and_unfinished_ones_say_nothing(begin: str, end: str) -> None:
    thought = "is it correct\nor incorrect? 0.2"
    assert without_thoughts(f"\n{begin}{thought}{end}\n\nunclear") == "unclear"
    assert without_thoughts(f"{begin}a{end} {begin}b{end} yes") == "yes"
    assert without_thoughts(f"{thought}{end} yes") == "yes"  # the prompt opened it
    assert without_thoughts(f"{begin}{end}no") == "no"
    assert without_thoughts(f"{begin}{thought}") is None
    assert without_thoughts(f"{begin}{thought}{end}") == ""
    assert opens(f"Grade this.\nASSISTANT: {begin}\n")
    assert not opens(f"Grade {begin}this{end}.\nASSISTANT:")


@pytest.mark.parametrize("text", ["0.5", "I think so", "a <b>bold</b> word", "2 < 3 > 1", "[think]", ""])
def test_plain_words_stay(text: str) -> None:
    assert without_thoughts(f" {text}\n") == (text if text != "[think]" else None)
