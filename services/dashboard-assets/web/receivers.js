// The stores to which the log is sent on, and how far each has it; nothing is shown without any.
import { api } from "./api.js";
import { h, replace, setText } from "./dom.js";
import { formatCount, formatSpan } from "./format.js";
import { Poll } from "./poll.js";

const secondsBetween = 5;
const figures = [
    ["sent_samples", "sent", "Samples that the store has taken"],
    ["pending_batches", "waiting", "Batches of the log that it does not have yet"],
    ["retries", "retries", "Requests sent again since the start"],
    ["failed_samples", "refused", "Samples that the store refused for good"],
    ["missed_records", "missed", "Records given up because the log would have grown too large, or because they are damaged"],
];
const losses = new Set(["failed_samples", "missed_records"]);

function row(receiver) {
    const figure = (name) => {
        const value = receiver[name];
        const mark = value === 0 ? "faint" : losses.has(name) ? "is-loss" : "";
        return h("td", { class: "number" }, h("span", { class: mark }, formatCount(value)));
    };
    const state = receiver.problem ? "down" : "up";
    return h("tr", {},
        h("th", { scope: "row" }, receiver.name),
        h("td", {}, h("span", { class: `target-health is-${state}` }, receiver.problem ? "failing" : "taking"),
            receiver.problem ? h("div", { class: "target-error" }, receiver.problem) : null),
        h("td", { class: "number" }, receiver.lag_seconds < 1 ? "none" : formatSpan(receiver.lag_seconds * 1000)),
        figures.map(([name]) => figure(name)));
}

function table(receivers) {
    const heading = (text, title, className) => h("th", { scope: "col", title, class: className }, h("span", {}, text));
    return h("table", {},
        h("thead", {}, h("tr", {},
            heading("Store", "Its name in the file of receivers"), heading("State", "Of the latest request"),
            heading("lag", "Since the oldest record that it does not have came", "number"),
            figures.map(([, text, title]) => heading(text, title, "number")))),
        h("tbody", {}, receivers.map(row)));
}

export function startReceivers(card, holder, caption) {
    let drawn = "";
    return new Poll(secondsBetween, async (signal) => {
        let receivers;
        try {
            ({ receivers } = await api.receivers(signal));
        } catch (error) {
            if (error.isCancelled) throw error;
            return;
        }
        card.hidden = receivers.length === 0;
        const picture = JSON.stringify(receivers);
        if (picture === drawn) return;
        drawn = picture;
        const failing = receivers.filter((receiver) => receiver.problem).length;
        setText(caption, failing > 0 ? `${failing} of ${receivers.length} failing` : `${receivers.length}`);
        replace(holder, table(receivers));
    });
}
