// Writes line charts as SVG text: panels one below the other over one axis of time. Made for the docs: no script, no font
// file, readable on a light and on a dark page.
//   C1  The same data gives the same text: coordinates have one digit after the point.

export interface Series {
  readonly name: string;
  readonly colour: string;
  /** `area` is filled down to zero, `step` keeps a value until the next, `dashed` is a step that is dashed. */
  readonly style: "area" | "line" | "step" | "dashed";
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

export interface Chart {
  readonly title: string;
  /** What one value of a series stands for, in minutes. */
  readonly minutesPerValue: number;
  readonly panels: readonly Panel[];
}

const WIDTH = 760;
const PANEL_HEIGHT = 190;
const LEFT = 44;
const RIGHT = 16;
const TOP = 34;
const GAP = 46;
const PLOT = WIDTH - LEFT - RIGHT;
const TEXT = 'font-family="sans-serif" font-size="12" fill="#444"';

/** The whole file. */
export function svgChart({ title, minutesPerValue, panels }: Chart): string {
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP);
  const parts = panels.map((panel, index) => drawPanel(panel, TOP + index * (PANEL_HEIGHT + GAP), minutesPerValue));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ title, series }: Panel, top: number, minutesPerValue: number): string {
  const bottom = top + PANEL_HEIGHT;
  const count = Math.max(...series.map(({ values }) => values.length));
  const step = niceStep(Math.max(0, ...series.flatMap(({ values }) => values)) / 4);
  const most = Math.max(step, step * Math.ceil(Math.max(0, ...series.flatMap(({ values }) => values)) / step));
  const x = (index: number): number => LEFT + (PLOT * index) / Math.max(1, count - 1);
  const y = (value: number): number => bottom - (PANEL_HEIGHT * value) / most;
  const lines = ticks(most, step).map(
    (value) =>
      `<line x1="${LEFT}" x2="${LEFT + PLOT}" y1="${at(y(value))}" y2="${at(y(value))}" stroke="#ddd"/>` +
      `<text x="${LEFT - 6}" y="${at(y(value) + 4)}" text-anchor="end" ${TEXT}>${value}</text>`,
  );
  const minutes = (count - 1) * minutesPerValue;
  const marks = ticks(minutes, niceStep(minutes / 6)).map(
    (minute) =>
      `<text x="${at(x(minute / minutesPerValue))}" y="${bottom + 16}" text-anchor="middle" ${TEXT}>${minute} min</text>`,
  );
  return [
    `<text x="${LEFT}" y="${top - 12}" font-weight="bold" ${TEXT}>${escape(title)}</text>`,
    ...lines,
    ...marks,
    ...series.map((one) => drawSeries(one, x, y)),
    ...legend(series, top - 12),
  ].join("\n");
}

function drawSeries(
  { style, colour, values }: Series,
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  const isStep = style !== "line";
  const path = values
    .map((value, index) => {
      if (index === 0) return `M${at(x(0))} ${at(y(value))}`;
      if (value === values[index - 1] && index < values.length - 1 && value === values[index + 1]) return "";
      return isStep ? `H${at(x(index))}V${at(y(value))}` : `L${at(x(index))} ${at(y(value))}`;
    })
    .join("");
  if (style === "area") {
    return `<path d="${path}V${at(y(0))}H${at(x(0))}Z" fill="${colour}" fill-opacity="0.25"/>`;
  }
  const dashes = style === "dashed" ? ' stroke-dasharray="5 4"' : "";
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.8"${dashes}/>`;
}

/** Names of the series from the right, in their colours. */
function legend(series: readonly Series[], y: number): string[] {
  let right = LEFT + PLOT;
  return series.toReversed().map(({ name, colour }) => {
    const text = `<text x="${right}" y="${y}" text-anchor="end" font-family="sans-serif" font-size="12" fill="${colour}">${escape(name)}</text>`;
    right -= 7 * name.length + 16;
    return text;
  });
}

function ticks(most: number, step: number): number[] {
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => round(index * step));
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  if (least <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return round(power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10));
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}

/** C1 */
function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
