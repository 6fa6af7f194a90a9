"""Recipes: a wrong key, unit or combination is refused by name, with the nearest right one."""

from typing import Any

import pytest

from vf_ray.cli.plans import setting
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import load_recipe, read_yaml
from vf_ray.recipe.strict import plain

STAGE = {"tasks": ["a/*"], "lr": "2e-5", "batch": 128, "epochs": 1}


def recipe(**overrides: Any) -> Recipe:
    values = {"name": "x", "prepare": {"tasks": ["a/*"]}, "base": {}, "stage1": STAGE}
    return Recipe.from_mapping(values, overrides)


WATCHED = {"stage1.evaluate_every": 2, "stage1.evaluate_benchmarks": ["pope", "mme"]}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"stage1.learning_rate": 1}, r"unknown key stage1\.learning_rate = 1; known: .*batch, .* more"),
        ({"stage1.step": 3}, r"unknown key stage1\.step = 3; did you mean 'steps'"),
        ({"stages": 5}, r"stages is 5; expected a mapping of names to stages"),
        ({"stage3": {}}, r"unknown key stage3 = \{\}; did you mean 'stages'"),
        ({"stage1.steps": 3}, r"stage1: .*steps=3 and epochs=1\.0; give exactly one"),
        ({"stage1.epochs": None}, r"stage1: .*steps=None and epochs=None; give exactly one"),
        ({"stage1.lr": 20}, r"stage1: .*lr is 20\.0; a learning rate lies between 0 and 1"),
        ({"stage1.lr": "fast"}, r"stage1\.lr is 'fast'; expected float"),
        ({"stage1.batch": 1.5}, r"stage1\.batch is 1\.5; expected int"),
        ({"stage1.batch": True}, r"stage1\.batch is True; expected int"),
        ({"stage1.tune": ["projektor"]}, r"'projektor'; did you mean 'projector'"),
        ({"stage1.tune": "projector"}, r"stage1\.tune is 'projector'; expected a list"),
        ({"stage1.tune": []}, r"tunes nothing"),
        ({"stage1.zero": 5}, r"stage1\.zero is 5; known: 0, 1, 2, 3"),
        ({"stage1.zero": 1, "stage1.offload": True}, r"offload needs zero 2 or 3, not 1"),
        ({"stage1.zero": 0, "stage1.precision": "bf16"}, r"bf16 needs zero 1, 2 or 3"),
        ({"stage1.zero": 3, "stage1.compile": True}, r"compile needs zero 0, 1 or 2"),
        ({"stage1.template": "plan"}, r"stage1\.template is 'plan'; did you mean 'plain'"),
        (
            {"base.input_format": {"templet": "llama_2"}},
            r"unknown key base\.input_format\.templet.*did you mean 'template'",
        ),
        (
            {"base.input_format.alpha": "black"},
            r"base\.input_format\.alpha is 'black'; known: dropped, white",
        ),
        ({"stage1.weights": {"a/*": -1}}, r"stage\.weights\.a/\* is -1\.0; how often its instances are used"),
        ({"stage1.temperature": 0}, r"stage\.temperature is 0\.0; above 0, where 1 changes nothing"),
        ({"stage1.replay": {"base": 0.1}}, r"stage1\.replay names 'base', which is no earlier stage"),
        ({"stage2": {**STAGE, "replay": {"stage1": 1}}}, r"replay\.stage1 is 1\.0; it is a share between"),
        ({"stage2": {**STAGE, "replay": {"stage2": 0.1}}}, r"'stage2', which is no earlier .* 'stage1'"),
        ({"stage1.patience": 2}, r"stage\.patience is 2; it needs stage\.evaluate_every, which is null"),
        ({"stage1.keep_best": "pope"}, r"stage\.keep_best is pope; it needs stage\.evaluate_every"),
        (
            {"stage1.evaluate_every": 2, "stage1.keep_best": "held_out_los"},
            r"keep_best is 'held_out_los', which is not measured; did you mean 'held_out_loss'",
        ),
        (
            {**WATCHED, "stage1.keep_best": "pop/mean f1"},
            r"keep_best is 'pop/mean f1', which is not measured; did you mean 'pope'",
        ),
        ({**WATCHED, "stage1.evaluate_benchmarks": ["@papers"]}, r"'@papers', which is no suite; did you m"),
        (
            {**WATCHED, "stage1.evaluate_per_task": 0, "stage1.patience": 2},
            r"patience is 2; say by what, as keep_best; known: mme, pope",
        ),
        (
            {"stage1.evaluate_every": 2, "stage1.evaluate_per_task": 0},
            r"evaluate_per_task is 0 and evaluate_benchmarks names none: nothing is measured",
        ),
        ({"stage1.evaluate_every": 0}, r"stage\.evaluate_every is 0; it must be positive"),
        ({"stage1.recompute": 2}, r"recompute is 2\.0; it is a share"),
        ({"stage1.own_lr": {"projektor": 1e-3}}, r"own_lr names 'projektor'; did you mean 'projector'"),
        ({"stage1.own_lr": {"projector": 3}}, r"own_lr\.projector is 3\.0; a learning rate"),
        ({"stage1.own_lr": 1e-3}, r"stage1\.own_lr is 0\.001; expected a mapping"),
        ({"stage1.lora": {"rnk": 8}}, r"unknown key stage1\.lora\.rnk = 8; did you mean 'rank'"),
        ({"stage1.lora": {"rank": 0}}, r"lora\.rank is 0; it must be positive"),
        ({"stage1.lora": {}, "stage1.tune": ["projector"]}, r"add language_model to stage\.tune"),
        ({"stage1.warmup": 3}, r"warmup is 3\.0; it is a share"),
        ({"stage1.per_task": -5}, r"stage\.per_task is -5; it must be positive"),
        ({"stage1.sample": 0}, r"stage\.sample is 0; it must be positive"),
        ({"stage1.clip": "inf"}, r"stage\.clip is inf; a norm, or 0"),
        ({"stage1.too_long": "drop"}, r"stage1\.too_long is 'drop'; known: cut, reject"),
        ({"stage1.clip": -1}, r"stage\.clip is -1\.0; a norm, or 0 for no clipping"),
        ({"stage1.micro_tokens": 0}, r"stage\.micro_tokens is 0; it must be positive"),
        ({"stage1.max_length": 5}, r"stage\.max_length is 5; no picture and word fit"),
        ({"stage1.weight_decay": -0.1}, r"stage\.weight_decay is -0\.1; it cannot be negative"),
        ({"base.layers": -2}, r"base\.layers is -2; it must be positive"),
        ({"evaluate.models": []}, r"evaluate\.models is empty and nothing is served"),
        ({"resources.cpus_per_worker": float("nan")}, r"cpus_per_worker is nan; it must be positive"),
        ({"resources.threads": -1}, r"threads is -1; 0 shares out"),
        ({"name": "../x"}, r"recipe name '\.\./x': it becomes part of addresses"),
        ({"prepare.held_out": 1}, r"held_out is 1\.0; it is a share in \[0, 1\)"),
        ({"prepare.cap": 0}, r"cap is 0; it must be positive"),
        ({"prepare.tasks": []}, r"prepare\.tasks is empty"),
        ({"base.image_size": 300}, r"image_size 300 is not a multiple of base\.patch_size 14"),
        ({"base.heads": 3}, r"base\.width 5120 is not a multiple of base\.heads 3"),
        ({"base.size": "70B"}, r"base\.size is '70B'; did you mean '7B'"),
        ({"base.checkpoint": "a", "base.language_model": "b"}, r"a checkpoint brings its own"),
        ({"stage2": 5}, r"stage2 is 5; expected a mapping"),
        (
            {"evaluate.models": ["stage3"]},
            r"evaluate\.models names 'stage3', which is no stage; did you mean",
        ),
        ({"resources.gpus_per_worker": 8}, r"gpus_per_worker is 0 or 1"),
    ],
)
def test_refused_before_anything_starts(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe(**overrides)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stage1:\n\tlr: 1", r"no YAML that can be read: .* line 2"),
        ("a: 1\n---\nb: 2", r"no YAML that can be read: expected a single document"),
        ("a: !!python/object:os.system x", r"no YAML that can be read: could not determine a constructor"),
        ("{[1]: 2}", r"no YAML that can be read: .*unhashable key"),
        ("[", r"no YAML that can be read"),
        ("s: {lr: 1e-3, batch: 4, lr: 0.5}", r"the key stands here .* and once more \(lr\)"),
        ("seed: 1\nname: x\nseed: 7", r"and once more \(seed\).* line 3"),
    ],
)
def test_text_that_cannot_be_meant_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_yaml(text, "it")


