// Work that is repeated while somebody looks.

/**
 * Runs `task(signal)` now and then every `seconds`, one run at a time and only while the page is visible.
 * `now()` gives up the run under way and starts another.
 */
export class Poll {
    #seconds;
    #task;
    #controller = null;
    #timer = null;

    constructor(seconds, task) {
        this.#seconds = seconds;
        this.#task = task;
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden && this.#controller === null) this.now();
        });
    }

    now() {
        clearTimeout(this.#timer);
        this.#controller?.abort();
        this.#run();
        return this;
    }

    async #run() {
        const controller = new AbortController();
        this.#controller = controller;
        try {
            await this.#task(controller.signal);
        } catch (error) {
            if (!error.isCancelled) throw error;
        } finally {
            // A later run has taken over when the controller is another one.
            if (this.#controller === controller) {
                this.#controller = null;
                clearTimeout(this.#timer);
                this.#timer = setTimeout(() => { if (!document.hidden) this.now(); }, this.#seconds * 1000);
            }
        }
    }
}
