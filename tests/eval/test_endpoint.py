"""Addresses in every form, keys that no header may hold, and proxies that are none of loopback's."""

import pytest

from vf_ray.eval import endpoint
from vf_ray.eval.endpoint import COMPLETIONS, address, client, headers, shown

KEY = "VF_RAY_SOME_KEY"


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        ("http://h/v1/", "http://h/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
        ("https://h/api", "https://h/api/v1"),
        ("https://h/v1beta/openai", "https://h/v1beta/openai"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4"),
        ("https://h/v1/chat/completions", "https://h/v1"),
        ("https://h/chat/completions/", "https://h"),
    ],
)
def test_an_address_may_be_given_in_any_form(given: str, root: str) -> None:
    assert address(given, COMPLETIONS) == root + "/chat/completions"
    assert address(given, "/models") == root + "/models"


def test_a_question_stays_and_is_not_shown_nor_is_a_password() -> None:
    whole = address(
        "https://me:secret@h/openai/deployments/g/chat/completions?api-version=2&k=s", COMPLETIONS
    )
    assert whole == "https://me:secret@h/openai/deployments/g/chat/completions?api-version=2&k=s"
    assert shown(whole) == "https://h/openai/deployments/g/chat/completions"


@pytest.mark.parametrize(
    "url",
    ["", "h:8000", "ftp://h", "http://", "http://[::1", "http://h:port", "http://h:99999", "http://a b",
     "http://h\n", "http:///v1", "http://u:secret@h:x"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address") as refused:
        address(url, COMPLETIONS)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", ["sk-1234", " sk-1234\n", "\tsk-1234\r\n", "\nsk-1234"])
def test_blanks_around_a_key_do_no_harm(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(KEY, key)
    assert headers(KEY) == {"Authorization": "Bearer sk-1234"}


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("secret\nsecret", "control character 10 as character 7 of 13"),
        ("secret\tsecret", "control character 9 as character 7"),
        ("secret\x7f", "control character 127"),
        ("secret\u201d", "right double quotation mark as character 7"),
        ("\ufeffsecret", "zero width no-break space as character 1"),
        ("secre\u0442", "cyrillic small letter te as character 6"),
    ],
)  # fmt: skip
def test_a_key_that_no_header_may_hold_is_named_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str, told: str
) -> None:
    monkeypatch.setenv(KEY, key)
    with pytest.raises(ValueError, match=told) as refused:
        headers(KEY)
    assert str(refused.value).startswith(KEY)
    assert "secre" not in str(refused.value)


def test_a_key_that_a_server_repeats_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-1234")
    assert endpoint.hidden("bad key sk-1234.", KEY) == "bad key (the key in VF_RAY_SOME_KEY)."


def test_loopback_goes_through_no_proxy_and_others_through_one_that_can_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://me:secret@h")
    client("http://[::1]:9", KEY, timeout_s=1.0, at_once=1).close()
    with pytest.raises(ValueError, match="ALL_PROXY") as refused:
        client("https://example.org", KEY, timeout_s=1.0, at_once=1)
    assert "secret" not in str(refused.value)
