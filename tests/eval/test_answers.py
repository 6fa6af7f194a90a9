import math
from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import lines
from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Question, QuestionSet

EXAM = QuestionSet(questions=tuple(Question(id=str(n), prompt="What?") for n in range(100)))


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        ({"text": "A"}, "A"), ({"answer": "A"}, "A"), ({"text": "A", "answer": "the truth"}, "A"),
        ({"prediction": "A", "answer": "the truth"}, "A"), ({"response": "A", "answer": "the truth"}, "A"),
        ({"text": None}, ""), ({"text": math.nan}, ""), ({"text": 7}, "7"),
        ({"text": "a\tb\r\nc"}, "a\tb\r\nc"),
    ],
)  # fmt: skip
def test_an_answer_is_taken_from_the_key_that_holds_it(
    tmp_path: Path, record: dict[str, Any], answer: str
) -> None:
    path = lines(tmp_path / "a.jsonl", [{"question_id": 0, **record}])
    assert llava_jsonl(path, EXAM) == {"0": answer}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"question_id": 0, "text": ["A"]}, "answer 1, text, is \\['A'\\]; expected a text"),
        ({"question_id": 0, "text": {"A": 1}}, "expected a text"),
        ({"question_id": 0, "value": "A"}, "answer 1 has no answer; .* found question_id, value"),
        ({"text": "A"}, "answer 1 has no key 'question_id'; it has text"),
        ({"question_id": "x", "text": "A"}, "question 'x', which this data does not ask.* and 88 more"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        llava_jsonl(lines(tmp_path / "a.jsonl", [record]), EXAM)
