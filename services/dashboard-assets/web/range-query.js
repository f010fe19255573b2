// A range query that keeps its points and fetches only what is new.
import { api } from "./api.js";
import { expand, sampleValue, seriesName } from "./promql.js";

/** More lines than this tell nothing; the rest is counted and left out. */
export const seriesLimit = 40;

/** Newest points that are asked for again, because data may have come for them since. */
const settlingSteps = 3;

/** A series that is new at the range's end may have older points as well; so often at most are they looked for. */
const loadSpacingMilliseconds = 10_000;

function keyOf(labels) {
    return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export class RangeQuery {
    #targets;
    #grid = null;
    #source = "";
    #columns = new Map();
    #hidden = 0;
    #hasNewSeries = false;
    #loadedAt = -Infinity;

    /** @param targets `[{expr, legend, color}]`; a target's legend is a template, its color a fixed one */
    constructor(targets) {
        this.#targets = targets;
    }

    /** What the server said beside the last result. */
    warnings = [];

    /** Fetches everything anew. */
    async load(grid, source, signal) {
        await this.#fetch(grid, source, grid.from, new Map(), signal);
        this.#hasNewSeries = false;
        this.#loadedAt = performance.now();
    }

    /** Brings the points up to the grid's end; loads everything where they do not continue what is kept. */
    async extend(grid, source, signal) {
        const kept = this.#grid;
        const continues = kept !== null && kept.step === grid.step && source === this.#source
            && grid.from >= kept.from && grid.from <= kept.through && grid.through >= kept.through;
        if (continues) {
            const start = Math.max(grid.from, kept.through - settlingSteps * grid.step);
            await this.#fetch(grid, source, start, this.#columns, signal);
            const mayLoad = performance.now() - this.#loadedAt > loadSpacingMilliseconds;
            if (!this.#hasNewSeries || !mayLoad) return;
        }
        await this.load(grid, source, signal);
    }

    async #fetch(grid, source, start, columns, signal) {
        const answers = await Promise.all(this.#targets.map((target) => {
            const expression = expand(target.expr, { source, stepMs: grid.step });
            return api.queryRange(expression, start, grid.through, grid.step, signal);
        }));
        this.warnings = [...new Set(answers.flatMap((answer) => answer.warnings))];
        this.#merge(grid, start, columns, answers);
        this.#grid = grid;
        this.#source = source;
    }

    /** Takes over the columns' values before `start` and the answers' values from there on. */
    #merge(grid, start, columns, answers) {
        const count = Math.round((grid.through - grid.from) / grid.step) + 1;
        const next = new Map();
        if (columns.size > 0) {
            const shift = Math.round((grid.from - this.#grid.from) / grid.step);
            const settled = Math.round((start - grid.from) / grid.step);
            for (const [key, column] of columns) {
                const values = new Array(count).fill(null);
                for (let row = 0; row < settled; row += 1) values[row] = column.values[row + shift] ?? null;
                next.set(key, { ...column, values });
            }
        }
        let hidden = 0;
        answers.forEach((answer, index) => {
            const target = this.#targets[index];
            for (const series of answer.series) {
                const key = `${index} ${keyOf(series.metric)}`;
                let column = next.get(key);
                if (column === undefined) {
                    if (next.size >= seriesLimit) {
                        hidden += 1;
                        continue;
                    }
                    const name = seriesName(target.legend, series.metric);
                    const values = new Array(count).fill(null);
                    column = { name, kind: target.legend ?? "", labels: series.metric, color: target.color, values };
                    next.set(key, column);
                    this.#hasNewSeries = true;
                }
                for (const [seconds, text] of series.values ?? []) {
                    const row = Math.round((seconds * 1000 - grid.from) / grid.step);
                    if (row >= 0 && row < count) column.values[row] = sampleValue(text);
                }
            }
        });
        for (const [key, column] of next) {
            if (column.values.every((value) => value === null)) next.delete(key);
        }
        this.#columns = next;
        this.#hidden = hidden;
    }

    /** How many series the last answer had beyond the limit. */
    get hidden() {
        return this.#hidden;
    }

    /** `{from, through, step, series: [{name, kind, labels, color, values}]}`; a value or null for each step. */
    get result() {
        const series = [...this.#columns.values()];
        series.sort((a, b) => (a.color || b.color ? 0 : a.name.localeCompare(b.name, "en", { numeric: true })));
        return { ...this.#grid, series };
    }

    /** Forgets everything, so that the next `extend` loads. */
    reset() {
        this.#grid = null;
        this.#columns = new Map();
    }
}
