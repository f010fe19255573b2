#!/usr/bin/python3
"""The dashboard in a real browser against a real Heliograph.

Usage: dashboard_test.py BASE_URL SCREENSHOT_FOLDER [--ingest PATH]

Sends its own telemetry to BASE_URL, opens the page in headless Chromium and does what a reader would do. Any console
message, failed request or request to another origin fails it. Ends its Chromium in any case. Exits with 0 when all
checks passed, 1 when one failed, 77 when no Chromium is installed.
"""

import argparse
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from chrome import BrowserError, Chrome, Watch, find_chromium  # noqa: E402
from dead_letter_checks import DeadLetterChecks  # noqa: E402
from exemplar_checks import ExemplarChecks  # noqa: E402
from producer import Failure, Producer  # noqa: E402

PANELS = ["cpu", "memory", "requests", "errors", "latency", "queue"]


class Checks(DeadLetterChecks, ExemplarChecks):
    """The checks, in the order in which a reader would come across them."""

    def __init__(self, chrome, base, producer, shots):
        self.chrome = chrome
        self.base = base
        self.producer = producer
        self.shots = shots

    def shot(self, name):
        self.chrome.screenshot(os.path.join(self.shots, f"{name}.png"))

    def chart(self, name, what):
        return self.chrome.evaluate(f"heliograph.charts.{name}.{what}")

    def wait_chart(self, name, condition, what):
        self.chrome.wait_for(
            f"(() => {{ const chart = globalThis.heliograph?.charts?.{name}; return chart && ({condition}); }})()",
            what)

    def expect(self, holds, what):
        if not holds:
            raise Failure(what)

    def page_renders(self):
        self.chrome.set_size(1440, 900)
        self.chrome.prefer("light")
        self.chrome.open(f"{self.base}/?range=5m")
        self.expect(self.chrome.evaluate("document.title") == "Heliograph", "the page's title is not Heliograph")
        for panel in PANELS:
            self.wait_chart(panel, "chart.pointCount > 10", f"the chart {panel} has points")
        self.expect(
            self.chrome.evaluate("document.querySelector('#welcome').hidden"),
            "the card for an empty Heliograph is shown although there is data")

    def charts_are_drawn(self):
        """Pixels, too: a chart whose canvas stayed blank has points all the same."""
        for panel in PANELS:
            colored = self.chrome.evaluate(
                f"(() => {{ let most = 0; for (const c of document.querySelectorAll('#panel-{panel} canvas')) {{"
                " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
                " for (let i = 0; i < d.length; i += 4)"
                "   if (d[i + 3] > 128 && Math.max(d[i], d[i+1], d[i+2]) - Math.min(d[i], d[i+1], d[i+2]) > 60) n += 1;"
                " most = Math.max(most, n); } return most; })()")
            self.expect(colored > 100, f"the chart {panel} shows {colored} coloured pixels, expected a line")

    def series_of_both_regions(self):
        names = self.chrome.evaluate(
            "[...document.querySelectorAll('#panel-cpu .legend-name')].map((e) => e.textContent)")
        self.expect({"north", "south"} <= set(names), f"the legend of CPU lacks a region: {names}")

    def tiles_have_values(self):
        for tile in ("events", "sources", "errors", "latency"):
            self.chrome.wait_for(
                f"/[0-9]/.test(document.querySelector('#tile-{tile} .tile-value').textContent)",
                f"the tile {tile} shows a number")

    def live_badge(self):
        self.chrome.wait_for("document.querySelector('#live-badge').dataset.state === 'live'", "the badge says live")

    def chart_moves(self):
        """New events appear by themselves, and the chart asks for the tail only."""
        # A chart is drawn when it has its own data; the page has loaded when the last one has.
        self.chrome.wait_for("heliograph.loads > 0", "the page has loaded")
        loads = self.chrome.evaluate("heliograph.loads")
        # Usual values end at about 80. The points drawn move with the clock; the height is what tells new data.
        highest = "Math.max(...chart.rows.map((row) => Math.max(...row.slice(1).map((value) => value ?? 0))))"
        self.wait_chart("cpu", f"{highest} < 95", "the CPU chart starts without the value that will be sent")
        for _ in range(30):
            self.producer.now(cpu=98.5)
            self.chrome.listen(1)
            if self.chrome.evaluate(f"(() => {{ const chart = heliograph.charts.cpu; return {highest} > 98; }})()"):
                break
        else:
            raise Failure("the CPU chart does not show a value that was sent again and again for 30 s")
        self.expect(self.chrome.evaluate("heliograph.loads") == loads, "a live refresh loaded everything anew")
        requested = self.chrome.evaluate(
            "performance.getEntriesByType('resource').filter((e) => e.name.includes('query_range')"
            " && e.name.includes('cpu_usage')).map((e) => new URL(e.name).searchParams)"
            ".map((p) => Number(p.get('end')) - Number(p.get('start'))).at(-1)")
        self.expect(requested < 120, f"the last refresh asked for {requested} s, expected only the newest points")

    def pause(self):
        self.chrome.click("#live-badge")
        self.chrome.wait_for("document.querySelector('#live-badge').dataset.state === 'paused'", "a click pauses")
        # A refresh that was under way may still end; after that none may begin.
        self.chrome.listen(2)
        refreshes = self.chrome.evaluate("heliograph.refreshes")
        self.producer.now()
        self.chrome.listen(4)
        self.expect(self.chrome.evaluate("heliograph.refreshes") == refreshes, "a paused page refreshed its charts")
        self.chrome.click("#live-badge")
        self.chrome.wait_for("document.querySelector('#live-badge').dataset.state === 'live'", "a click goes on")
        self.chrome.wait_for(f"heliograph.refreshes > {refreshes}", "the charts move again")

    def events_are_listed(self):
        self.chrome.wait_for(
            "document.querySelector('#events').textContent.includes('shelf caught fire during the test')",
            "the error event is listed")
        self.chrome.evaluate(
            "(() => { const e = document.querySelector('#events-filter select'); e.value = 'error';"
            " e.dispatchEvent(new Event('change')); })()")
        self.chrome.wait_for(
            "(() => { const t = document.querySelector('#events').textContent;"
            " return t.includes('shelf') && !t.includes('water level'); })()",
            "the severity filter leaves the error and hides the warning")
        self.expect("severity=error" in self.chrome.evaluate("location.search"), "the filter is not in the address")
        self.chrome.evaluate(
            "(() => { const e = document.querySelector('#events-filter select'); e.value = '';"
            " e.dispatchEvent(new Event('change')); })()")
        self.chrome.wait_for(
            "document.querySelector('#events').textContent.includes('water level')", "all events are listed again")

    def hover_shows_values(self):
        # The newest value a few steps back, where data surely is.
        x = self.chrome.evaluate(
            "(() => { const chart = heliograph.charts.cpu; const rows = chart.rows.filter((r) => r[1] !== null);"
            " return chart.dygraph.toDomXCoord(rows[Math.floor(rows.length / 2)][0]); })()")
        box = self.chrome.box("#panel-cpu .chart-plot")
        self.chrome.mouse("mouseMoved", box["x"] + x, box["y"] + 60)
        self.chrome.wait_for(
            "(() => { const t = document.querySelector('#panel-cpu .tip'); return !t.hidden && /%/.test(t.textContent)"
            " && !document.querySelector('#panel-memory .crosshair').hidden; })()",
            "pointing at a chart shows values there and a crosshair on the others")
        self.chrome.mouse("mouseMoved", 5, 5)

    def kpis_and_footer(self):
        self.chrome.wait_for(
            "document.querySelector('#kpis').textContent.includes('browser-a')", "the KPI table lists the sources")
        self.chrome.wait_for(
            "/received.*stored/.test(document.querySelector('#health').textContent)", "the footer shows the ledger")

    def range_change(self):
        loads = self.chrome.evaluate("heliograph.loads")
        self.chrome.click("[data-range='1h']")
        self.chrome.wait_for(f"heliograph.loads > {loads}", "another range loads the charts anew")
        self.wait_chart(
            "cpu", "chart.rows.at(-1)[0] - chart.rows[0][0] > 3500000 && chart.pointCount > 5",
            "the chart spans one hour")
        self.expect("range=1h" in self.chrome.evaluate("location.search"), "the range is not in the address")

    def drag_zooms_and_back_returns(self):
        box = self.chrome.box("#panel-cpu .chart-plot")
        y = box["y"] + 80
        self.chrome.drag((box["x"] + box["width"] * 0.6, y), (box["x"] + box["width"] * 0.95, y))
        self.chrome.wait_for(
            "/from=.*to=/.test(location.search)", "dragging over a chart puts from and to in the address")
        self.wait_chart(
            "cpu", "chart.rows.at(-1)[0] - chart.rows[0][0] < 3000000", "the chart spans what was dragged over")
        self.chrome.wait_for(
            "document.querySelector('#live-badge').dataset.state === 'history'", "the badge says history")
        self.chrome.evaluate("history.back()")
        self.chrome.wait_for("location.search.includes('range=1h')", "Back returns to the range before")
        self.wait_chart("cpu", "chart.rows.at(-1)[0] - chart.rows[0][0] > 3500000", "the chart spans one hour again")

    def absolute_range(self):
        """A range in which there is nothing says so, also in the form's own words."""
        self.chrome.click(".range-custom")
        self.chrome.wait_for("!document.querySelector('.range-form').hidden", "the from–to box opens")
        fill = (
            "(() => {{ const [from, to] = document.querySelectorAll('.range-form input');"
            " from.value = '{0}'; to.value = '{1}'; document.querySelector('.range-form').requestSubmit(); }})()")
        self.chrome.evaluate(fill.format("2001-02-03T05:00:00", "2001-02-03T04:00:00"))
        self.chrome.wait_for(
            "document.querySelector('.field-error').textContent.length > 0",
            "a range that ends before it starts is refused")
        self.chrome.evaluate(fill.format("2001-02-03T04:00:00", "2001-02-03T05:00:00"))
        self.chrome.wait_for(
            "document.querySelector('#panel-cpu').dataset.state === 'empty'"
            " && document.querySelector('#panel-cpu .note').textContent.includes('2001')",
            "a range without data says so")
        self.shot("past")
        self.chrome.click("[data-range='5m']")
        self.wait_chart("cpu", "chart.pointCount > 10", "the chart is back")

    def source_filter(self):
        self.chrome.click(".combo-button")
        self.chrome.type("browser-b")
        self.chrome.wait_for(
            "document.querySelectorAll('#source-list [role=option]').length === 1", "the search narrows the list")
        self.chrome.press("Enter")
        self.chrome.wait_for("location.search.includes('source=browser-b')", "the source is in the address")
        self.chrome.wait_for(
            "(() => { const n = [...document.querySelectorAll('#panel-cpu .legend-name')].map((e) => e.textContent);"
            " return n.length === 1 && n[0] === 'south'; })()", "only the chosen source's region is drawn")
        self.chrome.wait_for(
            "!document.querySelector('#events').textContent.includes('shelf')",
            "only the chosen source's events are listed")
        self.shot("source")
        self.chrome.evaluate("history.back()")
        self.chrome.wait_for(
            "document.querySelectorAll('#panel-cpu .legend-name').length >= 2", "Back shows all sources again")

    def explore(self):
        self.producer.describe("# TYPE queue_depth gauge\n# UNIT queue_depth jobs\n# HELP queue_depth Jobs that wait <i>\n# EOF\n")
        self.chrome.click("#expression")
        self.chrome.type("max by (service) (queue_d")
        self.chrome.wait_for(
            "document.querySelector('#completion-list').textContent.includes('queue_depth')",
            "a metric name is suggested")
        self.chrome.press("Tab")
        self.chrome.type(")")
        self.expect(
            self.chrome.evaluate("document.querySelector('#expression').value") == "max by (service) (queue_depth)",
            "the suggestion was not taken over")
        self.chrome.press("Enter")
        self.wait_chart("explore", "chart.pointCount > 5", "the explore chart has points")
        self.expect("expr=" in self.chrome.evaluate("location.search"), "the expression is not in the address")
        self.chrome.wait_for(
            "document.querySelector('.metric-notes').textContent === 'queue_depthgauge · jobsJobs that wait <i>'",
            "type, unit and help are shown")

    def dark_mode(self):
        read = "getComputedStyle(document.body).backgroundColor"
        light = self.chrome.evaluate(read)
        self.shot("light")
        self.chrome.click("#theme-toggle")
        self.chrome.wait_for("document.documentElement.dataset.theme === 'dark'", "the button switches to dark")
        dark = self.chrome.evaluate(read)
        self.expect(brightness(light) > 180 and brightness(dark) < 60, f"dark is not dark: {light} became {dark}")
        self.chrome.open(f"{self.base}/?range=5m")
        self.expect(brightness(self.chrome.evaluate(read)) < 60, "the choice of dark was not remembered")
        self.wait_chart("cpu", "chart.pointCount > 10", "the chart is drawn in dark")
        self.chrome.listen(1)
        self.shot("dark")
        self.chrome.evaluate("localStorage.clear()")
        for scheme, is_dark in (("dark", True), ("light", False)):
            self.chrome.prefer(scheme)
            self.chrome.open(f"{self.base}/?range=5m")
            self.expect(
                (brightness(self.chrome.evaluate(read)) < 60) == is_dark, f"the system's {scheme} is not followed")

    def narrow_window(self):
        self.chrome.set_size(400, 800)
        self.chrome.open(f"{self.base}/?range=5m")
        self.wait_chart("queue", "chart.pointCount > 10", "the charts are drawn in a narrow window")
        self.chrome.listen(1)
        width = self.chrome.evaluate("document.documentElement.scrollWidth")
        self.expect(width <= 400, f"the page is {width} pixels wide in a window of 400")
        self.shot("narrow")

    def run(self, watch):
        names = [
            "page_renders", "charts_are_drawn", "series_of_both_regions", "tiles_have_values", "live_badge",
            "chart_moves", "pause", "events_are_listed", "hover_shows_values", "kpis_and_footer", "range_change",
            "drag_zooms_and_back_returns", "absolute_range", "source_filter", "explore", "exemplars_are_shown",
            "dark_mode", "narrow_window",
            "letters_are_listed", "a_letter_is_mended", "bytes_are_shown_in_base64", "many_letters",
        ]
        failed = 0
        for name in names:
            started = time.monotonic()
            try:
                getattr(self, name)()
                if watch.complaints:
                    raise Failure("the browser complained:\n    " + "\n    ".join(watch.complaints[:20]))
            except (Failure, BrowserError) as error:
                failed += 1
                print(f"FAILED  {name}: {error}", flush=True)
                self.shot(f"failed-{name}")
            else:
                print(f"passed  {name} ({time.monotonic() - started:.1f} s)", flush=True)
            watch.complaints.clear()
        print(f"{len(names) - failed} passed, {failed} failed", flush=True)
        return failed


