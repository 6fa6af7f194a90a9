"""A language model's folder as a judge, and our own LLaVA as one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaTokenizer, MixtralConfig, MixtralForCausalLM

from tests.model.families.llava15.published import write_vicuna
from tests.tiny import make_tiny
from vf_ray.doctor.weights import judge_weights
from vf_ray.errors import UserError
from vf_ray.eval.judge import Reply, Request
from vf_ray.eval.judges.local import CheckpointJudge, chat_text, load_tokenizer


def requests(n: int, temperature: float = 0.0) -> list[Request]:
    return [
        Request(id=str(k), user="is it " * (1 + k % 4), max_tokens=5, temperature=temperature)
        for k in range(n)
    ]


@pytest.fixture(scope="module", params=["vicuna", "llava"])
def judge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CheckpointJudge:
    folder = tmp_path_factory.mktemp(request.param)
    made = write_vicuna(folder) if request.param == "vicuna" else make_tiny(folder)
    return CheckpointJudge.of(made, name="tiny")


def test_replies_do_not_depend_on_the_company_they_are_asked_in(judge: CheckpointJudge) -> None:
    together = judge.replies(requests(20))
    alone = [judge.replies([request])[0] for request in requests(20)]
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert all(reply.text is not None for reply in together)


def test_a_warm_reply_is_drawn_alike_each_time(judge: CheckpointJudge) -> None:
    first = judge.replies(requests(6, temperature=1.0))
    assert first == judge.replies(requests(6, temperature=1.0))
    assert first != judge.replies(requests(6))


def test_a_request_too_long_for_the_judge_has_the_reason(judge: CheckpointJudge) -> None:
    long = Request(id="long", user="word " * 9000)
    found = judge.replies([*requests(1), long])
    assert found[0].text is not None
    assert found[1].text is None
    assert "longer than the" in found[1].error


@pytest.mark.parametrize("harm", ["missing", "unexpected", "of another shape", "no numbers", "cut"])
def test_a_judge_whose_weights_are_not_whole_is_refused_by_name(tmp_path: Path, harm: str) -> None:
    file = write_vicuna(tmp_path) / "model.safetensors"
    weights = load_file(file)
    name = "model.layers.1.mlp.up_proj.weight"
    harmed = {
        "missing": {},
        "unexpected": {name: weights[name], "value_head.weight": torch.ones(2)},
        "of another shape": {name: torch.ones(2, 2)},
        "no numbers": {name: weights[name] * float("nan")},
        "cut": {name: weights[name]},
    }
    del weights[name]
    save_file(weights | harmed[harm], file, metadata={"format": "pt"})
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    told = {"unexpected": "1 unexpected: value_head.weight", "cut": "cannot be read"}
    with pytest.raises(UserError, match=told.get(harm, name)) as refused:
        CheckpointJudge.of(tmp_path, name="vicuna")
    assert "the judge vicuna" in str(refused.value)


def test_a_judge_of_another_kind_whose_files_name_weights_otherwise_is_whole(tmp_path: Path) -> None:
    tokens = len(LlamaTokenizer.from_pretrained(write_vicuna(tmp_path)))
    (tmp_path / "model.safetensors").unlink()
    config = MixtralConfig(
        vocab_size=tokens, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, num_local_experts=2, max_position_embeddings=64,
    )  # fmt: skip
    MixtralForCausalLM(config).save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    judge = CheckpointJudge.of(tmp_path, name="mixtral")
    assert stored.keys() != judge._model.state_dict().keys()


def test_without_a_template_of_its_own_the_request_is_vicunas(tmp_path: Path) -> None:
    judge = CheckpointJudge.of(write_vicuna(tmp_path), name="vicuna")
    text = judge._text(Request(id="1", system="Be fair.", user="Is it?"))
    assert text == "<s>Be fair. USER: Is it? ASSISTANT:"


def test_a_reply_is_read_as_one_over_http_is(judge: CheckpointJudge) -> None:
    asked = Request(id="1", user="?", max_tokens=400)
    end = [judge._tokenizer.eos_token_id]

    def read(text: str, tokens: list[int], prompt: str = "ASSISTANT:") -> Reply:
        ids = judge._tokenizer(text, add_special_tokens=False)["input_ids"] + tokens
        return judge._reply(prompt, ids, replace(asked, max_tokens=len(ids)))

    assert read("\n\n0.8", [*end, *end]) == Reply(text="0.8")
    assert read("0.8", []) == Reply(text="0.8", cut=True)
    assert read("<think>\nno</think>\nyes", end) == Reply(text="yes")
    assert read("no</think>yes", end, "ASSISTANT: <think>\n") == Reply(text="yes")
    silent = read("is it correct or", [], "ASSISTANT: <think>\n")
    assert (silent.text, silent.cut) == (None, True)
    assert silent.error.startswith("cut off before it said anything")


def written(folder: Path, template: str) -> Path:
    """Return a judge's folder with this chat template."""
    file = write_vicuna(folder) / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "chat_template": template}))
    return folder


@pytest.mark.parametrize(
    "before",
    ["{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}", ""],
    ids=["refused", "left out"],
)
def test_a_system_message_that_a_template_does_not_take_stands_before_the_users(
    tmp_path: Path, before: str
) -> None:
    users = "{% for m in messages if m.role == 'user' %}[{{ m.content }}]{% endfor %}"
    tokenizer = load_tokenizer(written(tmp_path, before + users), "gemma")
    assert chat_text(tokenizer, Request(id="1", system="Be fair.", user="Is it?")) == "[Be fair.\n\nIs it?]"
    assert chat_text(tokenizer, Request(id="1", user="Is it?")) == "[Is it?]"


@pytest.mark.parametrize("template", ["{% if %}", "{{ a.b }}", "{{ messages + 1 }}"])
def test_a_template_that_makes_no_text_is_refused_by_name(tmp_path: Path, template: str) -> None:
    folder = written(tmp_path, template)
    with pytest.raises(UserError, match="the chat template of the judge vicuna"):
        CheckpointJudge.of(folder, name="vicuna")
    assert not judge_weights("evaluate.judge", str(folder)).ok


def test_a_tokenizer_without_words_is_refused(tmp_path: Path) -> None:
    folder = write_vicuna(tmp_path)
    for name in ("tokenizer.json", "tokenizer.model"):
        (folder / name).unlink(missing_ok=True)
    assert "knows no words" in judge_weights("evaluate.judge", str(folder)).found


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("generation_config.json", "{", r"generation_config\.json: not JSON"),
        ("generation_config.json", "[]", r"generation_config\.json holds a list"),
        ("adapter_config.json", "{}", r"holds adapter_config\.json, .* merge the adapters into that"),
    ],
)
def test_what_transformers_passes_over_or_follows_elsewhere_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (write_vicuna(tmp_path) / name).write_text(content)
    with pytest.raises(UserError, match=said):
        CheckpointJudge.of(tmp_path, name="vicuna")
    check = judge_weights("evaluate.judge", str(tmp_path))
    assert not check.ok and name in check.found


def test_an_end_that_is_no_token_is_refused(tmp_path: Path) -> None:
    (write_vicuna(tmp_path) / "generation_config.json").write_text('{"eos_token_id": "</s>"}')
    with pytest.raises(UserError, match="eos_token_id '</s>' in generation_config"):
        CheckpointJudge.of(tmp_path, name="vicuna")
