"""COCO captions, validation: one sentence for each image, compared with what people wrote.

Rule: COCO's caption evaluation; METEOR and SPICE need Java programs and models to download, and are not
given. How rare words are is counted over the images that are there, so a part of them gives other figures.
"""

from collections.abc import Callable

import numpy as np

from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import read
from vf_ray.eval.judge import Judge
from vf_ray.eval.rules.captions import References, bleu, bleu_counts, rouge_l, tokens
from vf_ray.eval.statistics import Floats, bootstrap, mean
from vf_ray.types import Tree

PROMPT = "Provide a one-sentence caption for the provided image."
YEARS = {"2014": "val2014/COCO_val2014_{:012d}.jpg", "2017": "val2017/{:012d}.jpg"}
NOTES = (
    "rule: COCO's CIDEr, BLEU and ROUGE-L, tokens by NLTK with repairs in the place of Java's; an image "
    "without an answer has an empty caption, where the official script stops",
)


def load(tree: Tree) -> QuestionSet:
    """Return one question for each image that people described."""
    year = next((year for year in YEARS if tree.glob(f"**/captions_val{year}.json")), "2014")
    path = files.the_one(tree, f"**/captions_val{year}.json")
    whole = files.as_object(files.read_json(tree, path), path, annotations=list)
    known: dict[int, list[str]] = {}
    for row in files.as_objects(whole["annotations"], f"{path} annotations", image_id=int, caption=str):
        known.setdefault(int(row["image_id"]), []).append(str(row["caption"]))
    questions = tuple(_question(tree, number, texts, year) for number, texts in sorted(known.items()))
    return QuestionSet(questions=questions, notes=(f"images: {len(questions):,} of {path}", *NOTES))


def _question(tree: Tree, number: int, texts: list[str], year: str) -> Question:
    name = YEARS[year].format(number)
    return Question(
        id=str(number), prompt=PROMPT, image_id=name,
        image=files.image(tree, name.partition("/")[2], (name.partition("/")[0], "images", "")),
        max_new_tokens=64, gold=" | ".join(texts), golds=tuple(texts),
    )  # fmt: skip


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the set; an item's value is its CIDEr on a scale of one."""
    every = question_set.whole or question_set.questions  # how rare words are depends on all of them
    known = References([[tokens(text) for text in question.golds] for question in every])
    places = {question.id: place for place, question in enumerate(every)}
    asked = [places[question.id] for question in question_set.questions]
    captions = [tokens(answers.get(question.id, "")) for question in question_set.questions]
    pairs = [(words, known.captions[place]) for words, place in zip(captions, asked, strict=True)]
    cider = [known.cider(words, place) for words, place in zip(captions, asked, strict=True)]
    items = [
        _item(q, answers.get(q.id), value) for q, value in zip(question_set.questions, cider, strict=True)
    ]
    sums = [bleu_counts(words, people) for words, people in pairs]
    names = [question.id for question in question_set.questions]
    headline = {
        "CIDEr %": mean(cider).times(100),
        "ROUGE-L %": mean([rouge_l(*pair) for pair in pairs]).times(100),
    }
    for size in (4, 3, 2, 1):
        headline[f"BLEU-{size} %"] = bootstrap(sums, names, _bleu(size)).times(100)
    return Score(headline=headline, tables={}, counts=count(items), items=items, notes=question_set.notes)


def _bleu(size: int) -> Callable[[Floats], Floats]:
    def metric(sums: Floats) -> Floats:
        return np.array([bleu(row, size) for row in sums.tolist()])

    return metric


def _item(question: Question, answer: str | None, cider: float) -> Item:
    return Item(
        id=question.id, answer=answer, parsed=" ".join(tokens(answer or "")), gold=question.gold,
        value=cider, cluster=question.image_id,
    )  # fmt: skip


COCO_CAPTIONS = Benchmark(
    name="coco-captions",
    title="COCO captions (validation)",
    files="annotations/captions_val2014.json and val2014/, or those of 2017",
    load=load,
    score=score,
    read=read,
)
