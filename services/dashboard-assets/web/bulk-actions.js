// Replay and discard of all letters that the filter shows, with progress.
import { api } from "./api.js";
import { armedButton } from "./armed-button.js";
import { h, replace, setText } from "./dom.js";
import { formatCount } from "./format.js";

/** Letters a request: some hundredths of a second of work. */
const portion = 1000;

export class BulkActions {
    #holder;
    #progress;
    #onChange;
    #isRunning = false;
    #drawn = "";

    constructor(holder, progress, { onChange }) {
        this.#holder = holder;
        this.#progress = progress;
        this.#onChange = onChange;
    }

    /** @param count how many letters the filter names */
    show(filter, count) {
        const picture = JSON.stringify([filter, count]);
        if (this.#isRunning || picture === this.#drawn) return;
        this.#drawn = picture;
        if (count === 0 || (filter.state && filter.state !== "waiting")) {
            replace(this.#holder, h("span", { class: "count" }, formatCount(count)));
            return;
        }
        const { reason, protocol, source } = filter;
        const chosen = { reason, protocol, source };
        if (!reason && !protocol && !source) chosen.all = "true";
        const what = reason || protocol || source ? `these ${formatCount(count)}` : `all ${formatCount(count)}`;
        replace(this.#holder,
            h("button", {
                type: "button", class: "button primary", id: "replay-many", on: { click: () => this.#replay(chosen, count) },
            }, `Replay ${what}`),
            armedButton(`Discard ${what}`, `Really discard ${formatCount(count)}?`, () => this.#discard(chosen)));
    }

    async #run(work) {
        this.#isRunning = true;
        for (const button of this.#holder.querySelectorAll("button")) button.disabled = true;
        this.#progress.hidden = false;
        try {
            await work();
        } catch (error) {
            replace(this.#progress, h("span", {}, `It stopped: ${error.message}.`));
        } finally {
            this.#isRunning = false;
            this.#drawn = "";
            this.#onChange();
        }
    }

    #replay(chosen, count) {
        return this.#run(async () => {
            const bar = h("progress", { max: count, value: 0, "aria-label": "Replayed" });
            const text = h("span", {});
            replace(this.#progress, bar, text);
            const sums = { replayed: 0, refused: 0, failed: 0 };
            let place = {};
            while (place !== null) {
                const batch = await api.replayDeadLetters({ ...chosen, limit: portion, ...place });
                for (const name of Object.keys(sums)) sums[name] += batch[name];
                bar.value = count - batch.remaining;
                setText(text, `${formatCount(sums.replayed)} replayed, ${formatCount(sums.refused)} refused again`
                    + (sums.failed > 0 ? `, ${formatCount(sums.failed)} not replayed` : "")
                    + (batch.remaining > 0 ? `, ${formatCount(batch.remaining)} to go` : ""));
                if (batch.stopped) throw new Error(batch.stopped);
                place = batch.after === undefined ? null : { after: batch.after, through: batch.through };
            }
            bar.remove();
        });
    }

    #discard(chosen) {
        return this.#run(async () => {
            const { discarded } = await api.discardDeadLetters(chosen);
            replace(this.#progress, h("span", {}, `${formatCount(discarded)} discarded`));
        });
    }
}
