"""The exported chat template: the very tokens of training, whoever renders it, or a refusal."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from PIL import Image
from transformers import AutoProcessor, AutoTokenizer

from tests.model.families.llava15.published import write_clip, write_gguf, write_vicuna
from tests.model.one_image import ONE
from tests.tiny import make_tiny
from vf_ray.model.families._llava15.conversation import LlavaEncoder
from vf_ray.model.families._llava15.template import TEMPLATES, Template
from vf_ray.model.families.llava15 import Llava15
from vf_ray.recipe import Base

CHATS = [name for name, template in TEMPLATES.items() if template.chat]
MADE = [
    *CHATS,
    "adopted vicuna_v1",
    "adopted llava_llama_2",
    "gguf vicuna_v1",
    "gguf llama_2",
    "again llama_2",
]
IMAGE = {"type": "image"}


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Assemble a model for each template, fresh or from what others publish."""
    root = tmp_path_factory.mktemp("models")
    return {name: model(root, name) for name in MADE}


def model(root: Path, name: str) -> Path:
    kind, _, template = name.rpartition(" ")
    out = root / name.replace(" ", "-")
    if not kind:
        return make_tiny(out, template=template)
    if kind == "again":
        first = make_tiny(root / "first", template=template)
        base = Base(checkpoint=str(first), image_size=16, patch_size=8)
    else:
        write_clip(root / "clip")
        words = root / kind
        if not words.exists():
            write_gguf(words) if kind == "gguf" else write_vicuna(words)
        sizes = {"image_size": 8, "patch_size": 4}
        base = Base(
            vision=str(root / "clip"), language_model=str(words), input_format={"template": template}, **sizes
        )  # type: ignore[arg-type]
    Llava15().assemble(base, (), out, seed=0, fetch=Path)
    return out


def messages(*said: Any) -> list[dict[str, Any]]:
    """Return messages by turns of user and assistant."""
    return [{"role": ("user", "assistant")[n % 2], "content": one} for n, one in enumerate(said)]


QUESTION = "What digit is shown?\nOptions: (a) three (b) seven"


@pytest.mark.parametrize("name", MADE)
def test_what_is_rendered_is_what_was_trained(models: dict[str, Path], name: str) -> None:
    processor, encoder = AutoProcessor.from_pretrained(models[name]), LlavaEncoder.of(models[name])
    encoder, again = replace(encoder, max_length=4096), ("Sure?", "yes")
    tokenizer = AutoTokenizer.from_pretrained(models[name])
    cases: list[tuple[list[Any], bool, list[int]]] = [
        ([[IMAGE, text(QUESTION)]], True, encoder.prompt_ids(QUESTION)),
        ([[text(QUESTION), {"type": "image_url"}]], True, encoder.prompt_ids(QUESTION)),
        ([QUESTION], True, encoder.text_ids(QUESTION)),
        ([f"<image>\n{QUESTION}"], True, encoder.prompt_ids(QUESTION)),
        ([[IMAGE]], True, encoder.prompt_ids("")),
        ([[IMAGE, text("Odd?")], "(b) no"], False, encoder.encode("Odd?", "(b) no", images=ONE).ids),
        (["Odd?", "no", *again], False, encoder.encode("Odd?", "no", again, images=[]).ids),
        ([[IMAGE, text("Odd?")], [text("no")], *again], False,
         encoder.encode("Odd?", "no", again, images=ONE).ids),
    ]  # fmt: skip
    for said, asks, expected in cases:
        rendered = processor.apply_chat_template(messages(*said), add_generation_prompt=asks)
        image = Image.new("RGB", (20, 10)) if "<image>" in rendered else None
        assert list(processor(text=rendered, images=image)["input_ids"][0]) == expected
        whole = rendered.replace("<image>", "<image>" * encoder.tokens_per_image)
        assert tokenizer(whole, add_special_tokens=False)["input_ids"] == expected
        assert tokenizer(whole)["input_ids"] == expected


@pytest.mark.parametrize("name", CHATS)
def test_a_system_message_takes_the_place_of_the_templates_own(name: str) -> None:
    template = TEMPLATES[name]
    for system in ("Be brief.", [text("Be"), text("brief.")]):
        said = [{"role": "system", "content": system}, *messages([IMAGE, text("Odd?")], "no")]
        brief = "Be brief." if isinstance(system, str) else "Be\nbrief."
        assert filled(template, said) == filled(template, said[1:]).replace(template.system, brief)


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize(
    ("roles", "content", "message"),
    [
        ("ssu", "x", "message 2 is of role system"),
        ("us", "x", "message 2 is of role system"),
        ("a", "x", "message 1 is of role assistant"),
        ("sau", "x", "message 2 is of role assistant"),
        ("uu", "x", "message 2 is of role user; expected at most one"),
        ("uaa", "x", "message 3 is of role assistant"),
        ("ut", "x", "message 2 is of role tool"),
        ("d", "x", "message 1 is of role developer"),
        ("", "x", "there is no message of a user"),
        ("s", "x", "there is no message of a user"),
        ("u", None, "a message has no content"),
        ("su", "", "message 1, of role system, is empty"),
        ("u", [{"type": "video"}], "a part is of type video"),
        ("u", [IMAGE, IMAGE, text("x")], "at most one picture"),
        ("u", "<image>\nand <image>", "at most one picture"),
        ("u", "which <image>?", "at most one picture"),
        ("uau", [IMAGE], "at most one picture, in the first message of the user"),
        ("su", [IMAGE], "at most one picture, in the first message of the user"),
    ],
)  # fmt: skip
def test_what_was_never_trained_is_refused(name: str, roles: str, content: Any, message: str) -> None:
    full = {"s": "system", "u": "user", "a": "assistant", "t": "tool", "d": "developer"}
    said = [{"role": full[role], "content": content} for role in roles]
    with pytest.raises(TemplateError, match=message):
        filled(TEMPLATES[name], said)


def test_an_answer_cannot_be_asked_for_where_there_is_no_question() -> None:
    with pytest.raises(TemplateError, match="there is nothing to answer"):
        filled(TEMPLATES["vicuna_v1"], messages("Odd?", "no"), ask=True)
    with pytest.raises(TemplateError, match="message 2, of role assistant, is empty"):
        filled(TEMPLATES["vicuna_v1"], messages("Odd?", " "))


@pytest.mark.parametrize("name", CHATS)
def test_it_renders_the_turns_of_training(name: str) -> None:
    template = TEMPLATES[name]
    said = messages([IMAGE, text("Odd?")], "yes", "Sure?", "very")
    between = "</s><s>" if template.starts else "</s>"
    rendered = between.join(turn.text for turn in template.render("Odd?", "yes", ("Sure?", "very")))
    assert filled(template, said) == f"<s>{template.before}<image>{rendered}</s>"
    (asked,) = template.render("Odd?")
    assert filled(template, said[:1], ask=True) == f"<s>{template.before}<image>{asked.text}"
    assert filled(template, messages("Odd?"), ask=True) == f"<s>{template.without_image('Odd?')}"
    bare = filled(template, said).replace("<s>", "")
    assert filled(template, said, begins=False) == bare


def filled(template: Template, said: Sequence[Any], ask: bool = False, begins: bool = True) -> Any:
    """Render as servers do."""
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    made = environment.from_string(template.jinja(begins=begins))
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "raise_exception": refuse}
    return made.render(messages=list(said), add_generation_prompt=ask, **tokens)


def refuse(message: str) -> None:
    raise TemplateError(message)
