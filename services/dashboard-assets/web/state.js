// What the reader has chosen. It lives in the address, so that a link shows the same thing and Back goes back.
import { now } from "./clock.js";

/** The ranges on offer, in seconds. */
export const presets = [["5m", 300], ["15m", 900], ["1h", 3600], ["6h", 21_600], ["24h", 86_400], ["7d", 604_800]];

const defaultRange = "15m";
const steps = [2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800];
const longestMilliseconds = 10 * 366 * 86_400_000;
const listeners = new Set();

export const state = { range: null, source: "", expression: "", severity: "", text: "", paused: false };

function parseInstant(text) {
    if (text === null) return null;
    const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    return Number.isFinite(ms) ? ms : null;
}

function read() {
    const query = new URLSearchParams(location.search);
    const from = parseInstant(query.get("from"));
    const through = parseInstant(query.get("to"));
    if (from !== null && through !== null && from < through && through - from <= longestMilliseconds) {
        state.range = { from, through };
    } else {
        const name = query.get("range") ?? defaultRange;
        const preset = presets.find(([label]) => label === name) ?? presets.find(([label]) => label === defaultRange);
        state.range = { label: preset[0], seconds: preset[1] };
    }
    state.source = query.get("source") ?? "";
    state.expression = query.get("expr") ?? "";
    state.severity = query.get("severity") ?? "";
    state.text = query.get("q") ?? "";
}

function write(replaces) {
    const query = new URLSearchParams();
    if (isLive()) {
        if (state.range.label !== defaultRange) query.set("range", state.range.label);
    } else {
        query.set("from", new Date(state.range.from).toISOString());
        query.set("to", new Date(state.range.through).toISOString());
    }
    if (state.source) query.set("source", state.source);
    if (state.expression) query.set("expr", state.expression);
    if (state.severity) query.set("severity", state.severity);
    if (state.text) query.set("q", state.text);
    const address = query.size > 0 ? `?${query}` : location.pathname;
    if (replaces) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
}

function tell(changed) {
    for (const listener of listeners) listener(changed);
}

/** Whether the range ends at now. */
export function isLive() {
    return state.range.seconds !== undefined;
}

/** Calls `listener(names)` with the set of the properties of `state` that have changed. */
export function onChange(listener) {
    listeners.add(listener);
}

/** Changes properties of `state`. `replaces`: no new entry in the browser's history (for typing). */
export function change(properties, { replaces = false } = {}) {
    const changed = new Set();
    for (const [name, value] of Object.entries(properties)) {
        if (JSON.stringify(state[name]) !== JSON.stringify(value)) {
            state[name] = value;
            changed.add(name);
        }
    }
    if (changed.size === 0) return;
    if (!(changed.size === 1 && changed.has("paused"))) write(replaces);
    tell(changed);
}

/** Narrows every chart to `[from, through]`, at least one second. */
export function zoom(from, through) {
    change({ range: { from: Math.floor(from), through: Math.max(Math.ceil(through), Math.floor(from) + 1000) } });
}

/** Doubles the range around its middle, never past now. */
export function zoomOut() {
    const { from, through } = resolve();
    const half = Math.min(through - from, longestMilliseconds / 2);
    const end = Math.min(through + half / 2, now());
    change({ range: { from: Math.floor(end - 2 * half), through: Math.floor(end) } });
}

/**
 * The chosen range as times: `{from, through, step, live}` in milliseconds. Both ends lie on multiples of the step,
 * so that asking again a moment later gives the same points and only new ones have to be fetched.
 * @param points how many steps the range may have at most
 */
export function resolve(points = 360) {
    const live = isLive();
    const through = live ? now() : state.range.through;
    const from = live ? through - state.range.seconds * 1000 : state.range.from;
    const wanted = (through - from) / points;
    const step = (steps.find((seconds) => seconds * 1000 >= wanted) ?? steps.at(-1)) * 1000;
    return { from: Math.floor(from / step) * step, through: Math.floor(through / step) * step, step, live };
}

/** The chosen range's length in whole seconds. */
export function rangeSeconds() {
    return isLive() ? state.range.seconds : Math.max(1, Math.round((state.range.through - state.range.from) / 1000));
}

read();
addEventListener("popstate", () => {
    const before = { ...state };
    read();
    tell(new Set(Object.keys(state).filter((name) => JSON.stringify(state[name]) !== JSON.stringify(before[name]))));
});
