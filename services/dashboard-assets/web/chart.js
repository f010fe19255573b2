// One time series chart: dygraphs draws it; crosshair, selection and event marks are ours.
import { ChartTip } from "./chart-tip.js";
import { h } from "./dom.js";
import { drawExemplars, exemplarsNear } from "./exemplars.js";
import { formatClock, formatInstant, formatValue } from "./format.js";
import { hover, onHover } from "./hover.js";
import { colorOf, severityColor } from "./palette.js";
import { zoom, zoomOut } from "./state.js";
import { cssColor, onThemeChange } from "./theme.js";

const Dygraph = globalThis.Dygraph;
// Its legend and labels write inline styles, which the page's Content-Security-Policy forbids; ours replace them.
Dygraph.PLUGINS = [Dygraph.Plugins.Axes, Dygraph.Plugins.Grid];

const shortestDragPixels = 6;
const markReachPixels = 5;
/** Marks closer than this are drawn as one, and beyond so many columns the lines would hide the data. */
const markSpacingPixels = 4;
const markedColumnsWithLines = 30;
const severityRank = { debug: 0, info: 1, warning: 2, error: 3, critical: 4 };

function axisTime(value) {
    const date = new Date(value);
    if (date.getSeconds() !== 0) return formatClock(date.getTime());
    if (date.getHours() === 0 && date.getMinutes() === 0) {
        return `${date.getDate()} ${date.toLocaleString("en-GB", { month: "short" })}`;
    }
    return formatClock(date.getTime()).slice(0, 5);
}

export class Chart {
    #plot = h("div", { class: "chart-plot" });
    #crosshair = h("div", { class: "crosshair", hidden: true });
    #selection = h("div", { class: "selection", hidden: true });
    #tip = new ChartTip();
    #dygraph = null;
    #rows = [];
    #result = { series: [] };
    #marks = [];
    #exemplars = [];
    #hidden = new Set();
    #dragFrom = null;
    #hoverRow = null;

