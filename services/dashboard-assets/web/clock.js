// The server's time: ranges end at its now, whatever the browser's clock says.

let skew = 0;

/** The server's time in milliseconds, as far as this page knows it. */
export function now() {
    return Date.now() + skew;
}

/** Takes the time of a message that has just arrived. Small differences are the network's and are ignored. */
export function observe(serverMs) {
    if (!Number.isFinite(serverMs)) return;
    const difference = serverMs - Date.now();
    if (Math.abs(difference - skew) > 1500) skew = difference;
}
