// One point in time, pointed at on one chart or in a list and shown on every chart.

const listeners = new Set();

/** Calls `listener(ms, origin)`; `ms` is null when nothing is pointed at. */
export function onHover(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

/** Points at `ms`; `origin` is whoever says so, and knows its own place better. */
export function hover(ms, origin) {
    for (const listener of listeners) listener(ms, origin);
}
