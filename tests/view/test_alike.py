"""Images that look alike stand beside an instance, where they have been hashed."""

import re

from tests.quality.photographs import jpeg, pieces, png, resized
from tests.quality.planted import Made, plant
from tests.view.conftest import Browsing
from vf_ray.quality import looks
from vf_ray.shards.decode import sha256
from vf_ray.store import Store

TASK = "stl10/object"


def test_the_same_picture_in_another_encoding_is_beside_it(local_store: Store, browsing: Browsing) -> None:
    first, other, *_ = pieces()
    twins = [png(first), jpeg(first, 90), png(resized(first, 0.5)), png(other)]
    planted = plant(local_store, {TASK: [Made(image=data) for data in twins]})
    version = planted.instances[TASK].address.rpartition("/")[2]
    pages = browsing(local_store)
    assert "Not known" in pages.get(f"/instance/{TASK}/{version}/train/0").text
    looks.build(planted.images["stl10"], lambda done: None)
    page = pages.get(f"/instance/{TASK}/{version}/train/0").text.partition("look alike")[2]
    beside = re.findall(r"/image/images/stl10/\w+/(\w+)\?size=small", page)
    assert sorted(beside) == sorted(map(sha256, twins[1:3]))
    assert "No other image" in pages.get(f"/instance/{TASK}/{version}/train/3").text
