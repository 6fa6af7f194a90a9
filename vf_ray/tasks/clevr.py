"""CLEVR: questions about rendered scenes of simple solids, one by one, together, matched, in context."""

from collections.abc import Sequence

from vf_ray.instances.shapes import ask
from vf_ray.raw.shared import CLEVR as CLEVR_RAW
from vf_ray.sources.clevr_json import ClevrImage, ClevrQuestion, ClevrRow, QuestionAnswer, clevr_json
from vf_ray.types import Example, Made, Reject, Source, Terms

CLEVR: Source[ClevrRow] = Source(
    name="clevr",
    title="CLEVR",
    url="https://cs.stanford.edu/people/jcjohns/clevr/",
    terms=Terms(
        licence="CC BY 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="the question files' info entry",
    ),
    raws=(CLEVR_RAW,),
    read=clevr_json(
        {s: f"CLEVR_v1.0/questions/CLEVR_{s}_questions.json" for s in ("train", "val")},
        image="CLEVR_v1.0/images/{folder}/{file_name}",
    ),
)
MOST_MATCHED = 5
"""Questions in one matching: more become a puzzle of permutations rather than of seeing."""


@CLEVR.task(
    "question_answering",
    upstream="Clevr+Question_Answering",
    group="question answering",
    category="Perception",
    instruction="The image shows a rendered scene of solids. Answer the question with one word or number.",
)
def question_answering(row: ClevrRow) -> Made:
    """One question, one answer."""
    return ask(row.image, row.question, row.answer) if isinstance(row, ClevrQuestion) else None


@CLEVR.task(
    "multiple_questions",
    upstream="Clevr+Multiple_Question_Answering",
    group="question answering",
    category="Perception",
    instruction="Answer all questions about the rendered scene. Write one line for each, A1: and the answer "
    "to Q1, A2: and the answer to Q2, and so on; every answer is one word or number.",
)
def multiple_questions(row: ClevrRow) -> Made:
    """All questions of a picture at once."""
    if not isinstance(row, ClevrImage):
        return None
    questions, answers = zip(*row.pairs, strict=True)
    return Example(image=row.image, question=listed("Q", questions), answer=listed("A", answers))


@CLEVR.task(
    "matching",
    upstream="Clevr+Question_Answer_Matching",
    group="question answering",
    category="Perception",
    instruction="Match every question about the rendered scene with its answer. Write the pairs in the "
    "order of the questions, separated by commas, as in Q1A3,Q2A1.",
    evidence="questions with different answers only, at most five, so that one matching is right; the "
    "answers stand in alphabetical order",
)
def matching(row: ClevrRow) -> Made:
    """Questions in file order, answers in alphabetical order, the pairs as codes."""
    if not isinstance(row, ClevrImage):
        return None
    pairs = distinct(row.pairs)
    if len(pairs) < 2:
        return Reject(row.key, "fewer than two different answers")
    answers = sorted(answer for _, answer in pairs)
    question = f"{listed('Q', [q for q, _ in pairs])}\n{listed('A', answers)}"
    codes = (f"Q{number}A{answers.index(a) + 1}" for number, (_, a) in enumerate(pairs, 1))
    return Example(image=row.image, question=question, answer=",".join(codes))


@CLEVR.task(
    "question_in_context",
    upstream="Clevr+VQA_context",
    group="generation",
    category="Visual Dialogue",
    instruction="Some questions about the rendered scene have been answered already. Use them and the image "
    "to answer the last question with one word or number.",
    evidence="the last question of a picture is the one left open",
)
def question_in_context(row: ClevrRow) -> Made:
    """All pairs of a picture but the last as context."""
    if not isinstance(row, ClevrImage):
        return None
    if len(row.pairs) < 2:
        return Reject(row.key, "no second question")
    *before, (question, answer) = row.pairs
    lines = [f"Q: {q} A: {a}" for q, a in before]
    return Example(image=row.image, question="\n".join([*lines, f"Q: {question}"]), answer=answer)


def listed(letter: str, texts: Sequence[str]) -> str:
    """Return one line a text, ``Q1: ...``."""
    return "\n".join(f"{letter}{number}: {text}" for number, text in enumerate(texts, 1))


def distinct(pairs: tuple[QuestionAnswer, ...]) -> list[QuestionAnswer]:
    """Return the first pairs whose answers all differ."""
    first = {answer: (question, answer) for question, answer in reversed(pairs)}
    return [pair for pair in dict.fromkeys(pairs) if first[pair[1]] == pair][:MOST_MATCHED]
