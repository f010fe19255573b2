// The box beside the crosshair: time, values in order of size, exemplars and events close by.
import { h, replace } from "./dom.js";
import { exemplarText } from "./exemplars.js";
import { formatInstant, formatValue } from "./format.js";
import { colorOf, severityClass } from "./palette.js";

const lineLimit = 10;
const eventLimit = 3;
const exemplarLimit = 4;

export class ChartTip {
    element = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });

    /** @param x pixels from the left edge of a plot `width` pixels wide; `events` and `exemplars` are those under the crosshair */
    show(x, width, ms, row, series, unit, events, exemplars = []) {
        const values = series.map((one) => ({ ...one, value: one.values[row] }))
            .filter(({ value }) => value !== null && value !== undefined)
            .sort((a, b) => b.value - a.value);
        const more = values.length - lineLimit;
        replace(this.element,
            h("div", { class: "tip-time" }, formatInstant(ms)),
            ...values.slice(0, lineLimit).map((one) => h("div", { class: "tip-line" },
                h("i", { class: "swatch", css: { "--swatch": colorOf(one) } }),
                h("span", { class: "tip-name" }, one.name),
                h("b", {}, formatValue(one.value, unit)))),
            values.length === 0 ? h("div", { class: "tip-more" }, "no value here") : null,
            more > 0 ? h("div", { class: "tip-more" }, `and ${more} more`) : null,
            ...exemplars.slice(-exemplarLimit).map((one) =>
                h("div", { class: "tip-exemplar" }, `○ ${exemplarText(one, unit)}`)),
            exemplars.length > exemplarLimit
                ? h("div", { class: "tip-more" }, `and ${exemplars.length - exemplarLimit} more exemplars`)
                : null,
            ...events.slice(0, eventLimit).map(({ severity, source, message }) =>
                h("div", { class: `tip-event severity-${severityClass(severity)}` },
                    h("i", { class: "severity-dot" }), `${source}: ${message}`)),
            events.length > eventLimit
                ? h("div", { class: "tip-more" }, `and ${events.length - eventLimit} more events`)
                : null);
        this.element.hidden = false;
        const isRight = x > width / 2;
        this.element.style.left = isRight ? "auto" : `${Math.round(x) + 12}px`;
        this.element.style.right = isRight ? `${Math.round(width - x) + 12}px` : "auto";
    }

    hide() {
        this.element.hidden = true;
    }
}
