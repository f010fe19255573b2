// The choice of the time range: the usual lengths, or from and to.
import { h, replace, setText } from "./dom.js";
import { formatInstant, formatWhen, fromLocalField, toLocalField } from "./format.js";
import { popover } from "./popover.js";
import { change, isLive, onChange, presets, resolve, state, zoomOut } from "./state.js";
import { now } from "./clock.js";

export function startRangePicker(holder) {
    const buttons = presets.map(([label, seconds]) => h("button", {
        type: "button", data: { range: label }, title: `The last ${label}, live`,
        on: { click: () => change({ range: { label, seconds }, paused: false }) },
    }, label));
    const custom = h("button", { type: "button", class: "range-custom", "aria-haspopup": "dialog" }, "From–to");
    const from = h("input", { type: "datetime-local", step: "1", required: true, "aria-label": "From" });
    const through = h("input", { type: "datetime-local", step: "1", required: true, "aria-label": "To" });
    const complaint = h("p", { class: "field-error", role: "alert" });
    const form = h("form", { class: "popover range-form" },
        h("label", {}, "From", from), h("label", {}, "To", through),
        h("p", { class: "hint" }, `Times of ${Intl.DateTimeFormat().resolvedOptions().timeZone}`),
        complaint,
        h("button", { type: "submit", class: "button primary" }, "Show this range"));
    const wider = h("button", {
        type: "button", class: "range-out", "aria-label": "Zoom out", title: "Zoom out (double-click a chart)",
        on: { click: zoomOut },
    }, "−");
    const group = h("div", { class: "segmented", role: "group", "aria-label": "Time range" }, buttons);
    const customHolder = h("div", { class: "popover-holder" }, custom, form);
    replace(holder, group, customHolder, wider);

    const box = popover(custom, form, () => {
        const range = resolve();
        from.value = toLocalField(isLive() ? range.from : state.range.from);
        through.value = toLocalField(isLive() ? range.through : state.range.through);
        setText(complaint, "");
        from.focus();
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const [start, end] = [fromLocalField(from.value), fromLocalField(through.value)];
        if (start === null || end === null || start >= end) {
            setText(complaint, "“From” must lie before “To”.");
            return;
        }
        box.close(true);
        change({ range: { from: start, through: end } });
    });

    const draw = () => {
        for (const button of buttons) {
            button.setAttribute("aria-pressed", String(isLive() && button.dataset.range === state.range.label));
        }
        custom.setAttribute("aria-pressed", String(!isLive()));
        if (isLive()) {
            setText(custom, "From–to");
            custom.title = "Choose from and to";
        } else {
            const { from: start, through: end } = state.range;
            const sameDay = new Date(start).toDateString() === new Date(end).toDateString();
            const last = sameDay ? formatInstant(end).slice(11) : formatWhen(end, now());
            setText(custom, `${formatWhen(start, now())} – ${last}`);
            custom.title = `${formatInstant(start)} to ${formatInstant(end)}`;
        }
    };
    onChange(draw);
    draw();
}
