"""CLEVR-CoGenT: CLEVR's questions on scenes whose solids come in restricted colours.

Condition A restricts them for training, B otherwise for validation.
"""

from vf_ray.sources.clevr_json import ClevrRow, clevr_json
from vf_ray.tasks import clevr
from vf_ray.types import Download, Raw, Source, Terms

COGENT: Source[ClevrRow] = Source(
    name="clevr_cogent",
    title="CLEVR-CoGenT",
    url="https://cs.stanford.edu/people/jcjohns/clevr/",
    terms=Terms(
        licence="CC BY 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="the question files' info entry",
    ),
    raws=(
        Raw(
            name="clevr_cogent",
            obtain="Put CLEVR_CoGenT_v1.0.zip of cs.stanford.edu/people/jcjohns/clevr here",
            files=(
                Download(
                    "https://dl.fbaipublicfiles.com/clevr/CLEVR_CoGenT_v1.0.zip",
                    "md5:9e4a361ab939a4899e6d2ac14a5ee434",
                ),
            ),
        ),
    ),
    read=clevr_json(
        {
            "train": "CLEVR_CoGenT_v1.0/questions/CLEVR_trainA_questions.json",
            "val A": "CLEVR_CoGenT_v1.0/questions/CLEVR_valA_questions.json",
            "val B": "CLEVR_CoGenT_v1.0/questions/CLEVR_valB_questions.json",
        },
        image="CLEVR_CoGenT_v1.0/images/{folder}/{file_name}",
    ),
)

COGENT.task(
    "question_answering",
    upstream="CLEVR_CoGenT+Question_Answering",
    group="question answering",
    category="Perception",
    instruction="Look at the rendered scene and give the answer to the question as one word or number.",
)(clevr.question_answering)

COGENT.task(
    "multiple_questions",
    upstream="CLEVR_CoGenT+Multiple_Question_Answering",
    group="question answering",
    category="Perception",
    instruction="There are several questions about this rendered scene. Answer each on a line of its own, "
    "as A1: word or number, A2: word or number, in the order of the questions.",
)(clevr.multiple_questions)

COGENT.task(
    "matching",
    upstream="CLEVR_CoGenT+Question_Answer_Matching",
    group="question answering",
    category="Perception",
    instruction="Questions about this rendered scene and their answers are listed separately. Say which "
    "answer belongs to which question: pairs like Q1A2, separated by commas, in the order of the questions.",
    evidence="as for CLEVR: different answers only, at most five, in alphabetical order",
)(clevr.matching)

COGENT.task(
    "question_in_context",
    upstream="CLEVR_CoGenT+VQA_context",
    group="generation",
    category="Visual Dialogue",
    instruction="You see a rendered scene, and questions about it with their answers. Answer the one "
    "question that is left, with one word or number.",
    evidence="not in the paper's list; group and category are ours; the last question is the one left open",
)(clevr.question_in_context)
