"""A finished folder behind an OpenAI-compatible server gives the answers that vf-ray gets from it."""

import base64
import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from jinja2.exceptions import TemplateError
from PIL import Image
from transformers import AutoProcessor, LlavaForConditionalGeneration

from tests.eval.judge_server import Answer, judge_server, says
from tests.eval.miniature import png
from tests.tiny import make_tiny
from vf_ray.eval.ask import answer
from vf_ray.eval.benchmark import Question
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.served import ServedModel

TOKENS = 12


class Server:
    """What chat endpoints such as vLLM's do: the text that the template gives, and no token added to it."""

    def __init__(self, folder: Path, added: str = "") -> None:
        self.processor: Any = AutoProcessor.from_pretrained(folder)
        self.model: Any = LlavaForConditionalGeneration.from_pretrained(folder).eval()
        self.added = added

    def __call__(self, body: dict[str, Any], number: int) -> Answer:
        messages = body["messages"]
        parts = [
            part
            for message in messages
            if isinstance(message["content"], list)
            for part in message["content"]
        ]
        images = [opened(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"]
        try:
            text = self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except TemplateError as error:
            return 400, {}, str(error).encode()
        inputs = self.processor(
            text=self.added + text, images=images or None, return_tensors="pt", add_special_tokens=False
        )
        with torch.inference_mode():
            out = self.model.generate(**inputs, max_new_tokens=body["max_tokens"], do_sample=False)
        new = out[0, inputs["input_ids"].shape[1] :]
        return says(self.processor.tokenizer.decode(new, skip_special_tokens=True))


def opened(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")


def questions() -> list[Question]:
    asked = ("Is the number odd?", "What digit is shown?\nOptions: (a) three (b) seven", "Describe it.")
    return [
        Question(id=str(n), prompt=said, image_id=str(n), image=partial(png, n), max_new_tokens=TOKENS)
        for n, said in enumerate(asked)
    ]


@pytest.mark.parametrize("template", ["vicuna_v1", "llama_2"])
def test_a_served_folder_answers_as_ours_does(tmp_path: Path, template: str) -> None:
    folder = make_tiny(tmp_path, template=template)
    ours = [answer(folder, q.prompt, q.image(), max_new_tokens=TOKENS) for q in questions() if q.image]
    assert all(ours)
    with judge_server(Server(folder)) as (url, _):
        assert [found.text for found in asked(url)] == ours
    with judge_server(Server(folder, "<s>")) as (url, _):
        assert [found.text for found in asked(url)] != ours, "one start token too many shows"


def asked(url: str) -> list[Any]:
    return list(ServedModel(ChatModel(url=url, model="visionflan")).answers(questions(), 8))


def test_what_the_model_was_never_trained_on_is_refused_with_the_reason(tmp_path: Path) -> None:
    url = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{base64.b64encode(png(0)).decode()}"},
    }
    two = {"messages": [{"role": "user", "content": [url, url]}], "max_tokens": TOKENS}
    with judge_server(Server(make_tiny(tmp_path))) as (address, _):
        (said,) = ChatModel(url=address, model="visionflan").replies([two])
    assert said.text is None and "at most one picture, in the first message" in said.error
