// What a Heliograph that has received nothing yet shows first: how to send something.
import { h, replace, setText } from "./dom.js";

function command() {
    const record = {
        source_id: "host-001", metric_name: "cpu_usage", metric_value: 42.5, severity: "info",
        tags: { region: "eu-west", service: "api", env: "prod" }, message: "hello from the first source",
    };
    return [
        `curl -sS ${location.origin}/api/v1/telemetry`, "  -H 'Content-Type: application/json'",
        `  -d '${JSON.stringify(record)}'`,
    ].join(" \\\n");
}

/** Returns two functions, which take the known sources and the number of targets, and show or hide the card. */
export function startWelcome(card) {
    const text = command();
    const copy = h("button", { type: "button", class: "button" }, "Copy");
    copy.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(text);
            setText(copy, "Copied");
        } catch {
            // The clipboard is closed to pages served over plain HTTP from another host; the text can be selected.
            getSelection().selectAllChildren(card.querySelector("code"));
            setText(copy, "Selected");
        }
    });
    replace(card,
        h("h2", { id: "welcome-title" }, "No telemetry yet"),
        h("p", {}, "Heliograph is running and waits for its first event. Send one from a shell:"),
        h("div", { class: "snippet" }, h("pre", {}, h("code", {}, text)), copy),
        h("p", { class: "hint" },
            "It appears here by itself. One request may hold many records, one JSON object on each line."));
    const counts = {};
    const note = (kind, count) => {
        counts[kind] = count;
        // Shown when it is known that there are no sources, not before.
        if (counts.sources !== undefined) card.hidden = counts.sources > 0 || counts.targets > 0;
    };
    return { sources: (list) => note("sources", list.length), targets: (count) => note("targets", count) };
}
