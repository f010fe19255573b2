// Building the page's elements without inline markup: text stays text, whatever a label value contains.

function present(children) {
    return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === undefined || value === null || value === false) continue;
        if (name === "on") {
            for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
        } else if (name === "css") {
            for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
        } else if (name === "data") {
            for (const [key, datum] of Object.entries(value)) element.dataset[key] = datum;
        } else {
            element.setAttribute(name, value === true ? "" : String(value));
        }
    }
    element.append(...present(children));
    return element;
}

/**
 * An HTML element. `attributes` may hold `on` (event handlers), `css` (custom properties) and `data` (dataset);
 * children are elements or strings, and null ones are left out.
 */
export function h(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

h.svg = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** Replaces what is in `parent`. */
export function replace(parent, ...children) {
    parent.replaceChildren(...present(children));
}

/** A message inside a card: what is so, and what to do about it. */
export function note(kind, title, detail) {
    return h("div", { class: `note note-${kind}`, role: kind === "error" ? "alert" : "status" },
        h("strong", {}, title),
        detail ? h("span", {}, detail) : null);
}

/** Sets text only when it differs, so that a screen reader and the layout are left alone otherwise. */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
