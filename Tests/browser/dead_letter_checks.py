"""The page of dead letters, as a reader would use it: for `Checks` of dashboard_test.py."""
import json
import urllib.error
import urllib.request


class DeadLetterChecks:
    """Needs `chrome`, `base`, `shot` and `expect`."""

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())["data"]

    def _refused(self):
        """Sends 60 records with a text for a number, 3 without a name, and a body that is no JSON."""
        good = {"source_id": "browser-bad", "metric_name": "mended", "metric_value": 1}
        records = [{**good, "metric_value": "12", "tags": {"n": str(n)}} for n in range(60)]
        records += [{"source_id": "browser-<b>bold</b>", "metric_value": 1}] * 3
        request = urllib.request.Request(
            f"{self.base}/api/v1/telemetry", method="POST", headers={"Content-Type": "application/x-ndjson"},
            data="".join(json.dumps(record) + "\n" for record in records).encode())
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            error.close()
        # A message that is no text.
        request = urllib.request.Request(
            f"{self.base}/api/v1/write", method="POST", headers={"Content-Type": "application/x-protobuf"},
            data=bytes([4, 12, 255, 254, 253, 252]))
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            error.close()

    def _text(self, selector):
        return self.chrome.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")

    def letters_are_listed(self):
        self._ask("DELETE", "/api/v1/dead-letters?all=true&state=any")
        self._refused()
        self.chrome.set_size(1440, 900)
        self.chrome.prefer("light")
        self.chrome.open(f"{self.base}/dead-letters")
        self.chrome.wait_for("document.querySelectorAll('.letter-row').length === 50", "a page of letters is listed")
        self.expect("wrong type60" in self._text("#reasons"), f"reasons: {self._text('#reasons')}")
        self.expect("64waiting" in self._text("#summary"), f"summary: {self._text('#summary')}")
        self.chrome.click(".letter-more button")
        self.chrome.wait_for("document.querySelectorAll('.letter-row').length === 64", "more are shown")
        self.chrome.click("[data-reason='missing_field']")
        self.chrome.wait_for("document.querySelectorAll('.letter-row').length === 3", "a reason narrows the list")
        self.expect("reason=missing_field" in self.chrome.evaluate("location.search"), "the reason is not in the address")
        self.expect("browser-<b>bold</b>" in self._text("#letters"), "what senders write stays text")
        self.shot("letters")
        self.chrome.evaluate("history.back()")
        self.chrome.wait_for("document.querySelectorAll('.letter-row').length > 3", "Back shows all again")

    def a_letter_is_mended(self):
        self.chrome.open(f"{self.base}/dead-letters?reason=wrong_type")
        self.chrome.wait_for("document.querySelector('.letter-row') !== null", "letters are listed")
        self.chrome.click(".letter-row")
        self.chrome.wait_for("document.querySelector('#payload')?.value.includes('\"12\"')", "its payload is shown")
        self.chrome.click("#replay-one")
        self.chrome.wait_for(
            "document.querySelector('.letter-outcome.is-bad')?.textContent === 'Refused again.'", "as it is, it is refused")
        fill = (
            "(() => { const e = document.querySelector('#payload'); e.value = e.value.replace('\"12\"', '12');"
            " e.dispatchEvent(new Event('input')); })()")
        self.chrome.evaluate(fill)
        self.chrome.click("#save-payload")
        self.chrome.wait_for(
            "document.querySelector('.letter-outcome.is-good')?.textContent === 'Saved.'"
            " && document.querySelector('.letter-original')?.textContent.includes('\"12\"')", "an edit is kept beside the first")
        self.shot("letter-light")
        self.chrome.click("#theme-toggle")
        self.shot("letter-dark")
        self.chrome.click("#theme-toggle")
        self.chrome.click("#replay-one")
        self.chrome.wait_for(
            "document.querySelector('.letter-outcome.is-good')?.textContent === 'Replayed: 1 taken.'", "it is replayed")
        self.chrome.wait_for("document.querySelector('[data-reason=wrong_type]').textContent.includes('59')", "59 are left")
        self.expect(self._ask("GET", "/api/v1/query?query=mended")["result"][0]["value"][1] == "12", "the mended value")
        self.chrome.evaluate("localStorage.clear()")

    def bytes_are_shown_in_base64(self):
        self.chrome.open(f"{self.base}/dead-letters?protocol=remote_write")
        self.chrome.wait_for("document.querySelector('.letter-row') !== null", "letters are listed")
        self.chrome.click(".letter-row")
        self.chrome.wait_for("document.querySelector('#payload')?.value === '//79/A=='", "bytes in base64")

    def many_letters(self):
        self.chrome.open(f"{self.base}/dead-letters?reason=wrong_type")
        self.chrome.wait_for("document.querySelector('#replay-many')?.textContent === 'Replay these 59'", "the button says how many")
        self.chrome.click("#replay-many")
        self.chrome.wait_for(
            "document.querySelector('#bulk-progress').textContent.includes('0 replayed, 59 refused again')", "all are replayed")
        self.chrome.wait_for("!document.querySelector('#bulk .danger').disabled", "what is left can be discarded")
        self.chrome.click("#bulk .danger")
        self.chrome.wait_for("document.querySelector('#bulk .danger').textContent === 'Really discard 59?'", "it asks first")
        self.shot("letters-discard")
        self.chrome.click("#bulk .danger")
        self.chrome.wait_for(
            "document.querySelector('#bulk-progress').textContent === '59 discarded'"
            " && document.querySelector('#letters').textContent.includes('No letter matches')", "they are discarded")
        self.chrome.set_size(400, 800)
        self.chrome.open(f"{self.base}/dead-letters")
        self.chrome.wait_for("document.querySelectorAll('.letter-row').length === 4", "the others are still there")
        width = self.chrome.evaluate("document.documentElement.scrollWidth")
        self.expect(width <= 400, f"the page is {width} pixels wide in a window of 400")
        self.shot("letters-narrow")
        self.chrome.set_size(1440, 900)
