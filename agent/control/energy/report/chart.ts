/** Bars of a month as SVG, for paper: black on white also where there is no colour. Pure. */

export interface Bars {
  readonly title: string;
  readonly unit: string;
  readonly labels: readonly string[];
  /** By label; null: not known, and shown as such. */
  readonly values: readonly (number | null)[];
  /** A line across, with its words. */
  readonly line?: { readonly value: number; readonly label: string };
  /** Highest value of the axis; default: what there is. */
  readonly top?: number;
  readonly digits?: number;
}

const WIDTH = 720;
const HEIGHT = 170;
const LEFT = 56;
const BOTTOM = 22;
const TOP = 12;

export function bars({ title, unit, labels, values, line, top, digits = 0 }: Bars): string {
  const known = values.flatMap((value) => value ?? []);
  const lowest = Math.min(0, ...known);
  const most = top ?? (Math.max(line?.value ?? 0, ...known, 0) || 1);
  const step = niceStep(most - lowest);
  const low = step * Math.floor(lowest / step);
  const high = top ?? step * Math.ceil(most / step);
  const y = (value: number): number => TOP + ((high - value) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const slot = (WIDTH - LEFT) / Math.max(1, values.length);
  const every = Math.ceil(labels.length / 16);
  const parts = values.map((value, i) => {
    const x = LEFT + i * slot + slot * 0.15;
    if (value === null) {
      return `<text x="${(x + slot * 0.35).toFixed(1)}" y="${(y(0) - 3).toFixed(1)}" class="none">?</text>`;
    }
    const [a, b] = [y(Math.max(0, value)), y(Math.min(0, value))];
    return `<rect x="${x.toFixed(1)}" y="${a.toFixed(1)}" width="${(slot * 0.7).toFixed(1)}" height="${Math.max(0.5, b - a).toFixed(1)}"><title>${escaped(labels[i] ?? '')}: ${value.toFixed(digits)} ${escaped(unit)}</title></rect>`;
  });
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const ticks = Array.from({ length: Math.floor((high - low) / step + 1.001) }, (_, i) => {
    const value = low + i * step;
    return `<text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" class="tick">${value.toFixed(decimals)}</text><line x1="${LEFT}" x2="${WIDTH}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" class="grid"/>`;
  });
  const names = labels.map((label, i) =>
    i % every === 0
      ? `<text x="${(LEFT + (i + 0.5) * slot).toFixed(1)}" y="${HEIGHT - 6}" class="label">${escaped(label)}</text>`
      : '',
  );
  const across =
    line === undefined
      ? ''
      : `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(line.value).toFixed(1)}" y2="${y(line.value).toFixed(1)}" class="across"/><text x="${WIDTH - 2}" y="${(y(line.value) - 4).toFixed(1)}" class="words">${escaped(line.label)}</text>`;
  return `<figure><figcaption>${escaped(title)} (${escaped(unit)})</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${ticks.join('')}${parts.join('')}${across}${names.join('')}</svg></figure>`;
}

/** A step of 1, 2 or 5 times a power of ten that gives an axis of this span three to six lines. */
export function niceStep(span: number): number {
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((one) => one * power >= rough * 0.999) ?? 10;
  return step * power;
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
