"""HTTP behind proxies: loopback is asked directly, whatever the variables say; keys are never repeated."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.request import getproxies_environment, proxy_bypass_environment

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web_server import Web, web_server
from vf_ray.store import web

DEAD = "http://user:hidden@127.0.0.1:9"
VARIABLES = (
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    *web.EXCEPTIONS,
)
PROXIES = [
    {"http_proxy": DEAD}, {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD}, {"ALL_PROXY": "socks5://127.0.0.1:9"},
    {"http_proxy": DEAD, "no_proxy": "[::1]"}, {"http_proxy": DEAD, "NO_PROXY": "example.com"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that what is set meanwhile goes, too
        monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[Web]:
    with web_server() as found:
        found.files["x"] = b"here"
        yield found


@pytest.mark.parametrize("variables", PROXIES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_asked_directly(
    server: Web, host: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    url = server.url("x").replace("127.0.0.1", host)
    with web.client(url, timeout=5) as asked:
        assert asked.get(url).content == b"here"


@pytest.mark.parametrize("variables", [p for p in PROXIES if "ALL_PROXY" not in p])
def test_a_client_of_many_addresses_asks_loopback_directly(
    server: Web, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with web.client(timeout=5) as asked:
        assert asked.get(server.url("x")).content == b"here"


def test_others_go_through_the_proxy_and_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as proxy:
        heard: list[bytes] = []

        def serve() -> None:
            connection = proxy.accept()[0]
            heard.append(connection.recv(1000))
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("HTTP_PROXY", f"http://user:hidden@127.0.0.1:{proxy.getsockname()[1]}")
        with web.client("http://models.example:8000/v1", timeout=5) as asked:
            assert asked.get("http://models.example:8000/v1").status_code == 204
    assert heard[0].startswith(b"GET http://models.example:8000/v1 ")
    told = web.through("http://models.example:8000/v1")
    assert "HTTP_PROXY" in told and "no_proxy=models.example" in told and "hidden" not in told
    monkeypatch.setenv("no_proxy", "models.example")
    assert not web.through("http://models.example:8000/v1")
    assert not web.through("http://127.0.0.1:8000/v1")


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://user:hidden@127.0.0.1:9")
    with pytest.raises(
        ValueError, match=r"http://models.example cannot be asked with what ALL_PROXY say"
    ) as told:
        web.client("http://models.example")
    assert "hidden" not in str(told.value)


HOSTS = st.sampled_from(
    ["*", "a.example", ".b.example", "[::1]", "::1", "10.0.0.1", "[fe80::1]:80", " c ", ""]
)


@given(st.dictionaries(st.sampled_from(web.EXCEPTIONS), st.lists(HOSTS, max_size=3).map(",".join)))
def test_exceptions_keep_what_was_said_and_every_library_reads_them(said: dict[str, str]) -> None:
    value = web.exceptions(said)
    assert web.exceptions({"no_proxy": value}) == value, "made twice, it is the same"
    proxies = {"no": value}
    for host in (*web.LOOPBACK[:2], *(h for h in ("a.example", "x.b.example") if h[-9:] in str(said))):
        assert proxy_bypass_environment(host, proxies)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        patch.setenv("no_proxy", value)
        httpx.Client().close()
        assert getproxies_environment()["no"] == value


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://LOCALHOST", "https://[::1]:2", "http://127.9.9.9"]
)
def test_this_machine_is_known(url: str) -> None:
    assert web.is_loopback(url)


@pytest.mark.parametrize(
    "url", ["", "x", "http://[::1", "http://localhost.example", "http://10.0.0.1", "s3://b/127.0.0.1"]
)
def test_others_are_not_this_machine(url: str) -> None:
    assert not web.is_loopback(url)


@pytest.mark.parametrize("text", ["sk-1\n", " sk-1 ", "sk-1\r\n"])
def test_blanks_around_a_token_are_none_of_it(text: str) -> None:
    assert web.bearer(web.fit("it", text)) == {"Authorization": "Bearer sk-1"}
    assert web.bearer("") == {}


@given(
    before=st.text("abc", min_size=1),
    letter=st.sampled_from("\n\r\t \x7fé\u200b\x00"),
    after=st.text("xyz", min_size=1),
)
def test_a_letter_that_no_header_carries_is_named_and_the_key_is_not(
    before: str, letter: str, after: str
) -> None:
    with pytest.raises(ValueError, match="MY_KEY: character") as told:
        web.fit("MY_KEY", f"{before}{letter}{after}")
    assert f"character {len(before) + 1} of {len(before) + 1 + len(after)} is U+{ord(letter):04X}" in str(
        told.value
    )
    assert before + letter not in str(told.value)
