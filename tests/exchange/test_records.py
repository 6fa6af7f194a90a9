"""A record's conversation goes out as it stands, and comes in again so."""

import json

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.exchange.records import Record
from vf_ray.sources.fields import Fields
from vf_ray.sources.llava_json import ConversationRow, conversation, without_mark
from vf_ray.sources.records import At
from vf_ray.tasks import catalogue, sources

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="<"), min_size=1, max_size=20)
TURN = _TEXT.filter(str.strip)  # a blank one is a reject


@given(texts=st.lists(TURN, min_size=2, max_size=6).filter(lambda texts: len(texts) % 2 == 0))
def test_any_conversation_comes_in_as_it_went_out(texts: list[str]) -> None:
    task, source = catalogue()["llava_json/conversation"], sources()["llava_json"]
    row = {"prompt": texts[0], "response": texts[1], "further": texts[2:], "key": "k"}
    out = Record(task=task, source=source, row=row, files=("a/b.jpg",), places=())
    said = json.loads(json.dumps({"image": out.files[0], "conversations": out.conversations()}))
    back = conversation(Fields(said), At("x.json", "all", 0))
    assert isinstance(back, ConversationRow)
    assert (back.texts, back.image) == ((without_mark(texts[0]), *texts[1:]), "a/b.jpg")
