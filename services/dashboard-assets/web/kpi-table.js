// KPIs per source, sortable; the whole fleet in the first row.
import { api } from "./api.js";
import { h, note, replace, setText } from "./dom.js";
import { formatSpan, formatValue } from "./format.js";
import { Poll } from "./poll.js";
import { change, isLive, onChange, rangeSeconds, state } from "./state.js";

const rowLimit = 500;
const secondsBetween = 10;

/** Figures for which a high value is the bad one; a bar shows a value's share of the highest. */
const burdens = new Set(["error_rate", "latency_p50", "latency_p95", "latency_p99"]);

/** @param onKPIs called with the API's data each time it has been read */
export function startKPIs(holder, caption, onKPIs) {
    let data = null;
    let sort = { column: "source", descending: false };

    const sourceRows = () => {
        const rows = new Map();
        for (const kpi of data.kpis ?? []) {
            for (const { source_id: source, value } of kpi.by_source ?? []) {
                if (state.source && source !== state.source) continue;
                if (!rows.has(source)) rows.set(source, { source });
                rows.get(source)[kpi.name] = value;
            }
        }
        const { column, descending } = sort;
        const order = [...rows.values()].sort((a, b) => {
            if (column === "source") return a.source.localeCompare(b.source, "en", { numeric: true });
            const [left, right] = [a[column] ?? null, b[column] ?? null];
            // Rows without a value stay at the end whichever way the column is sorted.
            if (left === null || right === null) return (left === null) - (right === null);
            return left - right;
        });
        if (!descending) return order;
        const withoutValue = column === "source" ? [] : order.filter((row) => (row[column] ?? null) === null);
        return [...order.slice(0, order.length - withoutValue.length).reverse(), ...withoutValue];
    };
    const heading = (column, title) => {
        const isSorted = sort.column === column;
        return h("th", {
            scope: "col", class: column === "source" ? null : "number",
            "aria-sort": isSorted ? (sort.descending ? "descending" : "ascending") : "none",
        }, h("button", {
            type: "button",
            on: {
                click: () => {
                    sort = { column, descending: isSorted ? !sort.descending : column !== "source" };
                    draw();
                },
            },
        }, title));
    };
    const cell = (kpi, value, highest) => {
        const share = burdens.has(kpi.name) && highest > 0 && typeof value === "number" ? value / highest : 0;
        return h("td", { class: "number", css: { "--share": share.toFixed(3) } },
            h("span", {}, formatValue(value, kpi.unit)));
    };
    const draw = () => {
        if (data === null) return;
        const kpis = data.kpis ?? [];
        setText(caption, isLive() ? `last ${formatSpan(rangeSeconds() * 1000)}`
            : `last ${formatSpan(rangeSeconds() * 1000)} up to now`);
        const rows = sourceRows();
        if (rows.length === 0) {
            replace(holder, note("empty", "No KPI has a value yet",
                "They appear once the sources' requests, errors and latencies have been received in this range."));
            return;
        }
        const highest = new Map(kpis.map(({ name }) => [name, Math.max(...rows.map((row) => row[name] ?? 0))]));
        replace(holder, h("table", {},
            h("thead", {},
                h("tr", {}, heading("source", "Source"), kpis.map(({ name, title }) => heading(name, title)))),
            h("tbody", {},
                state.source ? null : h("tr", { class: "overall" },
                    h("th", { scope: "row" }, "All sources"),
                    kpis.map((kpi) => h("td", { class: "number" }, h("span", {}, formatValue(kpi.overall, kpi.unit))))),
                rows.slice(0, rowLimit).map((row) => h("tr", {},
                    h("th", { scope: "row" }, h("button", {
                        type: "button", class: "link", title: "Show only this source",
                        on: { click: () => change({ source: row.source }) },
                    }, row.source)),
                    kpis.map((kpi) => cell(kpi, row[kpi.name], highest.get(kpi.name))))))),
        rows.length > rowLimit
            ? note("empty", `${rows.length - rowLimit} more sources`, "Choose one with the source filter.")
            : null);
    };
    const poll = new Poll(secondsBetween, async (signal) => {
        if (state.paused && data !== null) return;
        try {
            const had = JSON.stringify(data?.kpis);
            data = await api.kpis(rangeSeconds(), state.source, signal);
            onKPIs(data);
            // A table that is drawn anew takes the focus away from whoever is in it.
            if (JSON.stringify(data.kpis) !== had || holder.querySelector("table") === null) keepFocus(holder, draw);
        } catch (error) {
            if (error.isCancelled) throw error;
            data = null;
            replace(holder, note("error", "KPIs cannot be computed", `${error.message}. Trying again.`));
        }
    });
    onChange((changed) => {
        if (changed.has("range") || changed.has("source")) {
            data = null;
            poll.now();
        }
    });
    return poll;
}

/** Runs `draw` and gives the focus back to the button with the same text. */
function keepFocus(holder, draw) {
    const focused = holder.contains(document.activeElement) ? document.activeElement.textContent : null;
    draw();
    if (focused === null) return;
    const again = [...holder.querySelectorAll("button")].find((button) => button.textContent === focused);
    again?.focus({ preventScroll: true });
}
