"""Firefox for the tests, by the protocol that browsers share (WebDriver BiDi): JSON on a socket.

Playwright drives a Firefox of its own making only; this one is the system's.
"""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import websocket_connect

PATIENCE = 90  # seconds
PROGRAMS = ("firefox-esr", "firefox")
# Nothing but loopback can be reached, and nothing is asked of anyone as it starts.
SETTINGS = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.normandy.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "toolkit.startup.max_resumed_crashes": -1,
}


def program() -> str | None:
    """Where Firefox is."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def firefox_or_skip(profile: Path) -> "Firefox":
    """Firefox, or a skip that says why."""
    if program() is None and not os.environ.get("CI"):
        pytest.skip("no Firefox on PATH: install it to try the pages (apt install firefox-esr)")
    return Firefox(profile)


class Firefox:
    """A headless Firefox with one page."""

    def __init__(self, profile: Path) -> None:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in SETTINGS.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [str(program()), "--headless", "--no-remote", "--profile", str(profile)]
        self.process = subprocess.Popen(
            [*command, "--remote-debugging-port", "0"], stderr=subprocess.PIPE, text=True
        )
        self.loop, self.count = asyncio.new_event_loop(), 0
        address = self._address()
        self.socket = self.loop.run_until_complete(self._connected(f"{address}/session"))
        self.ask("session.new", capabilities={})
        # The page it starts with never has the keyboard; one that is opened and looked at has.
        self.page = self.ask("browsingContext.create", type="tab")["context"]
        self.ask("browsingContext.activate", context=self.page)

    def _address(self) -> str:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "WebDriver BiDi listening on " in line:
                return line.strip().rpartition(" ")[2]
        raise RuntimeError("Firefox ended before it could be asked anything")

    async def _connected(self, address: str) -> Any:
        return await websocket_connect(address, max_message_size=2**26)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask one thing, and wait for its answer."""
        return self.loop.run_until_complete(asyncio.wait_for(self._ask(method, params), PATIENCE))

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        number = self.count
        await self.socket.write_message(
            json.dumps({"id": number, "method": method, "params": params})
        )
        while True:
            text = await self.socket.read_message()
            if text is None:
                raise RuntimeError(f"Firefox ended as it was asked {method}")
            answer = json.loads(text)
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def open(self, address: str, ready: str = "document.querySelector('.nn-live-page')") -> None:
        """Open a page, and wait until it is ready: until its cells have their buttons."""
        self.ask("browsingContext.navigate", context=self.page, url=address, wait="complete")
        self.until(ready)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to in the page; a promise is waited for."""
        wrapped = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        answer = self.ask(
            "script.evaluate",
            expression=wrapped,
            target={"context": self.page},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        waits = "new Promise((goOn) => setTimeout(goOn, 50))"
        self.value(f"(async () => {{ while (!({expression})) await {waits}; }})()")

    def click(self, element: str) -> None:
        """Press the mouse in the middle of an element, once it is seen whole."""
        self.value(f"{element}.scrollIntoView({{ block: 'center', behavior: 'instant' }})")
        box = f"{element}.getBoundingClientRect()"
        x, y = self.value(f"((box) => [box.x + box.width / 2, box.y + box.height / 2])({box})")
        actions: list[dict[str, Any]] = [{"type": "pointerMove", "x": int(x), "y": int(y)}]
        actions += [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        source = {"type": "pointer", "id": "mouse", "actions": actions}
        self.ask("input.performActions", context=self.page, actions=[source])

    def keys(self, *keys: str, held: str = "") -> None:
        """Press keys, one after another, while another one is held."""
        actions = [{"type": kind, "value": k} for k in keys for kind in ("keyDown", "keyUp")]
        if held:
            actions = [
                {"type": "keyDown", "value": held}, *actions, {"type": "keyUp", "value": held},
            ]  # fmt: skip
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.ask("input.performActions", context=self.page, actions=[source])

    def close(self) -> None:
        """End it."""
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.loop.close()
