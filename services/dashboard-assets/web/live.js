// The live stream: one tick a second from the server, and what the badge in the header says of it.
import { observe } from "./clock.js";
import { setText } from "./dom.js";
import { change, isLive, onChange, presets, state } from "./state.js";

const words = {
    connecting: ["Connecting", "Waiting for the live stream"],
    live: ["Live", "New data appears by itself. Click to pause."],
    paused: ["Paused", "The charts stand still. Click to go on."],
    history: ["History", "The range lies in the past. Click to return to now."],
    disconnected: ["Disconnected", "The live stream is broken; trying again. What you see may be old."],
};
const silenceMilliseconds = 6000;
const retryMilliseconds = 3000;

/** Starts the stream; `onTick` gets each tick's data, `onReturn` is called when the stream is back after a break. */
export function startLive(badge, onTick, onReturn) {
    let connection = "connecting";
    let wasBroken = false;
    let source = null;
    let silence = null;

    const draw = () => {
        const shown = connection !== "live" ? connection : !isLive() ? "history" : state.paused ? "paused" : "live";
        if (badge.dataset.state === shown && badge.textContent !== "") return;
        badge.dataset.state = shown;
        setText(badge, words[shown][0]);
        badge.title = words[shown][1];
    };
    const become = (next) => {
        if (next === "disconnected") wasBroken = true;
        const isBack = next === "live" && wasBroken;
        connection = next;
        draw();
        if (isBack) {
            wasBroken = false;
            onReturn();
        }
    };
    const open = () => {
        source = new EventSource("/api/v1/stream");
        source.addEventListener("tick", (event) => {
            let tick;
            try {
                tick = JSON.parse(event.data);
            } catch {
                return;
            }
            clearTimeout(silence);
            silence = setTimeout(() => become("disconnected"), silenceMilliseconds);
            observe(tick.time);
            become("live");
            onTick(tick);
        });
        source.addEventListener("error", () => {
            become("disconnected");
            // The browser tries again by itself unless it has given up on the answer it got.
            if (source.readyState === EventSource.CLOSED) setTimeout(open, retryMilliseconds);
        });
    };
    badge.addEventListener("click", () => {
        if (!isLive()) {
            const [label, seconds] = presets[1];
            change({ range: { label, seconds }, paused: false });
        } else if (connection === "live") {
            change({ paused: !state.paused });
        }
    });
    onChange(draw);
    draw();
    open();
    // A page that is left must not keep its connection: a browser allows only six to one server.
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
