"""Who may ask: acted as another site in the same browser, and as one that knows the port only."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.view.conftest import PORT, TOKEN
from vf_ray.store import Store
from vf_ray.view.app import application
from vf_ray.view.guard import HEADERS, Guard

HERE = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def stranger(viewed: Store) -> TestClient:
    """Return a browser that has not brought the token."""
    return TestClient(application(viewed, TOKEN, PORT), base_url=HERE)


@pytest.mark.parametrize(
    "path", ["/", "/style.css", "/static/view.js", "/image/images/eurosat/0/0", "/nothing"]
)
def test_without_the_token_nothing_is_told(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 403
    assert "eurosat" not in answer.text.replace(path, "")


def test_the_token_becomes_a_cookie_that_no_script_and_no_other_site_has(stranger: TestClient) -> None:
    answer = stranger.get("/?group=generation&token=" + TOKEN, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?group=generation")
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("given", ["", "another", TOKEN + " ", TOKEN[:-1], "é"])
def test_another_token_is_refused(stranger: TestClient, given: str) -> None:
    assert stranger.get("/", params={"token": given}).status_code == 403
    assert stranger.get("/").status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "[::1].evil",
    ],
)
def test_a_name_that_another_site_may_point_here_is_refused(pages: TestClient, host: str) -> None:
    assert pages.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["127.0.0.1", f"localhost:{PORT}", f"[::1]:{PORT}", "LOCALHOST", "10.0.0.7:80"]
)
def test_its_own_names_and_numbers_are_not(pages: TestClient, host: str) -> None:
    cookie = {"cookie": f"vf-ray-view-{PORT}={TOKEN}"}
    assert pages.get("/style.css", headers={"host": host, **cookie}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": HERE, "sec-fetch-site": "same-site"},
        {"origin": HERE, "sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_another_site_sends_nothing_here(pages: TestClient, method: str, headers: dict[str, str]) -> None:
    assert pages.request(method, "/", headers=headers).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_its_own_pages_change_nothing_either(pages: TestClient, method: str) -> None:
    assert pages.request(method, "/", headers={"origin": HERE}).status_code == 405


@pytest.mark.parametrize("path", ["/", "/nothing", "/style.css", "/task/okvqa/answer"])
def test_every_answer_keeps_the_browser_from_running_what_it_holds(pages: TestClient, path: str) -> None:
    headers = pages.get(path).headers
    assert HEADERS.items() <= dict(headers).items()
    assert "unsafe" not in headers["content-security-policy"]
    assert "script-src 'self';" in headers["content-security-policy"]


def test_keys_of_an_address_may_be_called_anything(stranger: TestClient) -> None:
    answer = stranger.get(f"/?path=a&quoted=1&title=t&self=s&token={TOKEN}")
    assert (answer.status_code, answer.url.query) == (200, b"path=a&quoted=1&title=t&self=s")


@given(st.text(alphabet="/\\.@:evil?#", max_size=12))
def test_the_token_leads_to_no_other_host(path: str) -> None:
    scope = {"type": "http", "method": "GET", "path": f"/{path}", "headers": [(b"host", b"127.0.0.1")]}
    request = Request(
        {**scope, "query_string": b"token=" + quote(TOKEN).encode(), "scheme": "http", "server": None}
    )
    answer = Guard(application(Store.open("/nowhere"), TOKEN, PORT), TOKEN, PORT).refused(request)
    assert answer is not None
    location = answer.headers["location"]
    assert (answer.status_code, urlsplit(location).netloc) == (303, "")
    assert location[:1] == "/"
    assert location[1:2] not in ("/", "\\")
