// The active alerts: firing before pending, the newest first.
import { api } from "./api.js";
import { now } from "./clock.js";
import { h, note, replace, setText } from "./dom.js";
import { formatInstant, formatSpan, formatValue } from "./format.js";
import { Poll } from "./poll.js";
import { sampleValue } from "./promql.js";
import { change, onChange, state } from "./state.js";

const listLimit = 100;
const secondsBetween = 5;
const hiddenLabels = new Set(["alertname", "severity"]);

function ruleCount(groups) {
    return (groups ?? []).flatMap((group) => group.rules ?? []).filter((rule) => rule.type === "alerting").length;
}

function item(alert) {
    const { alertname = "alert", severity, source_id: source } = alert.labels;
    const since = Date.parse(alert.activeAt);
    const value = sampleValue(alert.value ?? "NaN");
    const labels = Object.entries(alert.labels).filter(([name]) => !hiddenLabels.has(name)).sort();
    const summary = alert.annotations?.summary ?? alert.annotations?.description ?? "";
    return h("li", { class: `alert alert-${alert.state === "firing" ? "firing" : "pending"}` },
        h("div", { class: "alert-head" },
            h("span", { class: "alert-state" }, alert.state),
            h("strong", {}, alertname),
            Number.isFinite(since)
                ? h("time", { datetime: alert.activeAt, title: formatInstant(since) }, formatSpan(now() - since))
                : null),
        summary ? h("p", { class: "alert-summary" }, summary) : null,
        h("div", { class: "labels" },
            severity ? h("span", { class: "label" }, `severity=${severity}`) : null,
            labels.map(([name, text]) => (name === "source_id"
                ? h("button", {
                    type: "button", class: "label label-link", title: "Show only this source",
                    on: { click: () => change({ source }) },
                }, text)
                : h("span", { class: "label" }, `${name}=${text}`))),
            Number.isFinite(value) ? h("span", { class: "label label-value" }, `value ${formatValue(value)}`) : null));
}

export function startAlerts(holder, count) {
    let alerts = [];
    let rules = 0;
    let drawn = "";

    const draw = () => {
        const concerns = ({ labels }) => !state.source || !labels.source_id || labels.source_id === state.source;
        const shown = alerts.filter(concerns);
        const firing = shown.filter((alert) => alert.state === "firing").length;
        const pending = shown.length - firing;
        setText(count, shown.length === 0 ? "" : `${firing} firing${pending > 0 ? `, ${pending} pending` : ""}`);
        count.classList.toggle("is-critical", firing > 0);
        // Times are rounded to what is shown, so an unchanged list is left alone.
        const ages = shown.map((alert) => formatSpan(now() - Date.parse(alert.activeAt)));
        const picture = JSON.stringify([rules, shown, ages]);
        if (picture === drawn) return;
        drawn = picture;
        if (shown.length > 0) {
            const order = [...shown].sort((a, b) => (a.state === b.state
                ? Date.parse(b.activeAt) - Date.parse(a.activeAt)
                : a.state === "firing" ? -1 : 1));
            replace(holder, h("ul", { class: "plain" }, order.slice(0, listLimit).map(item)),
                order.length > listLimit ? note("empty", `${order.length - listLimit} more`, "") : null);
        } else if (rules > 0) {
            replace(holder, note("good", "All quiet",
                `${rules} alert ${rules === 1 ? "rule" : "rules"} evaluated, none active`
                + `${state.source ? ` for ${state.source}` : ""}.`));
        } else {
            replace(holder, note("empty", "No alert rules are loaded",
                "Heliograph takes Prometheus rule files; name them in its configuration."));
        }
    };
    onChange((changed) => { if (changed.has("source")) draw(); });
    return new Poll(secondsBetween, async (signal) => {
        try {
            const [active, groups] = await Promise.all([api.alerts(signal), api.rules(signal)]);
            alerts = (active ?? []).filter((alert) => alert.state !== "inactive");
            rules = ruleCount(groups);
            draw();
        } catch (error) {
            if (error.isCancelled) throw error;
            drawn = "";
            setText(count, "");
            replace(holder, note("error", "Alerts cannot be read", `${error.message}. Trying again.`));
        }
    });
}