def test_yaml_may_share_parts() -> None:
    text = "one: &a {lr: 1, batch: 2}\ntwo: {<<: *a, lr: 3}"
    assert read_yaml(text, "it")["two"] == {"lr": 3, "batch": 2}


def test_a_size_fills_in_what_no_number_says() -> None:
    small = recipe(**{"base.size": "0.1B", "base.width": 288, "base.vocabulary": 900}).base
    assert (small.layers, small.width, small.vocabulary, small.kv_heads) == (30, 288, 900, 3)
    assert recipe(**{"base.heads": 8}).base.kv_heads == 8
    assert recipe(**{"base.size": "34B"}).base.image_size == 336


def test_a_lacking_key_is_named() -> None:
    with pytest.raises(ValueError, match=r"stage1 lacks the key lr"):
        recipe(stage1={"tasks": ["a"], "batch": 1, "steps": 1})


def test_overrides_reach_every_depth_and_leave_the_rest() -> None:
    changed = recipe(**{"stage1.lr": 1e-4, "resources.workers": 4, "stage2": {**STAGE, "sample": 1000}})
    assert (changed.tuned["stage1"].lr, changed.resources.workers) == (1e-4, 4)
    assert changed.tuned["stage2"].sample == 1000
    assert plain(changed)["prepare"] == plain(recipe())["prepare"]


def test_a_recipe_survives_json() -> None:
    assert Recipe.from_mapping(plain(recipe())) == recipe()


def test_yaml_text_numbers_become_numbers() -> None:
    assert recipe().tuned["stage1"].lr == 2e-5


def test_an_empty_value_is_an_empty_text_where_a_text_is_expected() -> None:
    changed = load_recipe("paper-13b", dict(map(setting, ("base.vision=", "base.projector="))))
    assert (changed.base.vision, changed.base.projector) == ("", "")
    with pytest.raises(ValueError, match=r"stage1\.lr is None; expected float"):
        load_recipe("paper-13b", dict([setting("stage1.lr=")]))


@pytest.mark.parametrize("off", [0, 0.0, None])
def test_clipping_can_be_switched_off(off: float | None) -> None:
    chosen = load_recipe("smoke", {"stage1.clip": off}).stage("stage1")
    assert chosen and chosen.clip == 0 and chosen.computed()["clip"] == 0
