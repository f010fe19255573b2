// Light and dark: the system's choice until the reader makes one, which is then remembered.
import { h, replace } from "./dom.js";

const storageKey = "heliograph.theme";
const listeners = new Set();
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function remembered() {
    try {
        return localStorage.getItem(storageKey);
    } catch {
        return null;
    }
}

function apply(theme) {
    document.documentElement.dataset.theme = theme;
    for (const listener of listeners) listener(theme);
}

/** Calls `listener(theme)` after each change; colours read from CSS must be read again then. */
export function onThemeChange(listener) {
    listeners.add(listener);
}

/** The value of a CSS custom property of the current theme, such as `--line`. */
export function cssColor(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function icon(dark) {
    const path = dark
        ? "M12 4V2M12 22v-2M4 12H2M22 12h-2M6.3 6.3 4.9 4.9M19.1 19.1l-1.4-1.4M6.3 17.7l-1.4 1.4M19.1 4.9l-1.4 1.4"
            + "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z"
        : "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z";
    return h.svg("svg", { viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true" },
        h.svg("path", { d: path, class: "icon-line" }));
}

/** Wires the button that switches the theme. */
export function startTheme(button) {
    const draw = (theme) => {
        replace(button, icon(theme === "dark"));
        button.title = theme === "dark" ? "Switch to light" : "Switch to dark";
        button.setAttribute("aria-pressed", String(theme === "dark"));
    };
    draw(document.documentElement.dataset.theme);
    onThemeChange(draw);
    button.addEventListener("click", () => {
        const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
        try {
            localStorage.setItem(storageKey, next);
        } catch {
            // The choice then holds for this page view only.
        }
        apply(next);
    });
    systemIsDark.addEventListener("change", (event) => {
        if (remembered() === null) apply(event.matches ? "dark" : "light");
    });
}
