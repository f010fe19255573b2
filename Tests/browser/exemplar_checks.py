"""What the dashboard shows of exemplars: a part of the checks of dashboard_test.py."""

import time
import urllib.request

TEXT = {"Content-Type": "application/openmetrics-text; version=1.0.0"}


class ExemplarChecks:
    """Needs `chrome`, `base`, `expect`, `wait_chart` and `shot` of what it is mixed into."""

    def _push(self):
        """A gauge over the last four minutes, with an exemplar a minute."""
        now = time.time()
        lines = ["# TYPE browser_seconds gauge"]
        for age in range(240, 0, -5):
            exemplar = f' # {{trace_id="trace-{age}",route="/{age}"}} {0.2 + age / 1000} {now - age}' if age % 60 == 0 else ""
            lines.append(f'browser_seconds{{source_id="browser-a"}} {0.3 + age % 7 / 100} {now - age}{exemplar}')
        body = "\n".join(lines + ["# EOF", ""]).encode()
        request = urllib.request.Request(f"{self.base}/api/v1/import/prometheus", data=body, headers=TEXT, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            self.expect(response.status == 204, f"the text was not taken: {response.status}")

    def exemplars_are_shown(self):
        self._push()
        self.chrome.open(f"{self.base}/?range=5m&expr=avg_over_time(browser_seconds%5B10s%5D)")
        self.wait_chart("explore", "chart.pointCount > 5 && chart.exemplars.length === 4", "the chart has its exemplars")
        self.chrome.evaluate("document.querySelector('#panel-explore').scrollIntoView()")
        x = self.chrome.evaluate(
            "(() => { const chart = heliograph.charts.explore; return chart.dygraph.toDomXCoord(chart.exemplars[1].ms); })()")
        box = self.chrome.box("#panel-explore .chart-plot")
        self.chrome.mouse("mouseMoved", box["x"] + x, box["y"] + 60)
        self.chrome.wait_for(
            "(() => { const tip = document.querySelector('#panel-explore .tip');"
            " return !tip.hidden && tip.textContent.includes('trace_id=trace-180'); })()",
            "pointing at a dot shows what leads to its trace")
        self.shot("exemplars")
        self.chrome.mouse("mouseMoved", 5, 5)
