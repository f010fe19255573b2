// Puts the page together and decides when what is read again.
import { api } from "./api.js";
import { startAlerts } from "./alerts.js";
import { setText } from "./dom.js";
import { startEvents } from "./events.js";
import { Explore } from "./explore.js";
import { startHealth } from "./health.js";
import { startKPIs } from "./kpi-table.js";
import { startLive } from "./live.js";
import { Panel } from "./panel.js";
import { startPipeline } from "./pipeline.js";
import { startReceivers } from "./receivers.js";
import { startSignIn } from "./sign-in.js";
import { startRangePicker } from "./range-picker.js";
import { startSourceFilter } from "./source-filter.js";
import { startTargets } from "./targets.js";
import { isLive, onChange, resolve, state } from "./state.js";
import { startTheme } from "./theme.js";
import { Tiles } from "./tiles.js";
import { startWelcome } from "./welcome.js";

/** Charts are brought up to date at most this often, and this often even when nothing has come in. */
const shortestRefreshMilliseconds = 2000;
const longestRefreshMilliseconds = 15_000;
/** Once in so many refreshes everything is loaded anew, because late data may have changed older points. */
const refreshesBetweenLoads = 60;

const element = (id) => document.getElementById(id);
const charts = {};
const panels = new Map();
let marks = [];
let tiles = null;

/** For tests and the curious: what is on the page. */
globalThis.heliograph = { charts, state, refreshes: 0, loads: 0 };

function addPanel(panel) {
    panels.set(panel.definition.id, panel);
    charts[panel.definition.id] = panel.chart;
    panel.chart.setMarks(marks);
}

function removePanel(id) {
    panels.delete(id);
    delete charts[id];
}

async function loadAll() {
    await Promise.all([...[...panels.values()].map((panel) => panel.load()), tiles?.load()]);
    globalThis.heliograph.loads += 1;
}

async function refreshAll() {
    if (globalThis.heliograph.refreshes % refreshesBetweenLoads === refreshesBetweenLoads - 1) await loadAll();
    else await Promise.all([...[...panels.values()].map((panel) => panel.refresh()), tiles?.refresh()]);
    globalThis.heliograph.refreshes += 1;
}

/** Refreshes on ticks that bring new data, on a slow clock otherwise, and never while nobody looks. */
class Pace {
    #offset = null;
    #isDue = true;
    #last = 0;
    #isRunning = false;

    tick(tick) {
        if (tick.applied_offset !== this.#offset) {
            this.#offset = tick.applied_offset;
            this.#isDue = true;
        }
        if (this.#isRunning || document.hidden || !isLive() || state.paused) return;
        const passed = performance.now() - this.#last;
        const shortest = Math.max(shortestRefreshMilliseconds, Math.min(resolve().step, longestRefreshMilliseconds));
        // Ticks come every second give or take; half a second early is on time.
        if (passed + 500 < (this.#isDue ? shortest : Math.max(shortest, longestRefreshMilliseconds))) return;
        this.#run();
    }

    async #run() {
        this.#isRunning = true;
        this.#isDue = false;
        this.#last = performance.now();
        try {
            await refreshAll();
        } finally {
            this.#isRunning = false;
        }
    }
}

async function buildFromDefinition() {
    const definition = await api.dashboard();
    tiles = new Tiles(element("tiles"), definition.tiles);
    for (const panel of definition.panels) {
        const built = new Panel(panel);
        element("panels").append(built.element);
        addPanel(built);
    }
}

async function start() {
    startTheme(element("theme-toggle"));
    startRangePicker(element("range-picker"));
    if (!await startSignIn(element("sign-in"), element("sign-out"))) return;
    const notice = element("notice");
    try {
        await buildFromDefinition();
    } catch (error) {
        notice.hidden = false;
        setText(notice, `The dashboard's definition cannot be read: ${error.message}. Reload the page to try again.`);
        return;
    }
    const loaded = loadAll();
    new Explore(element("explore"), (panel) => {
        removePanel("explore");
        if (panel !== null) addPanel(panel);
    });

    const welcome = startWelcome(element("welcome"));
    const polls = [
        startAlerts(element("alerts"), element("alerts-count")),
        startEvents(element("events-filter"), element("events"), element("events-count"), (found) => {
            marks = found;
            for (const chart of Object.values(charts)) chart.setMarks(marks);
        }),
        startKPIs(element("kpis"), element("kpis-window"), (data) => tiles.setKPIs(data)),
        startPipeline(element("pipeline"), element("pipeline-stages"), element("pipeline-caption")),
        startReceivers(element("receivers-card"), element("receivers"), element("receivers-count")),
        startTargets(element("targets-card"), element("targets"), element("targets-count"), welcome.targets),
        startHealth(element("health")),
        startSourceFilter(element("source-filter"), welcome.sources),
    ];
    for (const poll of polls) poll.now();

    const pace = new Pace();
    let wasEmpty = true;
    startLive(element("live-badge"), (tick) => {
        tiles.tick(tick);
        pace.tick(tick);
        // The first record ever: everything that said "nothing yet" looks again at once.
        if (wasEmpty && tick.received > 0 && !element("welcome").hidden) for (const poll of polls) poll.now();
        wasEmpty = !(tick.received > 0);
    }, () => {
        loadAll();
        for (const poll of polls) poll.now();
    });
    onChange((changed) => {
        if (changed.has("range") || changed.has("source")) loadAll();
    });
    await loaded;
}

start();
