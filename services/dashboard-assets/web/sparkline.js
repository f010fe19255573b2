// A small line without axes, drawn on a canvas at the screen's own resolution.

/** Draws `values` (null: a gap) in `color`, from the lowest to the highest value, with its last point marked. */
export function drawSparkline(canvas, values, color) {
    const scale = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const present = values.filter(Number.isFinite);
    if (present.length < 2) return;
    const lowest = Math.min(...present);
    const highest = Math.max(...present);
    // A flat line runs in the middle rather than along an edge.
    const span = highest - lowest || Math.abs(highest) || 1;
    const floor = highest === lowest ? lowest - span / 2 : lowest;
    const x = (index) => 2 + (index / (values.length - 1)) * (width - 6);
    const y = (value) => height - 3 - ((value - floor) / span) * (height - 6);
    const lines = [];
    let line = null;
    values.forEach((value, index) => {
        if (!Number.isFinite(value)) {
            line = null;
        } else {
            if (line === null) lines.push(line = []);
            line.push([x(index), y(value)]);
        }
    });
    context.lineJoin = "round";
    context.lineWidth = 1.5;
    for (const points of lines) {
        context.beginPath();
        points.forEach(([px, py], index) => (index === 0 ? context.moveTo(px, py) : context.lineTo(px, py)));
        context.strokeStyle = color;
        context.stroke();
        context.lineTo(points.at(-1)[0], height);
        context.lineTo(points[0][0], height);
        context.globalAlpha = 0.1;
        context.fillStyle = color;
        context.fill();
        context.globalAlpha = 1;
    }
    const [px, py] = lines.at(-1).at(-1);
    context.beginPath();
    context.arc(px, py, 2.2, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
}
