"""A headless Chromium driven through the DevTools Protocol over a pipe, with the standard library only.

Protocol: https://chromedevtools.github.io/devtools-protocol/ ; messages are JSON, each ended by a NUL byte; Chromium
reads them from file descriptor 3 and writes to 4 when it is started with --remote-debugging-pipe.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse


class BrowserError(Exception):
    """The browser did not do what it was asked to."""


def find_chromium():
    """The path of a Chromium or Chrome, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Chrome:
    """One browser with one page. A context manager: leaving it ends the browser and removes its profile."""

    answer_seconds = 30

    def __init__(self, executable):
        self._executable = executable
        self._process = None
        self._profile = None
        self._session = None
        self._buffer = b""
        self._next_id = 0
        self._handlers = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        self._profile = tempfile.mkdtemp(prefix="heliograph-browser-")
        to_browser_read, self._write_end = os.pipe()
        self._read_end, to_us_write = os.pipe()
        # Copies above 10, so that neither is overwritten while 3 and 4 are put in place.
        read_copy = fcntl.fcntl(to_browser_read, fcntl.F_DUPFD_CLOEXEC, 10)
        write_copy = fcntl.fcntl(to_us_write, fcntl.F_DUPFD_CLOEXEC, 10)

        def place():
            os.dup2(read_copy, 3)
            os.dup2(write_copy, 4)

        self._process = subprocess.Popen(
            [
                self._executable, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-dev-shm-usage", "--mute-audio", "--hide-scrollbars",
                f"--user-data-dir={self._profile}", "about:blank",
            ],
            preexec_fn=place, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in (to_browser_read, to_us_write, read_copy, write_copy):
            os.close(descriptor)
        target = self._call("Target.createTarget", {"url": "about:blank"}, session=None)
        attached = self._call(
            "Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}, session=None)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        """Ends the browser and everything it started."""
        if self._process is not None:
            try:
                # The browser leads a process group of its own, so nobody else is in it.
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait()
            self._process = None
            os.close(self._write_end)
            os.close(self._read_end)
        if self._profile is not None:
            shutil.rmtree(self._profile, ignore_errors=True)
            self._profile = None

    def on_event(self, handler):
        """Calls `handler(method, parameters)` for every event that the page sends."""
        self._handlers.append(handler)

    def call(self, method, parameters=None):
        """Sends a command to the page and returns its result."""
        return self._call(method, parameters or {}, self._session)

    def _call(self, method, parameters, session):
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write_end, data):]
        deadline = time.monotonic() + self.answer_seconds
        while True:
            answer = self._receive(deadline - time.monotonic())
            if answer is None:
                raise BrowserError(f"{method}: no answer within {self.answer_seconds} s")
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return answer.get("result", {})

    def _receive(self, seconds):
        """The next message, or None when none came in time; events go to the handlers on the way."""
        deadline = time.monotonic() + max(0.0, seconds)
        while True:
            raw, found, rest = self._buffer.partition(b"\0")
            if found:
                self._buffer = rest
                message = json.loads(raw)
                if "method" in message:
                    for handler in self._handlers:
                        handler(message["method"], message.get("params", {}))
                return message
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read_end], [], [], left)[0]:
                return None
            received = os.read(self._read_end, 1 << 20)
            if not received:
                raise BrowserError("Chromium has ended by itself")
            self._buffer += received

    def listen(self, seconds):
        """Takes in events for `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._receive(left)

    def evaluate(self, expression):
        """The value of a JavaScript expression (awaited where it is a promise), as JSON."""
        result = self.call(
            "Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details.get("text"))
        return result["result"].get("value")

    def wait_for(self, expression, what, seconds=30):
        """Waits until the expression is true; its value. Raises BrowserError naming `what` otherwise."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = self.evaluate(expression)
                if value:
                    return value
                last = repr(value)
            except BrowserError as error:
                last = str(error).splitlines()[0]
            if time.monotonic() > deadline:
                raise BrowserError(f"{what}: not so after {seconds} s (last: {last}; waited for: {expression})")
            self.listen(0.1)

    def open(self, url):
        self.call("Page.navigate", {"url": url})
        self.wait_for("document.readyState === 'complete'", f"loading {url}")

    def set_size(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme):
        """`light` or `dark`, as the system's preference."""
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def mouse(self, kind, x, y, clicks=0):
        self.call("Input.dispatchMouseEvent", {
            "type": kind, "x": x, "y": y, "button": "left" if kind != "mouseMoved" else "none",
            "buttons": 1 if kind == "mousePressed" else 0, "clickCount": clicks})

    def drag(self, start, end):
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start, clicks=1)
        for part in range(1, 6):
            x = start[0] + (end[0] - start[0]) * part / 5
            self.call("Input.dispatchMouseEvent", {
                "type": "mouseMoved", "x": x, "y": end[1], "button": "left", "buttons": 1})
        self.mouse("mouseReleased", *end, clicks=1)

    def click(self, selector):
        """Clicks the middle of the element, as a person would."""
        self.mouse_click(*self.center(selector))

    def mouse_click(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, clicks=1)
        self.mouse("mouseReleased", x, y, clicks=1)

    def center(self, selector):
        box = self.box(selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def box(self, selector):
        """The element's place in the window; it is scrolled into view."""
        found = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            " e.scrollIntoView({block: 'nearest', behavior: 'instant'}); const r = e.getBoundingClientRect();"
            " return {x: r.x, y: r.y, width: r.width, height: r.height}; })()")
        if not found or found["width"] == 0:
            raise BrowserError(f"there is no visible {selector}")
        return found

    def type(self, text):
        """Types into whatever has the focus."""
        self.call("Input.insertText", {"text": text})

    def press(self, key, code=None):
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37}
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", {
                "type": kind, "key": key, "code": code or key, "windowsVirtualKeyCode": codes.get(key, 0)})

    def screenshot(self, path):
        """The whole page as a PNG, from the top, where the bar that stays in the window belongs."""
        self.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        image = self.call("Page.captureScreenshot", {
            "format": "png", "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}})
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))


class Watch:
    """Collects whatever the page should not have done: console messages, failed or foreign requests."""

    def __init__(self, chrome, origin):
        self.complaints = []
        self._origin = origin
        self._addresses = {}
        chrome.on_event(self._take)

    def _take(self, method, event):
        if method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            said = " ".join(str(a.get("value", a.get("description", ""))) for a in event["args"])
            self.complaints.append(f"console.{event['type']}: {said}")
        elif method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            said = details.get("exception", {}).get("description") or details["text"]
            self.complaints.append(f"uncaught exception: {said}")
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            entry = event["entry"]
            self.complaints.append(f"browser {entry['level']}: {entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            address = event["request"]["url"]
            self._addresses[event["requestId"]] = address
            parts = urllib.parse.urlsplit(address)
            if parts.scheme not in ("data", "about", "blob") and f"{parts.scheme}://{parts.netloc}" != self._origin:
                self.complaints.append(f"request to another origin: {address}")
        elif method == "Network.responseReceived" and event["response"]["status"] >= 400:
            self.complaints.append(f"HTTP {event['response']['status']}: {event['response']['url']}")
        elif method == "Network.loadingFailed" and not event.get("canceled"):
            address = self._addresses.get(event["requestId"], "?")
            self.complaints.append(f"request failed: {event.get('errorText')} {address}")
