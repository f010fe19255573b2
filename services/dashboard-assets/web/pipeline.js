// The stages between log and store and what each did; nothing is shown without a pipeline.
import { api } from "./api.js";
import { h, replace, setText } from "./dom.js";
import { formatCount } from "./format.js";
import { Poll } from "./poll.js";

const secondsBetween = 5;
const outcomes = [
    ["dropped", "dropped", "Left out"],
    ["refused", "refused", "Kept as dead letters"],
    ["changed", "changed", "Given another value or time"],
    ["aggregated", "aggregated", "Counted in under fewer labels"],
    ["late", "late", "Not counted in: too late, or too far ahead"],
    ["not_aggregated", "over bound", "Not counted in: too many samples wait; stored as they are"],
];

function row(stage) {
    const figure = (value) => h("td", { class: "number" }, h("span", { class: value > 0 ? "" : "faint" }, formatCount(value)));
    return h("tr", {},
        h("th", { scope: "row" }, stage.name),
        h("td", {}, h("span", { class: "label" }, stage.kind.replaceAll("_", " "))),
        outcomes.map(([name]) => figure(stage.records[name])),
        figure(stage.series.dropped), figure(stage.series.relabelled));
}

function table(stages) {
    const heading = (text, title, className) => h("th", { scope: "col", title, class: className }, h("span", {}, text));
    return h("table", {},
        h("thead", {}, h("tr", {},
            heading("Stage", "In the order in which records go through them"), heading("Kind", "What it does"),
            outcomes.map(([, text, title]) => heading(text, `Records: ${title}`, "number")),
            heading("series dropped", "Series of which nothing passes", "number"),
            heading("series relabelled", "Series whose labels it changed", "number"))),
        h("tbody", {}, stages.map(row)));
}

export function startPipeline(card, holder, caption) {
    let drawn = "";
    return new Poll(secondsBetween, async (signal) => {
        let pipeline;
        try {
            pipeline = await api.pipeline(signal);
        } catch (error) {
            if (error.isCancelled) throw error;
            return;
        }
        card.hidden = pipeline.stages.length === 0;
        const picture = JSON.stringify(pipeline);
        if (picture === drawn) return;
        drawn = picture;
        const open = pipeline.open_samples > 0 ? ` · ${formatCount(pipeline.open_samples)} in open windows` : "";
        setText(caption, `${pipeline.file} · ${formatCount(pipeline.records)} records since the start${open}`);
        replace(holder, table(pipeline.stages));
    });
}
