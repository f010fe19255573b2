// The page of dead letters: reasons with their counts, the letters of one, and what can be done with them.
import { api } from "./api.js";
import { BulkActions } from "./bulk-actions.js";
import { now } from "./clock.js";
import { h, note, replace, setText } from "./dom.js";
import { formatCount, formatInstant, formatWhen } from "./format.js";
import { LetterDetail } from "./letter-detail.js";
import { letterFilter, onFilterChange, changeFilter, startLetterFilter } from "./letter-filter.js";
import { Poll } from "./poll.js";
import { startTheme } from "./theme.js";

const pageSize = 50;
const secondsBetween = 5;
const element = (id) => document.getElementById(id);

/** In words: `wrong_type` becomes `wrong type`. */
const words = (name) => name.replaceAll("_", " ");

function summary(data) {
    const figure = (name, title, kind) => h("span", { class: kind, title }, h("b", {}, formatCount(data[name])), name);
    return [
        h("span", { title: "Records that were refused when they came, ever" }, h("b", {}, formatCount(data.total)), "refused"),
        h("i", {}, "="),
        figure("waiting", "Can be mended, replayed or discarded", data.waiting > 0 ? "is-waiting" : null), h("i", {}, "+"),
        figure("replayed", "Taken when they were replayed, and received once more then"), h("i", {}, "+"),
        figure("discarded", "Deleted by somebody"), h("i", {}, "+"),
        figure("expired", "Deleted for their age or for want of room"),
    ];
}

/** Keeps the lists as the server has them, and the choice in one place. */
class LetterPage {
    #letters = [];
    #before = null;
    #pages = 1;
    #drawn = "";
    #detail = new LetterDetail(element("letter"), { onChange: () => this.poll.now() });
    #bulk = new BulkActions(element("bulk"), element("bulk-progress"), { onChange: () => this.poll.now() });
    poll = new Poll(secondsBetween, (signal) => this.#load(signal));

    start() {
        startTheme(element("theme-toggle"));
        startLetterFilter(element("letter-filter"));
        onFilterChange(() => {
            this.#pages = 1;
            this.poll.now();
        });
        this.#detail.show(null);
        this.poll.now();
    }

    async #load(signal) {
        const notice = element("notice");
        try {
            const filter = letterFilter();
            const [all, chosen] = await Promise.all([
                api.deadLetters({ ...filter, reason: undefined, limit: 1 }, signal),
                api.deadLetters({ ...filter, limit: pageSize }, signal),
            ]);
            let letters = chosen.dead_letters;
            let before = chosen.before;
            for (let page = 1; page < this.#pages && before; page += 1) {
                const next = await api.deadLetters({ ...filter, limit: pageSize, before }, signal);
                letters = letters.concat(next.dead_letters);
                before = next.before;
            }
            notice.hidden = true;
            const picture = JSON.stringify([all, chosen.matching, letters, filter]);
            if (picture === this.#drawn) return;
            this.#drawn = picture;
            this.#letters = letters;
            this.#before = letters.length < chosen.matching ? before : null;
            replace(element("summary"), summary(all));
            this.#drawReasons(all.matching_by_reason);
            this.#bulk.show(filter, chosen.matching);
            this.#drawLetters();
        } catch (error) {
            if (error.isCancelled) throw error;
            this.#drawn = "";
            notice.hidden = false;
            setText(notice, `Dead letters cannot be read: ${error.message}. Trying again.`);
        }
    }

    #drawReasons(counts) {
        const { reason: chosen } = letterFilter();
        const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
        if (chosen && !(chosen in counts)) entries.push([chosen, 0]);
        const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
        const button = (reason, label, count) => h("button", {
            type: "button", class: "reason", "aria-pressed": String((chosen ?? "") === reason), data: { reason },
            on: { click: () => changeFilter({ reason: reason || undefined }) },
        }, h("span", {}, label), h("span", {}, formatCount(count)));
        setText(element("reasons-count"), entries.length > 0 ? String(entries.length) : "");
        replace(element("reasons"), button("", "Any reason", total),
            entries.map(([reason, count]) => button(reason, words(reason), count)));
    }

    #drawLetters() {
        const holder = element("letters");
        if (this.#letters.length === 0) {
            const isFiltered = Object.values(letterFilter()).some((value) => value);
            replace(holder, isFiltered
                ? note("empty", "No letter matches", "Choose another reason, or widen the filter.")
                : note("good", "No dead letters", "Every record that has come was taken."));
            return;
        }
        replace(holder, h("div", {}, this.#letters.map((letter) => this.#row(letter))),
            this.#before
                ? h("div", { class: "letter-more" }, h("button", {
                    type: "button", class: "button",
                    on: {
                        click: () => {
                            this.#pages += 1;
                            this.poll.now();
                        },
                    },
                }, "Show more"))
                : null);
    }

    #row(letter) {
        return h("button", {
            type: "button", class: "letter-row", data: { id: letter.id },
            "aria-current": String(this.#detail.id === letter.id),
            on: {
                click: () => {
                    this.#detail.show(letter.id);
                    this.#drawLetters();
                    if (matchMedia("(max-width: 1180px)").matches) element("letter").scrollIntoView({ block: "start" });
                },
            },
        },
        h("span", { class: "letter-line" },
            h("span", { class: "letter-reason" }, words(letter.reason)),
            letter.field ? h("code", {}, letter.field) : null,
            h("time", { datetime: letter.received_at, title: formatInstant(letter.received_at_ms) },
                formatWhen(letter.received_at_ms, now()))),
        h("span", { class: "letter-line" },
            h("span", { class: "label" }, words(letter.protocol)),
            letter.source_id ? h("span", { class: "label" }, letter.source_id) : null,
            letter.edited ? h("span", { class: "label" }, "edited") : null,
            letter.attempts > 0 ? h("span", { class: "label" }, `tried ${letter.attempts}×`) : null),
        h("span", { class: "letter-message" }, letter.message));
    }
}

new LetterPage().start();
