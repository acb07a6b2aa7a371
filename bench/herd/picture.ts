/** The herd as a picture: who is connected, what waits, and what the broker works, from a minute before the cut to the end. */
import type { Curves, Returns } from './returns.ts';

interface Told {
  readonly agents: number;
  readonly blackout_s: number;
  readonly broker: string;
  readonly back: Returns;
}

const WIDTH = 960;
const LEFT = 90;
const RIGHT = 24;
const TOP = 64;
const PANEL = 150;
const BETWEEN = 46;
/** Seconds shown after the links are back. */
const AFTER = 150;
/** The blackout is drawn as so many seconds: nothing happens in it. */
const NIGHT = 30;
const BEFORE = 20;

export function picture({ agents, blackout_s, broker, back }: Told, curves: Curves): string {
  const span = BEFORE + NIGHT + AFTER;
  const x = (s: number): number => {
    const shown =
      s >= -3
        ? BEFORE + NIGHT + s
        : s <= curves.cut + 3
          ? BEFORE + (s - curves.cut)
          : BEFORE + 3 + ((s - curves.cut - 3) / Math.max(1, -curves.cut - 6)) * (NIGHT - 6);
    return LEFT + (Math.min(span, Math.max(0, shown)) / span) * (WIDTH - LEFT - RIGHT);
  };
  const shown = (s: number) => s >= curves.cut - BEFORE && s <= AFTER;
  const panels = [
    { title: 'Agents connected', points: curves.connected, top: agents, unit: '' },
    {
      title: 'Readings that wait in the logs of the agents',
      points: curves.backlog,
      top: Math.max(...curves.backlog.map(([, value]) => value)),
      unit: '',
    },
    {
      title: `CPU of the broker (${broker}), of one core`,
      points: curves.broker.map(([s, value]): [number, number] => [s, value * 100]),
      top: Math.max(10, ...curves.broker.filter(([s]) => shown(s)).map(([, value]) => value * 100)),
      unit: ' %',
    },
  ];
  const height = TOP + panels.length * (PANEL + BETWEEN) + 28;
  const body = panels.map(({ title, points, top, unit }, i) => {
    const y0 = TOP + i * (PANEL + BETWEEN) + 18;
    const y = (value: number) => y0 + PANEL - (value / nice(top)) * PANEL;
    const path = points
      .filter(([s]) => shown(s))
      .map(([s, value], n) => `${n === 0 ? 'M' : 'L'}${x(s).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('');
    const grid = [0, 0.5, 1].map((share) => {
      const value = nice(top) * share;
      return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" class="grid"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString('en')}${unit}</text>`;
    });
    const ticks = [curves.cut, 0, 30, 60, 90, 120, 150].map((s) => {
      const label = s === curves.cut ? 'cut' : s === 0 ? 'back' : `${s} s`;
      return `<text x="${x(s)}" y="${y0 + PANEL + 16}" text-anchor="middle">${label}</text>`;
    });
    return `<text x="${LEFT}" y="${y0 - 8}" class="title">${title}</text><rect x="${x(curves.cut)}" y="${y0}" width="${x(0) - x(curves.cut)}" height="${PANEL}" class="night"/>${grid.join('')}<path d="${path}" class="line"/>${ticks.join('')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="A herd of agents comes back after a blackout">
<style>svg{background:#fff;color:#223}text{fill:#445}.title{font-size:13px;font-weight:600;fill:#223}.grid{stroke:#dde}.night{fill:#e8e9f2}.line{fill:none;stroke:#0b6bb8;stroke-width:2}</style>
<text x="${LEFT}" y="26" class="title" font-size="16">${agents.toLocaleString('en')} agents, ${Math.round(blackout_s / 60)} minutes of blackout, all links back at once</text>
<text x="${LEFT}" y="46">last agent connected after ${back.connected.last} s, live again after ${back.live.last} s, everything replayed after ${back.replayed.last} s; at most ${back.most_connects_per_s} connects in a second.</text>
<text x="${LEFT}" y="${height - 8}">The blackout is drawn shorter than it was.</text>
${body.join('\n')}
</svg>
`;
}

/** The next round number. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}
