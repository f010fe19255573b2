// Suggestions while a PromQL expression is typed: metric names and functions, label names where labels stand.
import { h, replace } from "./dom.js";

const functions = ("abs absent absent_over_time avg avg_over_time bottomk ceil changes clamp clamp_max clamp_min count "
    + "count_over_time count_values delta deriv exp floor group histogram_quantile idelta increase irate label_join "
    + "label_replace last_over_time ln log10 log2 max max_over_time min min_over_time predict_linear present_over_time "
    + "quantile quantile_over_time rate resets round scalar sgn sort sort_desc sqrt stddev stddev_over_time sum "
    + "sum_over_time time timestamp topk vector").split(" ");
const listLimit = 12;
const wordBefore = /[A-Za-z_:][A-Za-z0-9_:]*$/;
// Inside braces outside a quoted value, or in the list after by, without, on, ignoring.
const labelPlace = /(\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*|\b(?:by|without|on|ignoring)\s*\([^()]*)$/;
const insideQuotes = /^[^"]*(?:"(?:[^"\\]|\\.)*"[^"]*)*"(?:[^"\\]|\\.)*$/;

/** The word that ends at `caret` and what it may become: `{start, options: [{text, kind}]}`. */
export function suggest(text, caret, metrics, labels) {
    const before = text.slice(0, caret);
    const start = before.search(wordBefore);
    if (start < 0 || insideQuotes.test(before)) return { start: caret, options: [] };
    const word = before.slice(start).toLowerCase();
    const named = (kind) => (name) => ({ text: name, kind });
    const offered = labelPlace.test(before.slice(0, start))
        ? labels.map(named("label"))
        : [...metrics.map(named("metric")), ...functions.map(named("function"))];
    const rank = ({ text: name }) => (name.toLowerCase().startsWith(word) ? 0 : 1);
    const options = offered.filter(({ text: name }) => name.toLowerCase().includes(word) && name.toLowerCase() !== word)
        .sort((a, b) => rank(a) - rank(b)).slice(0, listLimit);
    return { start, options };
}

/**
 * Gives `input` a list of suggestions in `list`.
 * @param names `() => {metrics, labels}`
 * @param onSubmit called when Enter is pressed and no suggestion is chosen
 */
export function attachCompletion(input, list, names, onSubmit) {
    let options = [];
    let start = 0;
    let marked = -1;

    const close = () => {
        options = [];
        marked = -1;
        list.hidden = true;
        input.setAttribute("aria-expanded", "false");
        input.removeAttribute("aria-activedescendant");
    };
    const accept = (option) => {
        const end = input.selectionStart;
        const suffix = option.kind === "function" && input.value[end] !== "(" ? "(" : "";
        input.setRangeText(option.text + suffix, start, end, "end");
        close();
        input.focus();
    };
    const draw = () => {
        replace(list, options.map((option, index) => h("li", {
            role: "option", id: `completion-${index}`, class: index === marked ? "marked" : null,
            "aria-selected": String(index === marked),
            // pointerdown, because the click would come after the field's blur has closed the list.
            on: { pointerdown: (event) => { event.preventDefault(); accept(option); } },
        }, h("span", {}, option.text), h("small", {}, option.kind))));
        list.hidden = options.length === 0;
        input.setAttribute("aria-expanded", String(options.length > 0));
        if (marked >= 0) input.setAttribute("aria-activedescendant", `completion-${marked}`);
        else input.removeAttribute("aria-activedescendant");
    };
    input.addEventListener("input", () => {
        const { metrics, labels } = names();
        ({ start, options } = suggest(input.value, input.selectionStart, metrics, labels));
        marked = -1;
        draw();
    });
    input.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && options.length > 0) {
            close();
        } else if (event.key === "ArrowDown" && options.length > 0) {
            marked = (marked + 1) % options.length;
            draw();
        } else if (event.key === "ArrowUp" && options.length > 0) {
            marked = (marked + options.length - (marked < 0 ? 0 : 1)) % options.length;
            draw();
        } else if (event.key === "Tab" && !event.shiftKey && options.length > 0) {
            accept(options[Math.max(0, marked)]);
        } else if (event.key === "Enter") {
            if (marked >= 0) {
                accept(options[marked]);
            } else {
                close();
                onSubmit();
            }
        } else {
            return;
        }
        event.preventDefault();
    });
    input.addEventListener("blur", close);
}
