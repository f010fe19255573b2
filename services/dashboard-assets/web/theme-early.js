// Runs before the first paint, so that a dark page never flashes white.
(function () {
    let kept = null;
    try {
        kept = localStorage.getItem("heliograph.theme");
    } catch {
        // Storage may be forbidden; the system's preference still applies.
    }
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    document.documentElement.dataset.theme = kept === "dark" || kept === "light" ? kept : system;
})();
