import pytest

from vf_ray.eval.rules.captions import References, bleu, bleu_counts, rouge_l, tokens


def test_words_are_lower_case_and_marks_are_dropped() -> None:
    assert tokens("A dog, on a mat.") == ["a", "dog", "on", "a", "mat"]
    assert tokens("The dog's (red) ball") == ["the", "dog", "'s", "-lrb-", "red", "-rrb-", "ball"]
    assert tokens("") == []


def test_cider_is_ten_for_what_all_people_said_and_nothing_for_what_nobody_did() -> None:
    known = References([[["a", "red", "dog", "runs"]], [["two", "cats", "sleep", "here"]]])
    assert known.cider(["a", "red", "dog", "runs"], 0) == pytest.approx(10)
    assert known.cider(["two", "cats", "sleep", "here"], 0) == 0
    assert 0 < known.cider(["a", "red", "dog", "sits"], 0) < 10


def test_what_stands_under_every_image_is_worth_nothing() -> None:
    known = References([[["a", "dog"]], [["a", "cat"]]])
    assert known.cider(["a"], 0) == 0


def test_bleu_of_a_set_has_a_penalty_for_shortness() -> None:
    whole = bleu_counts(["a", "b", "c", "d", "e"], [["a", "b", "c", "d", "e"]])
    assert bleu(whole) == pytest.approx(1)
    short = bleu_counts(["a", "b", "c", "d"], [["a", "b", "c", "d", "e"]])
    assert bleu(short) == pytest.approx(2.718281828 ** (1 - 5 / 4), rel=1e-6)


def test_rouge_l_weighs_recall_more() -> None:
    assert rouge_l(["a", "b"], [["a", "b"]]) == pytest.approx(1)
    precision, recall = 1.0, 0.5
    expected = (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision)
    assert rouge_l(["a", "b"], [["a", "b", "c", "d"]]) == pytest.approx(expected)
    assert rouge_l([], [["a"]]) == 0