def brightness(color):
    """0 to 255 of a computed colour such as `rgb(14, 18, 23)`."""
    return sum(float(part) for part in color[color.index("(") + 1:-1].split(",")[:3]) / 3


def main():
    parser = argparse.ArgumentParser(description="Checks the dashboard in headless Chromium.")
    parser.add_argument("base", help="address of a running Heliograph, such as http://127.0.0.1:8040")
    parser.add_argument("shots", help="folder for the screenshots; made if it is not there")
    parser.add_argument("--ingest", default="/api/v1/telemetry", help="path that takes NDJSON telemetry")
    arguments = parser.parse_args()
    base = arguments.base.rstrip("/")
    os.makedirs(arguments.shots, exist_ok=True)
    executable = find_chromium()
    if executable is None:
        print("No Chromium found on PATH: install Debian's package chromium to run the dashboard's browser test.")
        return 77
    producer = Producer(base + arguments.ingest)
    try:
        producer.history(600)
        with Chrome(executable) as chrome:
            watch = Watch(chrome, base)
            return 1 if Checks(chrome, base, producer, arguments.shots).run(watch) else 0
    except (Failure, BrowserError) as error:
        print(f"FAILED  {error}")
    except Exception:
        traceback.print_exc()
    print("0 passed, 1 failed")
    return 1


if __name__ == "__main__":
    sys.exit(main())
