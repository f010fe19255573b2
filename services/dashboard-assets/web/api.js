// The only place that talks to the server.

/** A request that did not succeed: `status` is the HTTP status, or 0 where the server was not reached. */
export class ApiError extends Error {
    constructor(status, kind, message) {
        super(message);
        this.status = status;
        this.kind = kind;
    }

    /** The request was given up on purpose; nobody needs to be told. */
    get isCancelled() {
        return this.kind === "cancelled";
    }
}

const timeoutMilliseconds = 30_000;

const get = (path, parameters = {}, signal = undefined) => ask("GET", path, parameters, { signal });

async function ask(method, path, parameters = {}, { signal = undefined, body: content = undefined } = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
        if (value !== undefined && value !== null && value !== "") query.set(name, value);
    }
    const address = query.size > 0 ? `${path}?${query}` : path;
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    let response;
    let body;
    try {
        response = await fetch(address, {
            method, body: content, signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        });
        body = await response.json();
    } catch (cause) {
        if (signal?.aborted) throw new ApiError(0, "cancelled", "cancelled");
        if (timeout.aborted) throw new ApiError(0, "timeout", `no answer within ${timeoutMilliseconds / 1000} s`);
        if (response) {
            throw new ApiError(response.status, "format", `HTTP ${response.status} without JSON from ${path}`);
        }
        throw new ApiError(0, "network", "the server cannot be reached");
    }
    if (response.status === 401 && path !== "/session") {
        document.dispatchEvent(new CustomEvent("heliograph:token-needed"));
    }
    if (!response.ok || body.status === "error") {
        const said = body.error ?? body.message ?? `HTTP ${response.status}`;
        const text = typeof said === "string" ? said : JSON.stringify(said);
        throw new ApiError(response.status, body.errorType ?? "http", text);
    }
    return body;
}

const data = async (path, parameters, signal) => (await get(path, parameters, signal)).data;
const letters = "/api/v1/dead-letters";
const iso = (ms) => new Date(ms).toISOString();

export const api = {
    /** Instant query at `ms`; Prometheus' `{resultType, result}`. */
    query: (expression, ms, signal) => data("/api/v1/query", { query: expression, time: ms / 1000 }, signal),

    /** Range query over `[fromMs, throughMs]`, both on the grid, in Prometheus' matrix form, with its warnings. */
    async queryRange(expression, fromMs, throughMs, stepMs, signal) {
        const body = await get("/api/v1/query_range", {
            query: expression, start: fromMs / 1000, end: throughMs / 1000, step: stepMs / 1000,
        }, signal);
        return { series: body.data.result, warnings: [...(body.warnings ?? []), ...(body.infos ?? [])] };
    },

    /** The exemplars of the series that the expression selects, by series. */
    exemplars: (expression, fromMs, throughMs, signal) =>
        data("/api/v1/query_exemplars", { query: expression, start: fromMs / 1000, end: throughMs / 1000 }, signal),

    labelValues: (name, signal) => data(`/api/v1/label/${encodeURIComponent(name)}/values`, {}, signal),
    labelNames: (signal) => data("/api/v1/labels", {}, signal),
    alerts: async (signal) => (await data("/api/v1/alerts", {}, signal)).alerts,
    rules: async (signal) => (await data("/api/v1/rules", {}, signal)).groups,
    kpis: (windowSeconds, source, signal) => data("/api/v1/kpis", { window: `${windowSeconds}s`, source }, signal),
    ledger: (signal) => data("/api/v1/ledger", {}, signal),

    /** Newest first, as `{total, waiting, …, matching, matching_by_reason, dead_letters}`. */
    deadLetters: (parameters, signal) => data(letters, parameters, signal),
    deadLetter: (id, signal) => data(`${letters}/${id}`, {}, signal),
    editDeadLetter: async (id, payload) => (await ask("PUT", `${letters}/${id}`, {}, { body: payload })).data,
    discardDeadLetter: async (id) => (await ask("DELETE", `${letters}/${id}`)).data,
    /** With another payload in place of its own, if there is one. */
    replayDeadLetter: async (id, payload) =>
        (await ask("POST", `${letters}/${id}/replay`, {}, { body: payload ?? undefined })).data,
    /** Some of them; `after` and `through` of the answer say where to go on. */
    replayDeadLetters: async (parameters) => (await ask("POST", `${letters}/replay`, parameters)).data,
    discardDeadLetters: async (parameters) => (await ask("DELETE", letters, parameters)).data,

    pipeline: (signal) => data("/api/v1/pipeline", {}, signal),
    receivers: (signal) => data("/api/v1/forward", {}, signal),
    targets: (signal) => data("/api/v1/targets", { state: "active" }, signal),
    buildInfo: (signal) => data("/api/v1/status/buildinfo", {}, signal),

    /** Operational events of `[fromMs, throughMs]`, newest first. */
    events: ({ fromMs, throughMs, source, severity, text, limit }, signal) => data("/api/v1/events", {
        from: iso(fromMs), to: iso(throughMs), source, severity, q: text, limit,
    }, signal),

    /** Whether a token is needed, and whether this browser has shown one. */
    session: () => data("/session"),
    signIn: (token) => ask("POST", "/session", {}, { body: new URLSearchParams({ token }) }),
    signOut: () => ask("DELETE", "/session"),

    /** What the page itself is made of. */
    dashboard: (signal) => get("/dashboards/fleet.json", {}, signal),
};
