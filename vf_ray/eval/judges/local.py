"""A language model's folder as a judge, such as Vicuna-1.5-13B, which the paper's CF was judged by.

A request becomes text by the tokenizer's own chat template; where it has none, by Vicuna's, as FastChat
words it. At temperature 0 the reply is the likeliest; above, it is drawn from a seed that only the
requests decide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer

from vf_ray.errors import UserError
from vf_ray.eval import thoughts
from vf_ray.eval.completion import spoken
from vf_ray.eval.judge import Reply, Request
from vf_ray.eval.judges.http import messages
from vf_ray.instances.chance import rank
from vf_ray.model.families import families
from vf_ray.model.tensors import read_config, readable, weight_files
from vf_ray.model.vicuna import SYSTEM
from vf_ray.model.whole import loaded_whole

BATCH = 16


@dataclass
class CheckpointJudge:
    """A language model that judges."""

    folder: Path
    name: str
    room: int = 0
    """Tokens that a reply has at least, for a judge that thinks first; 0: what each request gives it."""
    in_order: bool = False

    @classmethod
    def of(cls, folder: Path, name: str, room: int = 0) -> "CheckpointJudge":
        """Load a judge now; its folder may go afterwards."""
        judge = cls(folder, name, room)
        _ = judge._tokenizer, judge._model, judge._ends
        return judge

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return a reply to each request; one too long for the model has the reason instead."""
        by_place: dict[int, Reply] = {}
        for places in _batches(requests):
            texts = [self._text(requests[place]) for place in places]
            fits = [
                place for place, text in zip(places, texts, strict=True) if self._fits(text, requests[place])
            ]
            by_place |= {place: Reply(text=None, error=TOO_LONG.format(self._room)) for place in places}
            if fits:
                replies = self._answer([requests[place] for place in fits])
                by_place |= dict(zip(fits, replies, strict=True))
        return [by_place[place] for place in range(len(requests))]

    @torch.inference_mode()
    def _answer(self, requests: Sequence[Request]) -> list[Reply]:
        first = requests[0]
        texts = [self._text(request) for request in requests]
        prompts = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        sampling = (
            {"do_sample": True, "temperature": first.temperature}
            if first.temperature
            else {"do_sample": False}
        )
        with torch.random.fork_rng():
            torch.manual_seed(rank("judge", *texts, str(first.temperature)) % 2**31)
            whole_BS = self._model.generate(
                **prompts.to(self._model.device), max_new_tokens=self._tokens(first), num_beams=1,
                **sampling, pad_token_id=self._tokenizer.pad_token_id,
            )  # fmt: skip
        answers = whole_BS[:, prompts["input_ids"].shape[1] :].tolist()
        return [self._reply(text, ids, first) for text, ids in zip(texts, answers, strict=True)]

    def _reply(self, prompt: str, ids: list[int], request: Request) -> Reply:
        """Read what was generated; special tokens go last, since thoughts may be marked by them."""
        ends = [place for place, token in enumerate(ids) if token in self._ends]
        text = self._tokenizer.decode(ids[: ends[0]] if ends else ids, skip_special_tokens=False)
        begun = "<think>" if thoughts.opens(prompt) else ""
        reply = spoken(begun + text, cut=not ends and len(ids) >= self._tokens(request))
        if reply.text is None:
            return reply
        spelled = sorted(self._tokenizer.all_special_tokens, key=len, reverse=True)
        bare = re.sub("|".join(map(re.escape, spelled)), "", reply.text) if spelled else reply.text
        return replace(reply, text=bare.strip())

    @cached_property
    def _ends(self) -> frozenset[int]:
        """Return the tokens that end a reply."""
        ends = self._model.generation_config.eos_token_id
        several = ends if isinstance(ends, list) else [ends]
        if not all(isinstance(end, int | None) for end in several):
            raise UserError(
                f"the judge {self.name} has eos_token_id {ends!r} in generation_config.json; expected numbers"
            )
        return frozenset({self._tokenizer.eos_token_id, *several} - {None})

    def _tokens(self, request: Request) -> int:
        return max(request.max_tokens, self.room)

    def _text(self, request: Request) -> str:
        return chat_text(self._tokenizer, request)

    def _fits(self, text: str, request: Request) -> bool:
        return (
            len(self._tokenizer(text, add_special_tokens=False)["input_ids"]) + self._tokens(request)
            <= self._room
        )

    @cached_property
    def _room(self) -> int:
        config = self._model.config
        return int(getattr(config, "text_config", config).max_position_embeddings)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self.folder, self.name)

    @cached_property
    def _model(self) -> Any:
        """Load the model: on the GPU as it was saved, else in float32."""
        gpu = torch.cuda.is_available()
        judge = load_judge(self.folder, self.name, dtype="auto" if gpu else torch.float32)
        return judge.to("cuda" if gpu else "cpu")


def load_tokenizer(folder: Path, name: str) -> Any:
    """Return a judge's tokenizer, whose chat template has been tried.

    Raises:
        UserError: if it cannot be read, knows no words, or its template makes no text of a request.
    """
    what = f"the tokenizer of the judge {name}"
    with readable(what):
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, padding_side="left", trust_remote_code=False
        )
    if not set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens):
        raise UserError(f"{what} knows no words; copy tokenizer.json or tokenizer.model into {folder}, too")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    with readable(f"the chat template of the judge {name}"):
        chat_text(tokenizer, Request(id="", system="Be fair.", user="Is it?"))
    return tokenizer


def chat_text(tokenizer: Any, request: Request) -> str:
    """Return a request as the tokenizer's chat template words it, as Vicuna's where it has none.

    What a template refuses or leaves out as a system message stands before the user's words.
    """
    if not tokenizer.chat_template:
        begin = tokenizer.bos_token or ""
        return f"{begin}{request.system or SYSTEM} USER: {request.user} ASSISTANT:"
    text = ""
    try:
        text = _templated(tokenizer, request)
    except TemplateError:
        if not request.system:
            raise
    if request.system.strip() in text:
        return text
    return _templated(tokenizer, replace(request, system="", user=f"{request.system}\n\n{request.user}"))


def _templated(tokenizer: Any, request: Request) -> str:
    conversation = messages(request)
    return str(tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True))


def load_judge(folder: Path, name: str, **options: Any) -> Any:
    """Return a judge's model, of whatever kind; ``options`` are for transformers.

    Raises:
        UserError: if its folder does not hold every weight that its configuration describes.
    """
    what = f"the judge {name}"
    config = read_config(folder)
    weight_files(folder)
    family = next((family for family in families() if family.recognises(config)), None)
    loader = family.model_class(config) if family else AutoModelForCausalLM
    return loaded_whole(what, loader, folder, **options)


TOO_LONG = "longer than the {:,} tokens that fit the judge"


def _batches(requests: Sequence[Request]) -> Iterator[list[int]]:
    """Yield places of requests that are asked alike, longest first, so that a batch pads little."""

    def alike(place: int) -> tuple[float, int]:
        return requests[place].temperature, requests[place].max_tokens

    places = sorted(range(len(requests)), key=lambda n: (*alike(n), -len(requests[n].user), requests[n].id))
    for _, group in groupby(places, key=alike):
        members = list(group)
        yield from (members[start : start + BATCH] for start in range(0, len(members), BATCH))
