// One dead letter: what is wrong with it, its payload to be mended, and what can be done.
import { api } from "./api.js";
import { armedButton } from "./armed-button.js";
import { h, note, replace } from "./dom.js";
import { formatInstant } from "./format.js";

const encoder = new TextEncoder();

function bytesOfBase64(text) {
    return Uint8Array.from(atob(text.replace(/\s/g, "")), (character) => character.charCodeAt(0));
}

export class LetterDetail {
    id = null;
    #holder;
    #onChange;

    constructor(holder, { onChange }) {
        this.#holder = holder;
        this.#onChange = onChange;
    }

    /** @param id null for none */
    async show(id) {
        this.id = id;
        if (id === null) {
            replace(this.#holder, note("empty", "No letter chosen", "Choose one to see its payload, mend it and replay it."));
            return;
        }
        try {
            const letter = await api.deadLetter(id);
            if (this.id === id) this.#draw(letter, null);
        } catch (error) {
            if (this.id === id) replace(this.#holder, note("error", `Letter ${id} cannot be read`, error.message));
        }
    }

    #draw(letter, outcome) {
        const isText = letter.payload !== undefined;
        const kept = letter.payload ?? letter.payload_base64;
        const original = letter.original ?? letter.original_base64;
        const area = h("textarea", {
            id: "payload", spellcheck: "false", "aria-label": "Payload", readonly: letter.state !== "waiting",
        });
        area.value = kept;
        const save = h("button", { type: "button", class: "button", disabled: true, id: "save-payload" }, "Save");
        area.addEventListener("input", () => { save.disabled = area.value === kept; });
        const bytes = () => (isText ? encoder.encode(area.value) : bytesOfBase64(area.value));
        const act = (work) => async () => {
            for (const button of this.#holder.querySelectorAll("button")) button.disabled = true;
            let said;
            try {
                said = await work();
            } catch (error) {
                const isBase64 = error.name === "InvalidCharacterError";
                said = { isGood: false, text: isBase64 ? "The payload is not base64." : error.message };
            }
            this.#onChange();
            await this.#redraw(letter, area.value, said);
        };
        save.addEventListener("click", act(async () => {
            await api.editDeadLetter(letter.id, bytes());
            return { isGood: true, text: "Saved." };
        }));
        const replay = h("button", { type: "button", class: "button primary", id: "replay-one" }, "Replay");
        replay.addEventListener("click", act(async () => {
            const result = await api.replayDeadLetter(letter.id, area.value === kept ? null : bytes());
            if (result.outcome === "replayed") {
                const rest = result.rejected > 0 ? ` ${result.rejected} were refused and are letters of their own.` : "";
                return { isGood: true, text: `Replayed: ${result.accepted} taken.${rest}` };
            }
            return { isGood: false, text: result.outcome === "refused" ? "Refused again." : `Not replayed: ${result.message}.` };
        }));
        const discard = armedButton("Discard", "Really discard?", act(async () => {
            await api.discardDeadLetter(letter.id);
            return { isGood: true, text: `Letter ${letter.id} was discarded.` };
        }));
        const facts = [
            ["Reason", `${letter.reason.replaceAll("_", " ")}${letter.field ? ` (${letter.field})` : ""}`],
            ["What is wrong", letter.message], ["Received", formatInstant(letter.received_at_ms)],
            ["Protocol", letter.protocol.replaceAll("_", " ")], ["Source", letter.source_id ?? "–"],
            letter.parameters ? ["Read with", letter.parameters] : null,
            letter.first_reason === letter.reason ? null : ["Refused first for", letter.first_reason.replaceAll("_", " ")],
            letter.changed_at ? ["Changed", formatInstant(Date.parse(letter.changed_at))] : null,
        ].filter(Boolean);
        replace(this.#holder,
            h("header", { class: "card-head" }, h("h2", {}, `Letter ${letter.id}`), h("span", { class: "count" },
                letter.attempts > 0 ? `${letter.state}, tried ${letter.attempts}×` : letter.state)),
            h("dl", { class: "letter-facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
            h("div", { class: "letter-payload" }, area,
                isText ? null : h("span", { class: "hint" }, "These bytes are no text; they are shown, and taken, in base64."),
                original === undefined ? null : h("details", {}, h("summary", {}, "As it came"),
                    h("pre", { class: "letter-original" }, original))),
            letter.state === "waiting" ? h("div", { class: "letter-actions" }, replay, save, discard) : null,
            outcome ? h("p", {
                class: `letter-outcome ${outcome.isGood ? "is-good" : "is-bad"}`, role: "status",
            }, outcome.text) : null);
        return area;
    }

    /** As the server has it now; what was typed stays. */
    async #redraw(before, typed, outcome) {
        if (this.id !== before.id) return;
        let letter;
        try {
            letter = await api.deadLetter(before.id);
        } catch (error) {
            if (error.status === 404) this.id = null;
            replace(this.#holder, error.status === 404
                ? note(outcome.isGood ? "good" : "error", outcome.text, "")
                : note("error", `Letter ${before.id} cannot be read`, error.message));
            return;
        }
        if (this.id !== before.id) return;
        const area = this.#draw(letter, outcome);
        if (letter.state === "waiting" && area.value !== typed) {
            area.value = typed;
            area.dispatchEvent(new Event("input"));
        }
    }
}
