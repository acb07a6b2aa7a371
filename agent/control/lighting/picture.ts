/** A planned year as an SVG: days from left to right, noon to noon from top to bottom, light as it burns. */
import type { Text } from '../../core/point.ts';
import { type PlannedYear, RASTER } from './year.ts';

const COLUMN = 2;
const ROW = 1.5;
const LEFT = 48;
const TOP = 40;
const HOUR = 3_600_000;
const MONTHS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'];

/** SVG text; colours from night blue (off) to warm white (full light). */
export function yearPicture({ nights, lit, full }: PlannedYear, title: string, words: Text): string {
  const rows = Math.max(...nights.map(({ levels }) => levels.length));
  const width = LEFT + nights.length * COLUMN + 16;
  const height = TOP + rows * ROW + 40;
  const columns = nights
    .map(({ levels }, day) =>
      runs(levels)
        .map((run) => rect(day, run))
        .join(''),
    )
    .join('\n');
  const months = MONTHS.map((month) => {
    const day = nights.findIndex(({ date }) => date.slice(5) === `${month.padStart(2, '0')}-01`);
    const x = LEFT + day * COLUMN;
    return `<text x="${x + 2}" y="${TOP - 6}">${month}</text><path d="M${x} ${TOP}V${TOP + rows * ROW}"/>`;
  }).join('');
  const hours = [0, 6, 12, 18, 24].map((offset) => {
    const y = TOP + ((offset * HOUR) / RASTER) * ROW;
    return `<text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${String((12 + offset) % 24).padStart(2, '0')}:00</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>${xml(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${LEFT}" y="18" font-size="14">${xml(title)}</text>
<rect x="${LEFT}" y="${TOP}" width="${nights.length * COLUMN}" height="${rows * ROW}" fill="#16213a"/>
${columns}
<g stroke="#fff" stroke-opacity=".35" fill="#333"><g stroke="none">${hours.join('')}</g>${months.replaceAll('<text', '<text stroke="none"')}</g>
<text x="${LEFT}" y="${height - 14}">${xml(`${words.en}: ${Math.round(lit)} h, ${Math.round(full)} h`)}</text>
</svg>
`;
}

interface Run {
  readonly from: number;
  readonly length: number;
  readonly level: number;
}

/** Stretches of one level above 0. */
function runs(levels: readonly number[]): Run[] {
  const found: Run[] = [];
  let from = 0;
  for (let i = 1; i <= levels.length; i++) {
    if (levels[i] === levels[from]) continue;
    const level = levels[from] ?? 0;
    if (level > 0) found.push({ from, length: i - from, level });
    from = i;
  }
  return found;
}

function rect(day: number, { from, length, level }: Run): string {
  const share = level / 100;
  const mix = (dark: number, light: number) => Math.round(dark + (light - dark) * share);
  const colour = `rgb(${mix(60, 255)},${mix(60, 224)},${mix(70, 150)})`;
  const x = LEFT + day * COLUMN;
  return `<rect x="${x}" y="${TOP + from * ROW}" width="${COLUMN}" height="${length * ROW}" fill="${colour}"/>`;
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