    /**
     * @param options `{title, unit, fill, max}`: `fill` colours the area under the lines, `max` is the least upper end
     * @param onHoverRow called with the row pointed at (an index into every series' values), or null
     */
    constructor(options, onHoverRow = () => {}) {
        this.options = options;
        this.onHoverRow = onHoverRow;
        this.element = h("div", { class: "chart", tabindex: "0", role: "img", "aria-label": options.title },
            this.#plot, this.#crosshair, this.#selection, this.#tip.element);
        this.#listen();
        onThemeChange(() => this.#draw());
        onHover((ms, origin) => this.#point(ms, origin));
        // Not inside the observation: resizing changes sizes, which the browser would complain of.
        new ResizeObserver(() => requestAnimationFrame(() => this.#dygraph?.resize())).observe(this.#plot);
    }

    /** The dygraphs object, or null before the first data. */
    get dygraph() {
        return this.#dygraph;
    }

    /** What is drawn: rows of `[ms, value or null, …]`. */
    get rows() {
        return this.#rows;
    }

    /** Those that are laid over it, `[{ms, value, labels}]`. */
    get exemplars() {
        return this.#exemplars;
    }

    /** Number of values drawn. */
    get pointCount() {
        return this.#result.series.reduce((sum, series) => sum + series.values.filter((v) => v !== null).length, 0);
    }

    /** Shows the result of a `RangeQuery`. */
    setResult(result) {
        this.#result = result;
        const count = result.series[0]?.values.length ?? 0;
        this.#rows = Array.from({ length: count }, (_, row) => [
            result.from + row * result.step,
            ...result.series.map((series) => (Number.isFinite(series.values[row]) ? series.values[row] : null)),
        ]);
        this.#draw();
    }

    /** Lays events over the chart: `[{ms, severity, source, message}]`. */
    setMarks(marks) {
        this.#marks = marks;
        if (this.#dygraph) this.#dygraph.updateOptions({});
    }

    /** Lays exemplars over the chart, as `exemplarList` gives them. */
    setExemplars(exemplars) {
        this.#exemplars = exemplars;
        if (this.#dygraph) this.#dygraph.updateOptions({});
    }

    isShown(series) {
        return !this.#hidden.has(series.name);
    }

    /** Shows or hides a series; `alone` hides all others, or shows them again when it is alone already. */
    toggle(series, alone) {
        const others = this.#result.series.filter((other) => other.name !== series.name).map((other) => other.name);
        if (alone) {
            const isAlone = this.isShown(series) && others.every((name) => this.#hidden.has(name));
            this.#hidden = new Set(isAlone ? [] : others);
        } else if (!this.#hidden.delete(series.name)) {
            this.#hidden.add(series.name);
        }
        this.#draw();
    }

    #draw() {
        const { series, from, through } = this.#result;
        if (series.length === 0 || this.#plot.clientWidth === 0) return;
        const options = {
            file: this.#rows,
            labels: ["time", ...series.map((_, index) => `s${index}`)],
            colors: series.map(colorOf),
            visibility: series.map((one) => this.isShown(one)),
            dateWindow: [from, Math.max(through, from + 1000)],
            valueRange: this.#valueRange(series),
            fillGraph: Boolean(this.options.fill) && series.length === 1,
            axisLineColor: cssColor("--line-strong"),
            gridLineColor: cssColor("--grid"),
        };
        if (this.#dygraph === null) {
            this.#dygraph = new Dygraph(this.#plot, this.#rows, { ...this.#fixedOptions(), ...options });
        } else {
            this.#dygraph.updateOptions(options);
        }
        const latest = series.slice(0, 5).map(({ name, values }) =>
            `${name} ${formatValue(values.findLast((value) => value !== null), this.options.unit)}`);
        this.element.setAttribute("aria-label",
            `${this.options.title}: ${series.length} series from ${formatInstant(from)}; latest ${latest.join(", ")}`);
    }

    #valueRange(series) {
        if (this.options.max === undefined) return null;
        const highest = Math.max(...series.flatMap(({ values }) => values.filter(Number.isFinite)), this.options.max);
        return [0, highest];
    }

    #fixedOptions() {
        return {
            legend: "never",
            interactionModel: {},
            includeZero: true,
            strokeWidth: 1.6,
            fillAlpha: 0.1,
            highlightCircleSize: 3,
            axisLabelFontSize: 11,
            axisLineWidth: 1,
            gridLineWidth: 1,
            rightGap: 6,
            xRangePad: 0,
            axes: {
                x: { ticker: Dygraph.dateTicker, axisLabelFormatter: axisTime, drawGrid: false, pixelsPerLabel: 76 },
                y: {
                    axisLabelFormatter: (value) => formatValue(value, this.options.unit),
                    axisLabelWidth: 54, pixelsPerLabel: 34,
                },
            },
            underlayCallback: (context, area, dygraph) => {
                this.#drawMarks(context, area, dygraph);
                drawExemplars(context, area, dygraph, this.#exemplars);
            },
        };
    }

    #drawMarks(context, area, dygraph) {
        const columns = new Map();
        for (const mark of this.#marks) {
            const x = Math.round(dygraph.toDomXCoord(mark.ms) / markSpacingPixels) * markSpacingPixels;
            if (x < area.x || x > area.x + area.w) continue;
            const rank = severityRank[mark.severity] ?? 1;
            if (rank > (columns.get(x)?.rank ?? -1)) columns.set(x, { rank, severity: mark.severity });
        }
        const foot = area.y + area.h;
        for (const [x, { severity }] of columns) {
            context.save();
            context.strokeStyle = context.fillStyle = severityColor(severity);
            if (columns.size <= markedColumnsWithLines) {
                context.globalAlpha = 0.28;
                context.setLineDash([2, 3]);
                context.beginPath();
                context.moveTo(x + 0.5, area.y);
                context.lineTo(x + 0.5, foot);
                context.stroke();
            }
            context.globalAlpha = 0.95;
            context.beginPath();
            context.moveTo(x + 0.5, foot - 6);
            context.lineTo(x - 3.5, foot);
            context.lineTo(x + 4.5, foot);
            context.fill();
            context.restore();
        }
    }

    #listen() {
        const place = (event) => event.clientX - this.#plot.getBoundingClientRect().left;
        this.#plot.addEventListener("pointerdown", (event) => {
            if (event.button !== 0 || this.#dygraph === null) return;
            this.#dragFrom = this.#clamp(place(event));
            this.#plot.setPointerCapture(event.pointerId);
        });
        this.#plot.addEventListener("pointermove", (event) => {
            if (this.#dygraph === null) return;
            const x = this.#clamp(place(event));
            if (this.#dragFrom !== null) this.#select(x);
            hover(this.#dygraph.toDataXCoord(x), this);
        });
        this.#plot.addEventListener("pointerup", (event) => {
            const start = this.#dragFrom;
            this.#endDrag();
            if (start === null) return;
            const end = this.#clamp(place(event));
            if (Math.abs(end - start) < shortestDragPixels) return;
            const from = this.#dygraph.toDataXCoord(Math.min(start, end));
            const through = this.#dygraph.toDataXCoord(Math.max(start, end));
            hover(null, this);
            zoom(from, through);
        });
        this.#plot.addEventListener("pointercancel", () => this.#endDrag());
        this.#plot.addEventListener("pointerleave", () => hover(null, this));
        this.#plot.addEventListener("dblclick", () => zoomOut());
        this.element.addEventListener("keydown", (event) => this.#key(event));
        this.element.addEventListener("blur", () => hover(null, this));
    }

    #key(event) {
        const last = this.#rows.length - 1;
        if (last < 0) return;
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
            const move = event.key === "ArrowLeft" ? -1 : 1;
            const row = this.#hoverRow === null ? last : Math.min(last, Math.max(0, this.#hoverRow + move));
            hover(this.#rows[row][0], this);
        } else if (event.key === "Escape") {
            hover(null, this);
        } else if (event.key === "-") {
            zoomOut();
        } else {
            return;
        }
        event.preventDefault();
    }

    #clamp(x) {
        const area = this.#dygraph.getArea();
        return Math.min(area.x + area.w, Math.max(area.x, x));
    }

