// The four figures at the top: a value, its course over the range, its lowest and highest.
import { drawSparkline } from "./sparkline.js";
import { h, setText } from "./dom.js";
import { formatCount, formatValue, missing } from "./format.js";
import { RangeQuery } from "./range-query.js";
import { isLive, resolve, state } from "./state.js";
import { cssColor, onThemeChange } from "./theme.js";

const sparkPoints = 60;

class Tile {
    #query;
    #value = h("strong", { class: "tile-value" }, missing);
    #detail = h("span", { class: "tile-detail" }, "loading");
    #canvas = h("canvas", { class: "spark", "aria-hidden": "true" });
    #headline = null;
    #running = null;
    #trouble = "";

    /** @param definition a tile of dashboards/fleet.json: `{id, title, unit, expr, kpi, empty, warning, critical}` */
    constructor(definition) {
        this.definition = definition;
        this.#query = new RangeQuery([{ expr: definition.expr }]);
        this.element = h("article", { class: "card tile", id: `tile-${definition.id}`, data: { state: "loading" } },
            h("h2", {}, definition.title), this.#value, this.#canvas, this.#detail);
        onThemeChange(() => this.draw());
        new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.#canvas);
    }

    get values() {
        return this.#query.result.series?.[0]?.values ?? [];
    }

    /** A figure from elsewhere that stands for the whole range: `{value, text}`, or null to show the newest point. */
    setHeadline(headline) {
        this.#headline = headline;
        this.draw();
    }

    load() {
        this.#query.reset();
        this.#headline = null;
        return this.#run();
    }

    refresh() {
        return this.#running === null ? this.#run() : null;
    }

    async #run() {
        this.#running?.abort();
        const controller = new AbortController();
        this.#running = controller;
        try {
            await this.#query.extend(resolve(sparkPoints), state.source, controller.signal);
            this.#trouble = "";
        } catch (error) {
            if (error.isCancelled) return;
            this.#trouble = error.message;
        } finally {
            if (this.#running === controller) this.#running = null;
        }
        if (!controller.signal.aborted) this.draw();
    }

    draw() {
        const { unit, empty, warning, critical } = this.definition;
        const present = this.values.filter(Number.isFinite);
        const value = this.#headline?.value ?? present.at(-1) ?? null;
        const isEmpty = value === null;
        const level = isEmpty ? "empty"
            : critical !== undefined && value >= critical ? "critical"
                : warning !== undefined && value >= warning ? "warning" : "ready";
        this.element.dataset.state = this.#headline?.level ?? level;
        setText(this.#value, isEmpty ? missing : this.#headline?.text ?? formatValue(value, unit));
        this.element.title = this.#trouble;
        if (this.#trouble !== "") setText(this.#detail, "its course cannot be read");
        else if (isEmpty) setText(this.#detail, empty ?? "no data yet");
        else if (present.length > 1) {
            const [lowest, highest] = [Math.min(...present), Math.max(...present)];
            setText(this.#detail, `min ${formatValue(lowest, unit)} · max ${formatValue(highest, unit)}`);
        } else setText(this.#detail, "first values are coming in");
        drawSparkline(this.#canvas, this.values, cssColor(level === "ready" || isEmpty ? "--accent" : `--${level}`));
    }
}

export class Tiles {
    #tiles;

    constructor(holder, definitions) {
        this.#tiles = new Map(definitions.map((definition) => [definition.id, new Tile(definition)]));
        for (const tile of this.#tiles.values()) holder.append(tile.element);
    }

    load() {
        return Promise.all([...this.#tiles.values()].map((tile) => tile.load()));
    }

    refresh() {
        return Promise.all([...this.#tiles.values()].map((tile) => tile.refresh()));
    }

    /** The stream's own rate, which is of this second and of all sources. */
    tick(tick) {
        if (!isLive() || state.source || state.paused || !Number.isFinite(tick.events_per_second)) return;
        const tile = this.#tiles.get("events");
        if (tile && (tick.events_per_second > 0 || tile.values.length > 0)) {
            tile.setHeadline({ value: tick.events_per_second });
        }
    }

    /** The KPIs of the range. They end at now, so a range in the past shows its own last points instead. */
    setKPIs(data) {
        if (!isLive()) return;
        for (const tile of this.#tiles.values()) {
            const { kpi } = tile.definition;
            if (kpi === "sources") {
                const { known, up } = data.sources ?? {};
                const text = `${formatCount(up)} / ${formatCount(known)}`;
                tile.setHeadline(known > 0 ? { value: up, text, level: up < known ? "warning" : "ready" } : null);
            } else if (kpi) {
                const found = data.kpis?.find(({ name }) => name === kpi);
                const own = state.source
                    ? found?.by_source?.find(({ source_id: id }) => id === state.source)?.value
                    : found?.overall;
                tile.setHeadline(typeof own === "number" ? { value: own } : null);
            }
        }
    }
}
