// Exemplars over a chart: a dot at the time and value of each, and the words for it.
import { formatValue } from "./format.js";
import { cssColor } from "./theme.js";

const radiusPixels = 3;
const reachPixels = 6;
/** The newest of so many are drawn; more would hide the lines. */
const drawnLimit = 500;

/** `[{ms, value, labels}]`, ascending by time, of what `/api/v1/query_exemplars` answers. */
export function exemplarList(series) {
    const all = series.flatMap(({ exemplars }) => exemplars.map(({ timestamp, value, labels }) =>
        ({ ms: timestamp * 1000, value: Number(value.replace("Inf", "Infinity")), labels })));
    return all.sort((a, b) => a.ms - b.ms).slice(-drawnLimit);
}

/** Values beyond the axis, as those of a counter's rate may be, are drawn at its end. */
export function drawExemplars(context, area, dygraph, exemplars) {
    context.save();
    context.fillStyle = cssColor("--raised");
    context.strokeStyle = cssColor("--text");
    context.lineWidth = 1.2;
    for (const { ms, value } of exemplars) {
        const x = dygraph.toDomXCoord(ms);
        if (Number.isNaN(value) || x < area.x || x > area.x + area.w) continue;
        const y = Math.min(area.y + area.h, Math.max(area.y, dygraph.toDomYCoord(value)));
        context.beginPath();
        context.arc(x, y, radiusPixels, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
    }
    context.restore();
}

/** Those whose dots are at most a few pixels from the place `x`. */
export function exemplarsNear(x, dygraph, exemplars) {
    return exemplars.filter(({ ms }) => Math.abs(dygraph.toDomXCoord(ms) - x) <= reachPixels);
}

/** `0.31 trace_id=4bf9… route=/pay` */
export function exemplarText({ value, labels }, unit) {
    const own = Object.entries(labels).map(([name, text]) => `${name}=${text}`);
    return [formatValue(value, unit), ...own].join(" ");
}