    #select(x) {
        const left = Math.min(x, this.#dragFrom);
        this.#selection.hidden = false;
        this.#selection.style.left = `${left}px`;
        this.#selection.style.width = `${Math.abs(x - this.#dragFrom)}px`;
    }

    #endDrag() {
        this.#dragFrom = null;
        this.#selection.hidden = true;
    }

    #point(ms, origin) {
        if (this.#dygraph === null || this.#rows.length === 0) return;
        const row = ms === null ? -1 : Math.round((ms - this.#result.from) / this.#result.step);
        if (row < 0 || row >= this.#rows.length) {
            if (this.#hoverRow === null) return;
            this.#hoverRow = null;
            this.#crosshair.hidden = true;
            this.#tip.hide();
            this.#dygraph.clearSelection();
            this.onHoverRow(null);
            return;
        }
        const x = this.#dygraph.toDomXCoord(ms);
        this.#crosshair.hidden = false;
        this.#crosshair.style.transform = `translateX(${Math.round(x)}px)`;
        if (row !== this.#hoverRow) {
            this.#hoverRow = row;
            this.#dygraph.setSelection(row);
            this.onHoverRow(row);
        }
        if (origin === this) {
            const distance = (mark) => Math.abs(this.#dygraph.toDomXCoord(mark.ms) - x);
            const near = this.#marks.filter((mark) => distance(mark) <= markReachPixels);
            const shown = this.#result.series.filter((series) => this.isShown(series));
            const exemplars = exemplarsNear(x, this.#dygraph, this.#exemplars);
            this.#tip.show(x, this.#plot.clientWidth, this.#rows[row][0], row, shown, this.options.unit, near, exemplars);
        } else {
            this.#tip.hide();
        }
    }
}
