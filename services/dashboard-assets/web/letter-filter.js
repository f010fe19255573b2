// Which dead letters are looked at; kept in the address, so that a link shows the same ones.
import { h, replace } from "./dom.js";

const names = ["reason", "protocol", "source", "state"];
const protocols = [
    "contract", "remote_write", "line_protocol", "exposition", "otlp", "statsd", "graphite", "scrape",
];
const typingMilliseconds = 250;
const listeners = new Set();

/** `{reason, protocol, source, state}`, each undefined where anything goes; no state is those that wait. */
export function letterFilter() {
    const parameters = new URLSearchParams(location.search);
    return Object.fromEntries(names.map((name) => [name, parameters.get(name) || undefined]));
}

export function onFilterChange(listener) {
    listeners.add(listener);
}

export function changeFilter(changes) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...letterFilter(), ...changes })) if (value) parameters.set(name, value);
    history.pushState(null, "", parameters.size > 0 ? `?${parameters}` : location.pathname);
    for (const listener of listeners) listener();
}

/** Wires the fields beside the reasons. */
export function startLetterFilter(form) {
    const option = (value, text) => h("option", { value }, text);
    const state = h("select", { "aria-label": "State" },
        option("", "Waiting"), option("replayed", "Replayed"), option("any", "Any state"));
    const protocol = h("select", { "aria-label": "Protocol" }, option("", "Any protocol"),
        protocols.map((name) => option(name, name.replaceAll("_", " "))));
    const source = h("input", {
        type: "search", placeholder: "Source", "aria-label": "Source", spellcheck: "false",
    });
    replace(form, state, protocol, source);
    const read = () => {
        const filter = letterFilter();
        state.value = filter.state ?? "";
        protocol.value = filter.protocol ?? "";
        if (document.activeElement !== source) source.value = filter.source ?? "";
    };
    state.addEventListener("change", () => changeFilter({ state: state.value }));
    protocol.addEventListener("change", () => changeFilter({ protocol: protocol.value }));
    let typing = null;
    source.addEventListener("input", () => {
        clearTimeout(typing);
        typing = setTimeout(() => changeFilter({ source: source.value.trim() }), typingMilliseconds);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("popstate", () => {
        for (const listener of listeners) listener();
    });
    onFilterChange(read);
    read();
}
