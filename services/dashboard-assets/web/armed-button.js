// A button for what cannot be undone: the first click asks, the second does it.
import { h, setText } from "./dom.js";

const patienceMilliseconds = 4000;

/** `question` is what the button says between the two clicks. */
export function armedButton(text, question, action) {
    let timer = null;
    const button = h("button", { type: "button", class: "button danger" }, text);
    const disarm = () => {
        clearTimeout(timer);
        timer = null;
        button.classList.remove("is-armed");
        setText(button, text);
    };
    button.addEventListener("click", () => {
        if (timer !== null) {
            disarm();
            action();
            return;
        }
        button.classList.add("is-armed");
        setText(button, question);
        timer = setTimeout(disarm, patienceMilliseconds);
    });
    button.addEventListener("blur", disarm);
    return button;
}
