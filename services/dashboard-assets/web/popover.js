// A box that opens under a button and closes on Escape, on a click elsewhere and when focus leaves.

/** Returns `{open, close}`; `onOpen` runs when the box has been shown. */
export function popover(button, box, onOpen = () => {}) {
    const holder = button.parentElement;
    const close = (returnsFocus) => {
        if (box.hidden) return;
        box.hidden = true;
        button.setAttribute("aria-expanded", "false");
        if (returnsFocus) button.focus();
    };
    const open = () => {
        box.hidden = false;
        button.setAttribute("aria-expanded", "true");
        onOpen();
    };
    box.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (box.hidden ? open() : close(false)));
    holder.addEventListener("keydown", (event) => {
        if (event.key === "Escape") close(true);
    });
    holder.addEventListener("focusout", (event) => {
        if (event.relatedTarget !== null && !holder.contains(event.relatedTarget)) close(false);
    });
    document.addEventListener("pointerdown", (event) => {
        if (!holder.contains(event.target)) close(false);
    });
    return { open, close };
}
