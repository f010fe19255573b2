// A chart of whatever expression the reader types.
import { api } from "./api.js";
import { attachCompletion } from "./completion.js";
import { h, replace } from "./dom.js";
import { Panel } from "./panel.js";
import { Poll } from "./poll.js";
import { change, onChange, state } from "./state.js";

const secondsBetweenNames = 30;
const examples = [
    "avg by (region) (cpu_usage)",
    "topk(5, max_over_time(request_latency_ms[5m]))",
    "sum by (service) (rate(http_requests_total[1m]))",
];

export class Explore {
    #panel = null;
    #shown = "";
    #metrics = [];
    #labels = [];
    #result = h("div", { class: "explore-result" });

    /** @param onPanel called with the panel for each new expression, or null when there is none any more */
    constructor(holder, onPanel) {
        this.onPanel = onPanel;
        const input = h("input", {
            type: "text", id: "expression", class: "mono",
            placeholder: "PromQL, for example  avg by (region) (cpu_usage)",
            autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-label": "PromQL expression",
            role: "combobox", "aria-autocomplete": "list", "aria-controls": "completion-list", "aria-expanded": "false",
        });
        const list = h("ul", {
            class: "popover options completion", role: "listbox", id: "completion-list", "aria-label": "Suggestions",
            hidden: true,
        });
        const form = h("form", { class: "explore-form" },
            h("div", { class: "popover-holder grow" }, input, list),
            h("button", { type: "submit", class: "button primary" }, "Run"));
        const submit = () => {
            const expression = input.value.trim();
            if (expression === state.expression) this.#show(true);
            else change({ expression });
        };
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            submit();
        });
        attachCompletion(input, list, () => ({ metrics: this.#metrics, labels: this.#labels }), submit);
        replace(holder,
            h("header", { class: "card-head" }, h("h2", { id: "explore-title" }, "Explore"),
                h("span", { class: "count" }, "Enter runs · Tab completes")),
            form, this.#result);
        onChange((changed) => {
            if (!changed.has("expression")) return;
            input.value = state.expression;
            this.#show(false);
        });
        input.value = state.expression;
        this.#show(false);
        new Poll(secondsBetweenNames, async (signal) => {
            try {
                const names = [api.labelValues("__name__", signal), api.labelNames(signal)];
                [this.#metrics, this.#labels] = await Promise.all(names);
            } catch (error) {
                // Without names there are no suggestions; the expression can still be typed.
                if (error.isCancelled) throw error;
            }
        }).now();
    }

    #show(again) {
        if (state.expression === "") {
            this.#panel = null;
            this.#shown = "";
            replace(this.#result, h("p", { class: "hint" }, "Try ",
                examples.map((text) => h("button", {
                    type: "button", class: "label label-link mono", on: { click: () => change({ expression: text }) },
                }, text))));
            this.onPanel(null);
        } else if (this.#shown === state.expression) {
            if (again) this.#panel.load();
        } else {
            this.#shown = state.expression;
            this.#panel = new Panel({
                id: "explore", title: state.expression, unit: "", targets: [{ expr: state.expression }],
                exemplars: true,
            });
            replace(this.#result, this.#panel.element);
            this.onPanel(this.#panel);
            this.#panel.load();
        }
    }
}
