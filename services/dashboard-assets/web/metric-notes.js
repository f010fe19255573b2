// What is known of the metrics in an expression: type, unit and help, a line each.
import { api } from "./api.js";
import { h, replace } from "./dom.js";

const mostMetrics = 4;
const words = /[A-Za-z_:][A-Za-z0-9_:]*/g;
const quoted = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;
const part = /_(bucket|sum|count|total)$/;

/** The metrics that an expression names, each once, in order; not what stands in quotation marks. */
export function metricsIn(expression, metrics) {
    const known = new Set(metrics);
    const found = (expression.replace(quoted, "").match(words) ?? []).filter((word) => known.has(word));
    return [...new Set(found)].slice(0, mostMetrics);
}

/** Shows notes in an element, which is hidden when there are none. */
export class MetricNotes {
    element = h("ul", { class: "metric-notes", "aria-label": "What the metrics are", hidden: true });
    #controller = null;
    #shown = "";

    async show(names) {
        if (names.join(" ") === this.#shown) return;
        this.#shown = names.join(" ");
        this.#controller?.abort();
        this.#controller = new AbortController();
        const { signal } = this.#controller;
        try {
            const notes = await Promise.all(names.map(async (name) => ({ name, said: await said(name, signal) })));
            if (!signal.aborted) this.#draw(notes.filter(({ said: known }) => known !== null));
        } catch {
            // The chart says what is wrong with the server.
            if (!signal.aborted) this.#draw([]);
            if (!signal.aborted) this.#shown = "";
        }
    }

    #draw(notes) {
        replace(this.element, notes.map(({ name, said: { type, unit, help } }) => h("li", {},
            h("code", {}, name), h("small", {}, [type, unit].filter((word) => word && word !== "unknown").join(" · ")),
            h("span", {}, help))));
        this.element.hidden = notes.length === 0;
    }
}

/** Of a name, or of the family that it is a part of; null if nothing is known. */
async function said(name, signal) {
    const family = name.replace(part, "");
    for (const metric of family === name ? [name] : [name, family]) {
        const found = (await api.metadata(metric, signal))[metric]?.[0];
        if (found) return found;
    }
    return null;
}
