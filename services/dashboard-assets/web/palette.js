// Colours: a name keeps its colour on every chart that shows the same kind of thing.
import { cssColor } from "./theme.js";

const slots = 10;
const slotsOf = new Map();

/** Names get the slots in the order in which they are first seen, which is sorted within a chart. */
function slot(kind, name) {
    if (!slotsOf.has(kind)) slotsOf.set(kind, new Map());
    const taken = slotsOf.get(kind);
    if (!taken.has(name)) taken.set(name, taken.size % slots);
    return taken.get(name);
}

/**
 * The colour of a series in the current theme. `kind` is what its name names (a legend's template);
 * `color` is a slot's number where the definition asks for one.
 */
export function colorOf({ kind, name, color }) {
    const index = Number.isInteger(color) ? ((color % slots) + slots) % slots : slot(kind, name);
    return cssColor(`--series-${index}`);
}

const severities = new Set(["debug", "info", "warning", "error", "critical"]);

/** A severity as it may be used in a class name or a custom property's name. */
export function severityClass(severity) {
    return severities.has(severity) ? severity : "info";
}

export function severityColor(severity) {
    return cssColor(`--severity-${severityClass(severity)}`);
}
