"""Packed rows give what their conversations give alone."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    set_seed,
)

from vf_ray.model import attention
from vf_ray.model.attention import enable_packing

IMAGE, PATCHES, VOCABULARY = 60, 4, 64
LENGTHS = (9, 17, 5, 12)


def llava(key_heads: int = 4) -> LlavaForConditionalGeneration:
    set_seed(0)
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=8,
        patch_size=4,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=key_heads, max_position_embeddings=128,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=IMAGE, image_seq_length=PATCHES
    )
    return LlavaForConditionalGeneration(config).eval()


def conversations() -> tuple[list[torch.Tensor], torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    rows = [torch.randint(0, IMAGE, (length,), generator=draw) for length in LENGTHS]
    for row in rows:
        row[1 : 1 + PATCHES] = IMAGE
    return rows, torch.rand(len(rows), 3, 8, 8, generator=draw)


def packed_inputs() -> dict[str, torch.Tensor]:
    rows, pixels = conversations()
    cu_seqlens = torch.tensor([0, *LENGTHS]).cumsum(0).to(torch.int32)
    positions = torch.cat([torch.arange(len(row)) for row in rows])
    return {
        "input_ids": torch.cat(rows)[None],
        "position_ids": positions[None],
        "pixel_values": pixels,
        "cu_seq_lens_q": cu_seqlens,
    }


@pytest.mark.parametrize("key_heads", [4, 2])
def test_packed_logits_and_gradients_equal_unpacked_ones(key_heads: int) -> None:
    plain, packed = llava(key_heads), llava(key_heads)
    enable_packing(packed.model.language_model)
    rows, pixels = conversations()
    alone = [
        plain(input_ids=r[None], pixel_values=p[None]).logits[0] for r, p in zip(rows, pixels, strict=True)
    ]
    together = packed(**packed_inputs()).logits[0]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)

    torch.cat(alone).square().sum().backward()
    together.square().sum().backward()
    for (name, one), other in zip(plain.named_parameters(), packed.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None), name
        if one.grad is not None and other.grad is not None:
            torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-5, msg=name)


def sharing_inputs() -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
    """Return a row whose second and fourth segment share 5 tokens with the one before; and all segments."""
    rows, pixels = conversations()
    for later, first in ((1, 0), (3, 2)):
        rows[later][:5] = rows[first][:5]
    gather_index = [*range(9), *range(5), *range(9, 21), *range(21, 26), *range(21, 26), *range(26, 33)]
    kept = [rows[0], rows[1][5:], rows[2], rows[3][5:]]
    at = [torch.arange(len(row))[-len(part) :] for row, part in zip(rows, kept, strict=True)]
    inputs = packed_inputs() | {
        "input_ids": torch.cat(kept)[None],
        "position_ids": torch.cat(at)[None],
        "pixel_values": pixels[[0, 2]],
        "gather_index": torch.tensor(gather_index),
    }  # fmt: skip
    return inputs, rows


@pytest.mark.parametrize("key_heads", [4, 2])
@pytest.mark.parametrize("kernel", ["batches", "varlen"])
def test_segments_may_share_how_they_begin(
    monkeypatch: pytest.MonkeyPatch, kernel: str, key_heads: int
) -> None:
    if kernel == "varlen":  # its kernel needs a GPU; what it is given, and what is made of it, does not
        monkeypatch.setattr(attention, "uses_varlen", lambda device, dtype: True)
        monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", one_segment_after_the_other)
    plain, packed = llava(key_heads), llava(key_heads)
    enable_packing(packed.model.language_model)
    inputs, rows = sharing_inputs()
    pixels = inputs["pixel_values"][[0, 0, 1, 1]]
    alone = torch.cat(
        [plain(input_ids=r[None], pixel_values=p[None]).logits[0] for r, p in zip(rows, pixels, strict=True)]
    )
    together = packed(**inputs).logits[0, inputs["gather_index"]]
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    weight = torch.rand(alone.shape, generator=torch.Generator().manual_seed(2))
    for logits in (together, alone):
        (logits * weight).sum().backward()
    for (name, one), other in zip(plain.named_parameters(), packed.parameters(), strict=True):
        if one.grad is not None and other.grad is not None:
            torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-5, msg=name)


def one_segment_after_the_other(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, cu_seqlens: torch.Tensor, *rest: object,
    window_size: tuple[int, int], enable_gqa: bool = False,
) -> torch.Tensor:  # fmt: skip
    """Do what torch's varlen kernel is documented to do."""
    assert window_size == (-1, 0)
    outs = []
    for start, end in pairwise(cu_seqlens.tolist()):
        q, k, v = (x[start:end].transpose(0, 1)[None] for x in (query, key, value))
        outs.append(F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=enable_gqa))
    return torch.cat([out[0].transpose(0, 1) for out in outs])


def test_shared_tokens_that_the_row_has_not_are_refused() -> None:
    model = llava()
    enable_packing(model.model.language_model)
    inputs, _ = sharing_inputs()
    inputs["gather_index"][3] = 40
    with pytest.raises(ValueError, match="not exactly the 33 tokens"):
        model(**inputs)


def test_packed_gradients_survive_checkpointing() -> None:
    plain, saving = llava(), llava().train()
    for model in (plain, saving):
        enable_packing(model.model.language_model)
    saving.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    for model in (plain, saving):
        model(**packed_inputs()).logits.square().sum().backward()
    for one, other in zip(plain.parameters(), saving.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or torch.equal(one.grad, other.grad)


def test_logits_are_kept_where_asked() -> None:
    model = llava()
    enable_packing(model.model.language_model)
    wanted = torch.tensor([6, 7, 20, 42])
    everything = model(**packed_inputs()).logits
    some = model(**packed_inputs(), logits_to_keep=wanted).logits
    torch.testing.assert_close(some, everything[:, wanted])


def test_without_borders_the_model_is_as_before() -> None:
    plain, packed = llava(), llava()
    enable_packing(packed.model.language_model)
    rows, pixels = conversations()
    width = max(LENGTHS)
    ids = torch.stack([torch.cat([torch.zeros(width - len(r), dtype=torch.long), r]) for r in rows])
    mask = torch.stack([torch.arange(width) >= width - len(r) for r in rows]).long()
    batch = {"input_ids": ids, "attention_mask": mask, "pixel_values": pixels}
    torch.testing.assert_close(packed(**batch).logits, plain(**batch).logits)
    options = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
    assert torch.equal(packed.generate(**batch, **options), plain.generate(**batch, **options))


def test_borders_that_do_not_fit_are_refused() -> None:
    model = llava()
    enable_packing(model.model.language_model)
    short = packed_inputs() | {"cu_seq_lens_q": torch.tensor([0, 9, 20], dtype=torch.int32)}
    with pytest.raises(ValueError, match=r"from 0 to 43"):
        model(**short)
    with pytest.raises(ValueError, match="without position_ids"):
        model(**{name: value for name, value in packed_inputs().items() if name != "position_ids"})


def test_packing_leaves_no_trace_in_a_saved_model(tmp_path) -> None:  # type: ignore[no-untyped-def]
    model = llava()
    enable_packing(model.model.language_model)
    enable_packing(model.model.language_model)
    model.save_pretrained(tmp_path)
    again = LlavaForConditionalGeneration.from_pretrained(tmp_path).eval()
    rows, pixels = conversations()
    with torch.no_grad():
        one, other = (m(input_ids=rows[0][None], pixel_values=pixels[:1]).logits for m in (model, again))
    torch.testing.assert_close(one, other)
    assert "vf_ray" not in (tmp_path / "config.json").read_text()
