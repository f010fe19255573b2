// Expressions of the dashboard's definition, completed with what the reader has chosen.

function quoted(text) {
    return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function duration(seconds) {
    return seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** The width of a rate's window in seconds: wide enough for a few samples, and no narrower than the step. */
export function rateWindowSeconds(stepMs) {
    return Math.max(60, Math.ceil((stepMs / 1000) * 2));
}

/** Fills in `$source` (a matcher, or nothing), `$window` (a rate's width) and `$seconds` (the same as a number). */
export function expand(expression, { source, stepMs }) {
    return expression
        .replaceAll("$source", () => (source ? `source_id=${quoted(source)}` : ""))
        .replaceAll("$seconds", String(rateWindowSeconds(stepMs)))
        .replaceAll("$window", () => duration(rateWindowSeconds(stepMs)));
}

/** The name of a series in a legend: the template `{{label}}`, or its labels where there is no template. */
export function seriesName(template, labels) {
    if (template) {
        return template.replace(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g, (_, label) => labels[label] || "(none)");
    }
    const { __name__: name = "", ...others } = labels;
    const pairs = Object.keys(others).sort().map((label) => `${label}=${quoted(others[label])}`);
    return pairs.length > 0 ? `${name}{${pairs.join(", ")}}` : name || "value";
}

/** A sample value as the API writes it ("NaN", "+Inf", "1.5"). */
export function sampleValue(text) {
    if (text === "+Inf") return Infinity;
    if (text === "-Inf") return -Infinity;
    return Number(text);
}
