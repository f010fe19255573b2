// What is scraped: the targets of each job, those that are down first. Hidden on a server that scrapes nothing.
import { api } from "./api.js";
import { now } from "./clock.js";
import { h, note, replace, setText } from "./dom.js";
import { formatInstant, formatSpan } from "./format.js";
import { Poll } from "./poll.js";

const rowLimit = 500;
const secondsBetween = 5;
const order = { down: 0, unknown: 1, up: 2 };

/** Of labels, without those that the other columns show. */
function labelList(target) {
    const entries = Object.entries(target.labels).filter(([name]) => name !== "job");
    return h("div", { class: "labels" }, entries.map(([name, value]) => h("span", { class: "label" }, `${name}=${value}`)));
}

function lastScrape(target) {
    const time = Date.parse(target.lastScrape);
    // Go's zero time stands for never.
    if (!Number.isFinite(time) || time < 0) return "not yet";
    const age = Math.max(0, now() - time);
    return h("time", { datetime: target.lastScrape, title: formatInstant(time) },
        age < 1000 ? "just now" : `${formatSpan(age)} ago`);
}

function row(target) {
    return h("tr", {},
        h("td", {}, h("span", { class: `target-health is-${target.health}` }, target.health)),
        h("td", { class: "mono target-url" }, target.scrapeUrl,
            target.lastError ? h("div", { class: "target-error" }, target.lastError) : null),
        h("td", {}, labelList(target)),
        h("td", { class: "number" }, lastScrape(target)),
        h("td", { class: "number" }, `${Math.round(target.lastScrapeDuration * 1000)} ms`),
        h("td", { class: "number" }, target.scrapeInterval));
}

function pool(name, targets, dropped) {
    const up = targets.filter((target) => target.health === "up").length;
    const isBad = targets.some((target) => target.health === "down");
    const state = targets.length === 0 ? "no targets" : `${up} of ${targets.length} up`;
    const sorted = [...targets].sort((a, b) => order[a.health] - order[b.health]
        || a.scrapeUrl.localeCompare(b.scrapeUrl, "en", { numeric: true }));
    return [
        h("tr", { class: `pool ${isBad ? "is-bad" : ""}` },
            h("th", { scope: "rowgroup", colspan: 6 }, name,
                h("span", { class: "pool-state" }, dropped > 0 ? `${state}, ${dropped} dropped` : state))),
        sorted.map(row),
    ];
}

/** @param onTargets called with the number of targets each time they have been read */
export function startTargets(section, holder, count, onTargets) {
    const draw = ({ activeTargets: active, droppedTargetCounts: dropped }) => {
        const pools = new Map(Object.keys(dropped).map((name) => [name, []]));
        for (const target of active.slice(0, rowLimit)) {
            if (!pools.has(target.scrapePool)) pools.set(target.scrapePool, []);
            pools.get(target.scrapePool).push(target);
        }
        onTargets(active.length);
        section.hidden = pools.size === 0;
        if (section.hidden) return;
        const down = active.filter((target) => target.health === "down").length;
        setText(count, down > 0 ? `${down} of ${active.length} down` : `${active.length} scraped`);
        count.classList.toggle("is-critical", down > 0);
        const top = holder.scrollTop;
        replace(holder, h("table", {},
            h("thead", {}, h("tr", {},
                ["State", "Target", "Labels"].map((title) => h("th", { scope: "col" }, title)),
                ["Last scrape", "Took", "Every"].map((title) => h("th", { scope: "col", class: "number" }, title)))),
            [...pools].map(([name, targets]) => h("tbody", {}, pool(name, targets, dropped[name] ?? 0)))),
        active.length > rowLimit
            ? note("empty", `${active.length - rowLimit} more targets`, "They are at /api/v1/targets.") : null);
        holder.scrollTop = top;
    };
    return new Poll(secondsBetween, async (signal) => {
        try {
            draw(await api.targets(signal));
        } catch (error) {
            if (error.isCancelled) throw error;
            setText(count, "");
            replace(holder, note("error", "Targets cannot be read", `${error.message}. Trying again.`));
        }
    });
}
