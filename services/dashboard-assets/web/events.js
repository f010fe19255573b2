// The operational events of the range: a list with filters, and marks on every chart.
import { api } from "./api.js";
import { now } from "./clock.js";
import { h, note, replace, setText } from "./dom.js";
import { formatInstant, formatWhen } from "./format.js";
import { hover } from "./hover.js";
import { severityClass } from "./palette.js";
import { Poll } from "./poll.js";
import { change, isLive, onChange, resolve, state } from "./state.js";

const listLimit = 200;
const secondsBetween = 5;
const typingMilliseconds = 250;
const severities = ["debug", "info", "warning", "error", "critical"];

function timeOf(event) {
    return Number.isFinite(event.timestamp_ms) ? event.timestamp_ms : Date.parse(event.timestamp);
}

function item(event) {
    const ms = timeOf(event);
    const severity = event.severity || "info";
    const tags = Object.entries(event.tags ?? {}).map(([name, value]) => `${name}=${value}`).join("  ");
    return h("li", {
        class: `event severity-${severityClass(severity)}`, title: tags,
        on: { mouseenter: () => hover(ms, null), mouseleave: () => hover(null, null) },
    },
    h("i", { class: "severity-dot", role: "img", "aria-label": severity }),
    h("div", { class: "event-head" },
        h("time", { datetime: event.timestamp, title: formatInstant(ms) }, formatWhen(ms, now())),
        h("span", { class: "severity-name" }, severity),
        h("button", {
            type: "button", class: "label label-link", title: "Show only this source",
            on: { click: () => change({ source: event.source_id }) },
        }, event.source_id)),
    h("p", { class: "event-message" }, event.message || `${event.metric_name} = ${event.metric_value}`));
}

function filters(form) {
    const severity = h("select", { "aria-label": "Severity" },
        h("option", { value: "" }, "Any severity"), severities.map(
            (name) => h("option", { value: name }, name === "critical" ? name : `${name} and above`)));
    const text = h("input", {
        type: "search", placeholder: "Search messages", "aria-label": "Search messages", spellcheck: "false",
    });
    replace(form, severity, text);
    const read = () => {
        severity.value = state.severity;
        if (document.activeElement !== text) text.value = state.text;
    };
    let typing = null;
    severity.addEventListener("change", () => change({ severity: severity.value }));
    text.addEventListener("input", () => {
        clearTimeout(typing);
        typing = setTimeout(() => change({ text: text.value.trim() }, { replaces: true }), typingMilliseconds);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    onChange(read);
    read();
}

/** @param onMarks called with `[{ms, severity, source, message}]` each time the events have been read */
export function startEvents(form, holder, count, onMarks) {
    filters(form);
    let drawn = "";
    const poll = new Poll(secondsBetween, async (signal) => {
        if (state.paused && drawn !== "") return;
        const { from, through, live } = resolve();
        try {
            const events = await api.events({
                // A live list runs through now, not through the last step of the charts.
                fromMs: from, throughMs: live ? now() : through, source: state.source, severity: state.severity,
                text: state.text, limit: listLimit,
            }, signal) ?? [];
            const picture = JSON.stringify(events);
            if (picture === drawn && events.length > 0) return;
            drawn = picture;
            setText(count, events.length === listLimit ? `newest ${listLimit}` : String(events.length || ""));
            onMarks(events.map((event) => ({
                ms: timeOf(event), severity: event.severity, source: event.source_id,
                message: event.message || event.metric_name,
            })));
            if (events.length > 0) {
                replace(holder, h("ul", { class: "plain" }, events.map(item)));
            } else if (state.severity || state.text || state.source) {
                replace(holder, note("empty", "No event matches", "Widen the filter, the source or the range."));
            } else {
                replace(holder, note("empty", "No events in this range",
                    "A record with a message, or with severity warning or above, appears here."));
            }
        } catch (error) {
            if (error.isCancelled) throw error;
            drawn = "";
            setText(count, "");
            replace(holder, note("error", "Events cannot be read", `${error.message}. Trying again.`));
        }
    });
    onChange((changed) => {
        const isRelevant = ["range", "source", "severity", "text"].some((name) => changed.has(name));
        if (isRelevant || (changed.has("paused") && isLive())) {
            drawn = "";
            poll.now();
        }
    });
    return poll;
}
