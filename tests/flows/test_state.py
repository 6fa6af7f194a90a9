"""How a flow ends under Prefect: the line in the state's message, a traceback only for a fault of ours."""

import logging

import pytest
from prefect import flow, task

from flows.state import told_in_state
from tests.test_errors import BUGS
from vf_ray.errors import DEBUG, OURS, MendableError, MissingError, UserError

pytestmark = pytest.mark.chain


@flow
@told_in_state
def chain(error: Exception) -> None:
    step(error)


@task(persist_result=False)
def step(error: Exception) -> None:
    error.add_note("in a step")
    raise error


@pytest.mark.parametrize("kind", [UserError, MissingError])
def test_what_can_be_mended_is_the_message_of_the_state(
    kind: type[MendableError], prefect: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        state = chain(kind("here: do that"), return_state=True)  # type: ignore[call-overload]
    assert state.is_failed()
    assert state.message == "error: here: do that\nin a step"
    assert not any(record.exc_info for record in caplog.records)
    assert "error: here: do that" in caplog.text
    with pytest.raises(kind, match=r"^here: do that"):
        chain(kind("here: do that"))


@pytest.mark.parametrize("kind", BUGS)
def test_a_fault_of_ours_is_logged_with_its_traceback(
    kind: type[Exception], prefect: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(kind) as ended:
        chain(kind("ours"))
    assert ended.value.__notes__ == ["in a step", OURS]
    assert "in step\n" in caplog.text and OURS in caplog.text


def test_when_asked_for_the_traceback_of_both_is_logged(
    prefect: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEBUG, "1")
    with caplog.at_level(logging.INFO), pytest.raises(UserError):
        chain(UserError("here"))
    assert "in step\n" in caplog.text
