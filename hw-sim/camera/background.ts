/** The empty street: sky, houses with shops, trees, pavement, three lanes, kerb. Drawn once. */
import { HEIGHT, WIDTH } from './scene.ts';
import { vertical } from './sprites/sprite.ts';

const HOUSES = [
  { x: 0, width: 230, top: 8, wall: '#b9a48d', roof: '#7b4f42' },
  { x: 230, width: 190, top: 26, wall: '#8f979c', roof: '#53585d' },
  { x: 420, width: 250, top: 0, wall: '#c4b59a', roof: '#6e5a4a' },
  { x: 670, width: 210, top: 30, wall: '#a57f6b', roof: '#5d4338' },
  { x: 880, width: 180, top: 14, wall: '#9aa38f', roof: '#565c50' },
  { x: 1060, width: 220, top: 4, wall: '#b5a9a0', roof: '#645a55' },
] as const;
/** Where houses meet the far pavement, pixels from the top. */
const HOUSE_FOOT = 124;

export function backgroundSvg(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
    <defs>
      ${vertical('sky', [
        [0, '#9fc0dc'],
        [1, '#dbe6ec'],
      ])}
      ${vertical('road', [
        [0, '#63666a'],
        [1, '#74777a'],
      ])}
      ${vertical('plaza', [
        [0, '#a49d92'],
        [1, '#8b857b'],
      ])}
    </defs>
    <rect width="${WIDTH}" height="${HOUSE_FOOT}" fill="url(#sky)"/>
    ${HOUSES.map(house).join('')}
    <rect y="${HOUSE_FOOT}" width="${WIDTH}" height="36" fill="#a8a298"/>
    <rect y="158" width="${WIDTH}" height="5" fill="#cfcac0"/>
    <rect y="163" width="${WIDTH}" height="273" fill="url(#road)"/>
    ${dashes(240, 5)}
    <rect y="434" width="${WIDTH}" height="7" fill="#c9c5bb"/>
    <rect y="441" width="${WIDTH}" height="105" fill="#6f7174"/>
    <rect y="546" width="${WIDTH}" height="9" fill="#d2cdc3"/>
    <rect y="555" width="${WIDTH}" height="${HEIGHT - 555}" fill="url(#plaza)"/>
    ${paving()}
    ${[120, 560, 1010].map(tree).join('')}
  </svg>`;
}

function house({ x, width, top, wall, roof }: (typeof HOUSES)[number]): string {
  const count = Math.floor(width / 48);
  const step = width / count;
  const windows = Array.from({ length: count }, (_, i) => {
    const left = x + i * step + step / 2 - 12;
    const pane = (y: number) =>
      `<rect x="${left}" y="${y}" width="24" height="26" fill="#4c5963"/><path d="M${left + 12} ${y} v26 M${left} ${y + 12} h24" stroke="#d8d4cb" stroke-width="2"/>`;
    return pane(top + 14) + (HOUSE_FOOT - top > 104 ? pane(top + 50) : '');
  });
  return `<rect x="${x}" y="${top}" width="${width}" height="${HOUSE_FOOT - top}" fill="${wall}"/>
    <rect x="${x}" y="${top - 6}" width="${width}" height="8" fill="${roof}"/>
    ${windows.join('')}
    <rect x="${x + 8}" y="${HOUSE_FOOT - 34}" width="${width - 16}" height="34" fill="#3e464c"/>
    <rect x="${x + 8}" y="${HOUSE_FOOT - 40}" width="${width - 16}" height="8" fill="${roof}"/>`;
}

function dashes(y: number, height: number): string {
  return Array.from(
    { length: 11 },
    (_, i) => `<rect x="${20 + i * 120}" y="${y}" width="62" height="${height}" fill="#d9d8d2"/>`,
  ).join('');
}

function paving(): string {
  const lines = Array.from({ length: 16 }, (_, i) => {
    const x = i * 90 - 20;
    return `M${x} 555 L${x - (640 - x) * 0.12} ${HEIGHT}`;
  });
  return `<path d="${lines.join(' ')} M0 600 H${WIDTH} M0 655 H${WIDTH}" stroke="#7f796f" stroke-width="1.5" fill="none"/>`;
}

function tree(x: number): string {
  return `<rect x="${x - 4}" y="70" width="8" height="62" fill="#5d4a3a"/>
    <ellipse cx="${x}" cy="46" rx="40" ry="40" fill="#4d6b3c"/>
    <ellipse cx="${x - 14}" cy="34" rx="24" ry="22" fill="#5f8049"/>
    <ellipse cx="${x + 16}" cy="56" rx="22" ry="18" fill="#41592f"/>`;
}
