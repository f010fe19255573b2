// The footer: what became of every record received, what was refused and why, which version this is.
import { api } from "./api.js";
import { h, replace } from "./dom.js";
import { formatCount } from "./format.js";
import { Poll } from "./poll.js";

const secondsBetween = 5;
const parts = [
    ["stored", "stored", "Kept as samples or events"],
    ["duplicate", "duplicate", "The same sample had been stored before"],
    ["dropped", "dropped", "Left out by a processing rule"],
    ["dead_lettered", "rejected", "Kept as dead letters, with the reason"],
    ["pending", "pending", "On disk in the log, not yet processed"],
];

function ledger(data) {
    const totals = data?.totals;
    if (!totals) return h("div", { class: "ledger" }, "The ledger cannot be read.");
    const figure = (name, title, text) => h("span", { class: `figure figure-${name}`, title },
        h("b", {}, formatCount(totals[name])), text);
    return h("div", { class: "ledger", role: "group", "aria-label": "Ledger" },
        figure("received", "Every record that has arrived", "received"), h("i", {}, "="),
        parts.map(([name, text, title], index) => [index > 0 ? h("i", {}, "+") : null, figure(name, title, text)]),
        data.balanced
            ? h("span", { class: "verdict is-good", title: "Every record is accounted for" }, "✓ balanced")
            : h("span", { class: "verdict is-bad", title: "Records are missing from the account" }, "✗ not balanced"));
}

function deadLetters(data) {
    const reasons = Object.entries(data?.matching_by_reason ?? {}).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
    if (reasons.length === 0) {
        return data?.total > 0
            ? h("div", { class: "reasons" }, h("a", { href: "/dead-letters" }, "No dead letters wait")) : null;
    }
    return h("div", { class: "reasons" }, "Dead letters: ",
        reasons.map(([reason, count]) =>
            h("span", { class: "label" }, `${reason.replaceAll("_", " ")} ${formatCount(count)}`)),
        h("a", { href: "/dead-letters" }, "mend and replay"));
}

export function startHealth(holder) {
    let version = "";
    let drawn = "";
    const optional = async (promise) => {
        try {
            return await promise;
        } catch (error) {
            if (error.isCancelled) throw error;
            return null;
        }
    };
    return new Poll(secondsBetween, async (signal) => {
        if (version === "") version = (await optional(api.buildInfo(signal)))?.heliograph_version ?? "";
        const [accounts, letters] = await Promise.all(
            [optional(api.ledger(signal)), optional(api.deadLetters({ limit: 1 }, signal))]);
        const picture = JSON.stringify([accounts?.totals, accounts?.balanced, letters?.matching_by_reason, version]);
        if (picture === drawn) return;
        drawn = picture;
        replace(holder, ledger(accounts), deadLetters(letters),
            h("div", { class: "about" },
                version ? `Heliograph ${version}` : "Heliograph", " · ", h("a", { href: "/metrics" }, "metrics")));
    });
}
