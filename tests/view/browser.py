"""A headless Chromium, spoken to over a pipe, as far as tests of pages need one."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO, Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")
ENTER = 13
"""Number of the key, without which Chromium follows no link."""
HEARD, SPOKEN = 3, 4
"""Where Chromium reads commands, and where it answers."""


class Browser:
    """One tab."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes]) -> None:
        self._commands, self._answers, self._numbers = commands, answers, count(1)
        self._session: dict[str, str] = {}
        self._waiting = b""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        self.send("Page.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Give a command of the DevTools protocol; return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        answer = next(one for one in self._messages() if one.get("id") == number)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, url: str) -> None:
        """Go to an address, and wait until all of it is loaded."""
        self.send("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Wait until the page that is on its way is loaded."""
        next(one for one in self._messages() if one.get("method") == "Page.loadEventFired")

    def value(self, script: str) -> Any:
        """Return what an expression of JavaScript gives in the page."""
        return self.send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def press(self, key: str) -> None:
        """Press and let go a key."""
        more: dict[str, Any] = {"text": key} if len(key) == 1 else {}
        more |= {"text": "\r", "windowsVirtualKeyCode": ENTER} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **more)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the window, and whether it is dark."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path) -> None:
        """Write what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            while b"\0" not in self._waiting:
                part = os.read(self._answers.fileno(), 1 << 16)
                assert part, "the browser has ended"
                self._waiting += part
            message, _, self._waiting = self._waiting.partition(b"\0")
            yield json.loads(message)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium with a profile of its own, and end it."""
    heard, commands = os.pipe()
    answers, spoken = os.pipe()

    connected = f'exec "$0" "$@" {HEARD}<&{heard} {SPOKEN}>&{spoken} >/dev/null 2>&1'
    command = ["bash", "-c", connected, CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(command, pass_fds=(heard, spoken))
    for theirs in (heard, spoken):
        os.close(theirs)
    try:
        with os.fdopen(commands, "wb") as sink, os.fdopen(answers, "rb", 0) as source:
            yield Browser(sink, source)
    finally:
        process.terminate()
        process.wait(20)
