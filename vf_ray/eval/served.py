"""A model served elsewhere as an engine: vLLM's server, or anything OpenAI-compatible.

The server's chat template makes the prompt of a question, and its processor the pixels; for LLaVA-1.5's
figures both must be LLaVA-1.5's, which a checkpoint saved by vf-ray brings along.
"""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vf_ray.eval.benchmark import Answered, Question
from vf_ray.eval.chat import Chat, Said, Unserved
from vf_ray.recipe import Served

KEY = "VF_RAY_SERVED_API_KEY"
"""Environment variable with the server's key; another one than the judge's, whom it does not concern."""
NOTE = "prompt and pixels are made by the server that answered, {}, with its own chat template and processor"
FORMATS = ("JPEG", "PNG")
"""What every server decodes; other pictures are sent as PNG."""


@dataclass(frozen=True)
class ServedModel:
    """A served model, asked greedily."""

    chat: Chat

    @classmethod
    def of(cls, served: Served) -> "ServedModel":
        """Return the model that a recipe names."""
        return cls(Chat(url=served.url, model=served.model, key=KEY, at_once=served.at_once))

    def answers(self, questions: Sequence[Question], batch: int) -> Iterator[Answered]:
        """Yield an answer to each question, in order; one that the server refuses has its reason.

        Raises:
            Unserved: if the server cannot be reached, or gives up on a question for a reason that may pass.
        """
        for start in range(0, len(questions), batch):
            asked = questions[start : start + batch]
            for question, said in zip(asked, self.chat.said([body(q) for q in asked]), strict=True):
                yield self._answered(question, said)

    def _answered(self, question: Question, said: Said) -> Answered:
        if said.passing:
            raise Unserved(
                f"{self.chat.address}: question {question.id} after {self.chat.tries} tries: {said.error}; "
                "start again when the server is well, what is answered is kept"
            )
        return Answered(question.id, (said.text or "").strip(), said.error)


def body(question: Question) -> Mapping[str, Any]:
    """Return a question as a request.

    Raises:
        ValueError: if its picture cannot be decoded.
    """
    parts: list[Mapping[str, Any]] = [{"type": "text", "text": question.prompt}]
    if question.picture is not None:
        try:
            url = {"url": data_url(question.picture())}
        except ValueError as error:
            raise ValueError(f"question {question.id}: {error}") from error
        parts.insert(0, {"type": "image_url", "image_url": url})
    content = [{"role": "user", "content": parts}]
    return {"messages": content, "temperature": 0, "max_tokens": question.max_new_tokens}


def data_url(data: bytes) -> str:
    """Return a picture as a data URL, its bytes as they are where every server decodes them.

    Raises:
        ValueError: if it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            kind = opened.format
            if kind not in FORMATS:
                kind, data = "PNG", _png(opened)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a picture of {len(data)} bytes cannot be decoded: {error}") from error
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"


def _png(picture: Image.Image) -> bytes:
    sink = io.BytesIO()
    picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(sink, "PNG")
    return sink.getvalue()
