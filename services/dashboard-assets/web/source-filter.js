// The choice of one source, or all of them, with a search.
import { api } from "./api.js";
import { h, replace, setText } from "./dom.js";
import { popover } from "./popover.js";
import { Poll } from "./poll.js";
import { change, onChange, state } from "./state.js";

const listLimit = 200;
const secondsBetweenLookups = 15;

/** @param onSources called with the list of sources each time it has been read */
export function startSourceFilter(holder, onSources) {
    const label = h("span", { class: "combo-label" });
    const button = h("button", { type: "button", class: "combo-button", "aria-haspopup": "listbox" },
        h("span", { class: "combo-caption" }, "Source"), label);
    const search = h("input", {
        type: "search", placeholder: "Search sources", "aria-label": "Search sources", role: "combobox",
        "aria-controls": "source-list", "aria-expanded": "true", autocomplete: "off", spellcheck: "false",
    });
    const list = h("ul", { class: "options", role: "listbox", id: "source-list", "aria-label": "Sources" });
    const box = h("div", { class: "popover combo-box" }, search, list);
    replace(holder, button, box);
    let sources = [];
    let marked = 0;

    const choose = (source) => {
        control.close(true);
        change({ source });
    };
    const remark = (text) => (text ? h("li", { class: "options-note" }, text) : null);
    const draw = () => {
        const wanted = search.value.trim().toLowerCase();
        const found = sources.filter((source) => source.toLowerCase().includes(wanted));
        const offered = wanted === "" ? ["", ...found] : found;
        const shown = offered.slice(0, listLimit);
        marked = Math.min(marked, Math.max(0, shown.length - 1));
        replace(list, shown.map((source, index) => h("li", {
            role: "option", id: `source-option-${index}`, "aria-selected": String(source === state.source),
            class: index === marked ? "marked" : null, data: { source },
            on: { click: () => choose(source) },
        }, source || "All sources")),
        remark(shown.length === 0 && (sources.length === 0 ? "No source has sent anything yet" : "None like this")),
        remark(offered.length > listLimit && `${offered.length - listLimit} more: type to narrow`));
        search.setAttribute("aria-activedescendant", shown.length > 0 ? `source-option-${marked}` : "");
    };
    const control = popover(button, box, () => {
        search.value = "";
        marked = 0;
        draw();
        search.focus();
    });
    search.addEventListener("input", () => { marked = 0; draw(); });
    search.addEventListener("keydown", (event) => {
        const count = list.querySelectorAll("[role=option]").length;
        if (event.key === "ArrowDown") marked = Math.min(count - 1, marked + 1);
        else if (event.key === "ArrowUp") marked = Math.max(0, marked - 1);
        else if (event.key === "Enter" && count > 0) return choose(list.children[marked].dataset.source);
        else return;
        event.preventDefault();
        draw();
        list.children[marked]?.scrollIntoView({ block: "nearest" });
    });

    const name = () => {
        setText(label, state.source || "All sources");
        button.classList.toggle("is-set", state.source !== "");
        button.title = state.source ? `Only ${state.source}` : "Every source";
    };
    onChange(name);
    name();
    return new Poll(secondsBetweenLookups, async (signal) => {
        try {
            sources = (await api.labelValues("source_id", signal)) ?? [];
        } catch (error) {
            // The list read before stays; the other cards say what is wrong.
            if (error.isCancelled) throw error;
            return;
        }
        onSources(sources);
        if (!box.hidden) draw();
    });
}
