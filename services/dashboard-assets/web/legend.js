// The series under a chart: name, colour, latest value (or the value pointed at); a click hides or shows one.
import { h, replace, setText } from "./dom.js";
import { formatValue } from "./format.js";
import { colorOf } from "./palette.js";
import { onThemeChange } from "./theme.js";

export class Legend {
    element = h("ul", { class: "legend" });
    #items = [];
    #names = "";

    constructor(chart, unit) {
        this.chart = chart;
        this.unit = unit;
        onThemeChange(() => this.#paint());
    }

    /** Shows the series of a result; elements are kept where the names are the same. */
    setSeries(series) {
        const names = JSON.stringify(series.map(({ name }) => name));
        if (names !== this.#names) {
            this.#names = names;
            this.#items = series.map((one) => this.#item(one));
            replace(this.element, this.#items.map(({ element }) => element));
        }
        this.#items.forEach((item, index) => { item.series = series[index]; });
        this.#paint();
        this.showRow(null);
    }

    #item(series) {
        const value = h("b", {});
        const button = h("button", {
            type: "button", title: `${series.name}\nClick: show or hide. Shift-click: only this one.`,
            on: {
                click: (event) => {
                    this.chart.toggle(item.series, event.shiftKey || event.ctrlKey);
                    this.#paint();
                },
            },
        }, h("i", { class: "swatch" }), h("span", { class: "legend-name" }, series.name), value);
        const item = { element: h("li", {}, button), button, value, series };
        return item;
    }

    #paint() {
        for (const { button, series } of this.#items) {
            button.style.setProperty("--swatch", colorOf(series));
            button.setAttribute("aria-pressed", String(this.chart.isShown(series)));
        }
    }

    /** The values at `row`, or the latest ones for null. */
    showRow(row) {
        for (const { value, series } of this.#items) {
            const shown = row === null ? series.values.findLast((one) => one !== null) : series.values[row];
            setText(value, formatValue(shown, this.unit));
        }
    }
}
