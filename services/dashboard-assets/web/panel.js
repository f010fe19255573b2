// A card with a chart, its legend, and a word where there is nothing to draw.
import { api } from "./api.js";
import { Chart } from "./chart.js";
import { h, note, replace, setText } from "./dom.js";
import { exemplarList } from "./exemplars.js";
import { formatInstant, formatSpan } from "./format.js";
import { Legend } from "./legend.js";
import { expand } from "./promql.js";
import { RangeQuery } from "./range-query.js";
import { rangeSeconds, resolve, state } from "./state.js";

export class Panel {
    #query;
    #legend;
    #overlay = h("div", { class: "overlay skeleton" });
    #status = h("span", { class: "panel-status" });
    #running = null;
    #isRefused = false;

    /** @param definition a panel of the definition: `{id, title, unit, targets: [{expr, legend, color}], fill, max, exemplars}`; with
     *  `exemplars` those of the first target's series are shown, too */
    constructor(definition) {
        this.definition = definition;
        this.#query = new RangeQuery(definition.targets);
        this.chart = new Chart(definition, (row) => this.#legend.showRow(row));
        this.#legend = new Legend(this.chart, definition.unit);
        const title = `${definition.id}-title`;
        this.element = h("article", { class: "card panel", id: `panel-${definition.id}`, "aria-labelledby": title },
            h("header", { class: "card-head" },
                h("h2", { id: title, title: definition.targets.map(({ expr }) => expr).join("\n") }, definition.title),
                this.#status),
            h("div", { class: "panel-body" }, this.chart.element, this.#overlay),
            this.#legend.element);
    }

    /** Loads the chosen range and source from scratch. */
    load() {
        this.#isRefused = false;
        this.#query.reset();
        return this.#run();
    }

    /** Fetches what is new; leaves a request that is still under way alone, and a query that was refused as well. */
    refresh() {
        if (this.#isRefused) return Promise.resolve();
        return this.#running === null ? this.#run() : this.#running.done;
    }

    #run() {
        this.#running?.controller.abort();
        const running = { controller: new AbortController(), done: null };
        this.#running = running;
        this.element.setAttribute("aria-busy", "true");
        running.done = this.#work(running.controller.signal).finally(() => {
            if (this.#running !== running) return;
            this.#running = null;
            this.element.setAttribute("aria-busy", "false");
        });
        return running.done;
    }

    async #work(signal) {
        const grid = resolve();
        try {
            await this.#query.extend(grid, state.source, signal);
        } catch (error) {
            if (!error.isCancelled) this.#showError(error);
            return;
        }
        if (signal.aborted) return;
        this.#show(grid);
        if (this.definition.exemplars) await this.#showExemplars(grid, signal);
    }

    async #showExemplars(grid, signal) {
        try {
            const expression = expand(this.definition.targets[0].expr, { source: state.source, stepMs: grid.step });
            const found = await api.exemplars(expression, grid.from, grid.through, signal);
            if (!signal.aborted) this.chart.setExemplars(exemplarList(found));
        } catch (error) {
            // The lines are what was asked for; the dots come with the next look.
            if (error.isCancelled) return;
            this.chart.setExemplars([]);
        }
    }

    #show(grid) {
        const { result, hidden, warnings } = this.#query;
        const isEmpty = result.series.length === 0;
        this.#overlay.hidden = !isEmpty;
        this.#overlay.className = "overlay";
        this.element.classList.toggle("is-empty", isEmpty);
        this.element.dataset.state = isEmpty ? "empty" : "ready";
        this.chart.setResult(result);
        this.#legend.setSeries(result.series);
        setText(this.#status, hidden > 0 ? `${hidden} more series` : warnings.length > 0 ? "⚠ notes" : "");
        this.#status.title = warnings.join("\n");
        if (isEmpty) replace(this.#overlay, this.#emptyNote(grid));
    }

    #emptyNote(grid) {
        const who = state.source ? ` from ${state.source}` : "";
        const when = grid.live ? `in the last ${formatSpan(rangeSeconds() * 1000)}`
            : `between ${formatInstant(grid.from)} and ${formatInstant(grid.through)}`;
        return note("empty", "No data in this range",
            `Nothing${who} ${when}. Choose a longer range${state.source ? " or another source" : ""}.`);
    }

    #showError(error) {
        this.element.dataset.state = "error";
        // Wrong, or too much for the server: asking again by itself would not help.
        this.#isRefused = error.status === 400 || error.status === 422;
        // An earlier picture is worth more than a message over it.
        if (this.#query.result.series?.length > 0) {
            setText(this.#status, "⚠ not up to date");
            this.#status.title = error.message;
            return;
        }
        this.#overlay.hidden = false;
        this.#overlay.className = "overlay";
        this.element.classList.add("is-empty");
        replace(this.#overlay, note("error", "This query failed", error.message),
            h("button", { type: "button", class: "button", on: { click: () => this.load() } }, "Try again"));
    }
}
