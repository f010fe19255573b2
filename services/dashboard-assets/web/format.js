// Numbers, units and times as the page writes them. A missing value is always an en dash.

export const missing = "–";

function significant(value, digits) {
    if (value === 0) return "0";
    const text = Number(value.toPrecision(digits));
    return Math.abs(text) >= 1e-4 ? String(text) : value.toExponential(1);
}

function scaled(value, digits = 3) {
    const size = Math.abs(value);
    for (const [factor, suffix] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
        if (size >= factor * 0.9995) return significant(value / factor, digits) + suffix;
    }
    return significant(value, digits);
}

function bytes(value) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let index = 0;
    let size = value;
    while (Math.abs(size) >= 1024 && index < units.length - 1) {
        size /= 1024;
        index += 1;
    }
    return `${significant(size, 3)} ${units[index]}`;
}

function milliseconds(value) {
    const size = Math.abs(value);
    if (size >= 120_000) return `${significant(value / 60_000, 3)} min`;
    if (size >= 1000) return `${significant(value / 1000, 3)} s`;
    if (size > 0 && size < 1) return `${significant(value * 1000, 3)} µs`;
    return `${significant(value, 3)} ms`;
}

/** Near 100 % the distance to 100 is what counts, so 99.98 must not become 100. */
function percent(value) {
    const size = Math.abs(value);
    if (value > 99 && value < 100) return `${Math.floor(value * 1000) / 1000} %`;
    if (size >= 0.1) return `${Number(value.toFixed(size < 10 ? 2 : 1))} %`;
    return `${significant(value, 2)} %`;
}

/**
 * `value` with its unit: `ratio` (0 to 1), `percent` (0 to 100), `ms`, `seconds`, `per_second`, `bytes`,
 * anything else as a plain number with k, M, G, T.
 */
export function formatValue(value, unit) {
    if (value === null || value === undefined || Number.isNaN(value)) return missing;
    if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "−Inf";
    switch (unit) {
    case "ratio": return percent(value * 100);
    case "percent": return percent(value);
    case "ms": return milliseconds(value);
    case "seconds": return milliseconds(value * 1000);
    case "per_second": return `${scaled(value)}/s`;
    case "bytes": return bytes(value);
    default: return Number.isInteger(value) && Math.abs(value) < 10_000 ? String(value) : scaled(value);
    }
}

/** A whole number with thousands separated. */
export function formatCount(value) {
    return typeof value === "number" && Number.isFinite(value) ? value.toLocaleString("en-US") : missing;
}

const pad = (number) => String(number).padStart(2, "0");

/** `14:03:07`, local time. */
export function formatClock(ms) {
    const date = new Date(ms);
    return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `2026-05-04 14:03:07`, local time. */
export function formatInstant(ms) {
    const date = new Date(ms);
    return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${formatClock(ms)}`;
}

/** `14:03:07` for today, `4 May 14:03` before that. */
export function formatWhen(ms, now) {
    const date = new Date(ms);
    if (date.toDateString() === new Date(now).toDateString()) return formatClock(ms);
    const month = date.toLocaleString("en-GB", { month: "short" });
    return `${date.getDate()} ${month} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** `42 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function formatSpan(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    const days = Math.floor(hours / 24);
    return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** What a datetime-local field takes and gives: local time without a zone, to the second. */
export function toLocalField(ms) {
    return formatInstant(ms).replace(" ", "T");
}

/** Milliseconds of a datetime-local field, or null where it holds no time. */
export function fromLocalField(text) {
    const ms = new Date(text).getTime();
    return Number.isFinite(ms) ? ms : null;
}
