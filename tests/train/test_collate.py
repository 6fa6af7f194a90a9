"""A pack carries what a family needs: positions on any number of axes, images of any size."""

import torch

from vf_ray.model.encoded import IGNORE, Encoded
from vf_ray.train.collate import Pack, collate

PREFIX = 4


def told(*own: int, axes: int) -> Encoded:
    """Return a conversation that starts with an image, positions of one axis each 10 further on."""
    ids = [1, 7, 7, 7, *own]
    positions = torch.arange(len(ids)) + 10 * torch.arange(axes)[:, None]
    labels = [IGNORE] * (len(ids) - 1) + [ids[-1]]
    return Encoded(ids=ids, labels=labels, axes=positions, prefix_len=PREFIX, image_tokens=3)


def pack(*, share: bool) -> Pack:
    """Return three conversations, the first and the last about one image, the second about two."""
    encoded = [told(20, 21, axes=3), told(30, axes=3), told(40, 41, 42, axes=3)]
    images = {"patches": torch.zeros(11, 5), "sizes": torch.tensor([[2, 3], [1, 5]])}
    return collate(encoded, [0.5] * 3, images, [(0,), (1, 0), (0,)], share=share)


def test_positions_of_several_axes_follow_their_tokens() -> None:
    apart, together = pack(share=False), pack(share=True)
    assert apart.position_ids.shape == (3, 1, 18) and together.position_ids.shape == (3, 1, 14)
    assert together.gather_index is not None and apart.gather_index is None
    assert torch.equal(together.position_ids[..., together.gather_index], apart.position_ids)
    assert torch.equal(together.input_ids[..., together.gather_index], apart.input_ids)
    assert torch.equal(together.gather_index[apart.label_positions], together.label_positions)


def test_each_place_of_an_image_says_which_stands_there() -> None:
    assert pack(share=False).image_index.tolist() == [0, 1, 0, 0]
    assert pack(share=True).image_index.tolist() == [0, 1, 0]


def test_images_go_along_whatever_they_are_made_of() -> None:
    moved = pack(share=True).to(torch.device("cpu"), torch.bfloat16)
    assert moved.images["patches"].dtype == torch.bfloat16
    assert moved.images["sizes"].dtype == torch.int64
    assert {"images/patches", "images/sizes", "input_ids", "weights"} <= moved.tensors().keys()
