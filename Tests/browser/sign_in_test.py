#!/usr/bin/env python3
"""The dashboard of a server that needs tokens, in headless Chromium: it asks for one, says what is wrong with a wrong one, shows its
data with the right one, and asks again when that is revoked. usage: sign_in_test.py [SCREENSHOT_FOLDER]"""
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "processes")]

from access_test import create, heliograph  # noqa: E402
from chrome import Chrome, find_chromium  # noqa: E402
from harness import Checks, Server  # noqa: E402


def enter(chrome, text):
    chrome.evaluate("document.querySelector('#token').value = ''; document.querySelector('#token').focus()")
    chrome.type(text)
    chrome.click("#sign-in button")


def main():
    executable = find_chromium()
    if executable is None:
        print("skipped: there is no Chromium (apt-get install chromium)")
        return
    check = Checks()
    shots = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None

    def shot(name):
        if shots:
            os.makedirs(shots, exist_ok=True)
            chrome.screenshot(str(shots / f"{name}.png"))

    with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
        data = pathlib.Path(folder) / "data"
        token = create(data, "reader", "read")
        # The fleet of the demonstration has its own token.
        with Server(data, "--demo") as server, Chrome(executable) as chrome:
            chrome.set_size(1280, 800)
            chrome.open(f"http://127.0.0.1:{server.port}/")
            chrome.wait_for("document.querySelector('#sign-in')?.open", "the page asks for a token")
            check.equal(chrome.evaluate("document.querySelectorAll('.panel').length"), 0, "panels without a token")
            shot("sign-in")
            enter(chrome, "hg_wrong")
            chrome.wait_for("document.querySelector('#sign-in .field-error').textContent !== ''", "a wrong token is refused")
            shot("sign-in-refused")
            enter(chrome, token)
            chrome.wait_for(
                "globalThis.heliograph?.loads > 0 && document.querySelector('#live-badge').dataset.state === 'live'",
                "the page is live")
            shot("signed-in")
            check.equal(chrome.evaluate("document.cookie"), "", "what scripts see of the cookie")
            check.equal(chrome.evaluate("document.querySelector('#sign-out').hidden"), False, "the way out is hidden")
            chrome.click("#sign-out")
            chrome.wait_for("document.querySelector('#sign-in')?.open", "it asks again after signing out")
            enter(chrome, token)
            chrome.wait_for("globalThis.heliograph?.loads > 0", "signed in again")
            heliograph("token", "revoke", "--data", str(data), token)
            chrome.wait_for("document.querySelector('#sign-in')?.open", "it asks again after the token was revoked")
            check(True, "the page asks again")
    check.finish()


if __name__ == "__main__":
    sys.exit(main())
