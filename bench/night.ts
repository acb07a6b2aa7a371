/**
 * `npm run picture:night`: plays one night of a simulated pole in virtual time and draws it into docs/lighting/night.svg:
 * illuminance, level, traffic, watts, and what happened.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PoleNight, playNight, type Sample } from '../tests/support/pole-night.ts';

const FILE = fileURLToPath(new URL('../docs/lighting/night.svg', import.meta.url));
const HOUR = 3_600_000;
const WIDTH = 960;
const LEFT = 70;
const RIGHT = 20;
const GAP = 26;
const COLOURS = {
  light: '#c98a00',
  fill: '#f6d98a',
  wanted: '#555',
  count: '#4a7fb5',
  watt: '#a33',
  mark: '#999',
};

const night = await playNight();
writeFileSync(FILE, picture(night));
process.stdout.write(`${FILE}: ${night.used.toFixed(2)} kWh, ${night.saved.toFixed(2)} kWh saved\n`);

interface Panel {
  readonly title: string;
  readonly height: number;
  readonly ticks: readonly number[];
  /** 0 at the bottom, 1 at the top. */
  share(value: number): number;
  draw(at: Scale): string;
}

interface Scale {
  x(time: number): number;
  y(value: number): number;
  readonly bottom: number;
}

function picture(of: PoleNight): string {
  const { from, to } = of;
  const x = (time: number) => LEFT + ((time - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const tell = notes(of);
  const panels: readonly Panel[] = [
    {
      title: 'Illuminance at the photocell, lx',
      height: 100,
      ticks: [0.1, 1, 10, 100, 1000],
      share: (value) => (Math.log10(Math.max(value, 0.1)) + 1) / 4,
      draw: (at) => line(of.lux, at, COLOURS.light),
    },
    {
      title: 'Level, %: as the board reads back (filled), as it is wanted (dashes)',
      height: 130,
      ticks: [0, 30, 60, 100],
      share: (value) => value / 105,
      draw: (at) =>
        `${area(of.level, at)}${steps(of.wanted, at, `stroke="${COLOURS.wanted}" stroke-dasharray="4 3"`)}`,
    },
    {
      title: 'Vehicles in a quarter of an hour',
      height: 80,
      ticks: [0, 100, 200],
      share: (value) => value / 260,
      draw: ({ x: across, y, bottom }) =>
        of.counts
          .map(({ time, value }) => {
            const left = across(time) + 1;
            const width = across(time + HOUR / 4) - across(time) - 2;
            return `<rect x="${r(left)}" y="${r(y(value))}" width="${r(width)}" height="${r(bottom - y(value))}" fill="${COLOURS.count}"/>`;
          })
          .join(''),
    },
    {
      title: 'Watts, by the lamp’s meter',
      height: 100,
      ticks: [0, 60, 120],
      share: (value) => value / 135,
      draw: (at) => steps(of.watts, at, `stroke="${COLOURS.watt}"`),
    },
  ];
  let top = 60;
  const drawn = panels.map((panel) => {
    const bottom = top + panel.height;
    const y = (value: number) => bottom - panel.share(value) * panel.height;
    const ticks = panel.ticks
      .map(
        (value) =>
          `<path d="M${LEFT} ${r(y(value))}H${WIDTH - RIGHT}" stroke="#e4e4e4"/><text x="${LEFT - 6}" y="${r(y(value) + 4)}" text-anchor="end">${value}</text>`,
      )
      .join('');
    const text = `<text x="${LEFT}" y="${top - 7}" font-weight="bold">${panel.title}</text>`;
    const out = `${text}${ticks}${panel.draw({ x, y, bottom })}`;
    top = bottom + GAP;
    return out;
  });
  const floor = top - GAP;
  const hours = Array.from({ length: Math.floor((to - from) / HOUR) + 1 }, (_, i) => from + i * HOUR)
    .map((time) => `<text x="${r(x(time))}" y="${floor + 16}" text-anchor="middle">${clock(of, time)}</text>`)
    .join('');
  const marks = tell
    .map(
      ({ time }, i) =>
        `<path d="M${r(x(time))} 32V${floor}" stroke="${COLOURS.mark}" stroke-dasharray="1 3"/><text x="${r(x(time))}" y="${28 - (i % 3) * 9}" text-anchor="middle" font-size="10">${i + 1}</text>`,
    )
    .join('');
  const rows = Math.ceil(tell.length / 2);
  const list = tell
    .map(({ time, text }, i) => {
      const column = Math.floor(i / rows);
      const px = LEFT + column * ((WIDTH - LEFT) / 2);
      return `<text x="${px}" y="${floor + 44 + (i % rows) * 16}">${i + 1}. ${clock(of, time)} ${xml(text)}</text>`;
    })
    .join('');
  const height = floor + 60 + rows * 16;
  const sums = `${of.used.toFixed(2)} kWh taken, ${of.saved.toFixed(2)} kWh saved against full light`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" fill="#222">
<title>One simulated night of a pole at 36.8° N, 4 March 2027: ${sums}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${drawn.join('\n')}
${marks}${hours}
${list}
<text x="${LEFT}" y="${height - 8}">${sums}</text>
</svg>
`;
}

/** What was done to the pole, and what it told, in one order. */
function notes({ happenings, events, at }: PoleNight): readonly { time: number; text: string }[] {
  const told = events.flatMap(({ event, body, time }) => {
    if (event !== 'light') return [];
    if ('finding' in body) return [{ time: at(time), text: `finding ${body.finding}: ${body.found}` }];
    const why = body.why === undefined ? '' : ` (${body.why})`;
    return [{ time: at(time), text: `lamp: ${body.level} % by ${body.rung}${why}` }];
  });
  return [...happenings.map(({ time, text }) => ({ time, text: `${text}` })), ...told].sort(
    (a, b) => a.time - b.time,
  );
}

function line(samples: readonly Sample[], { x, y }: Scale, colour: string): string {
  const path = samples
    .map(({ time, value }, i) => `${i === 0 ? 'M' : 'L'}${r(x(time))} ${r(y(value))}`)
    .join('');
  return `<path d="${path}" fill="none" stroke="${colour}"/>`;
}

function stepPath(samples: readonly Sample[], { x, y }: Scale): string {
  return samples
    .map(({ time, value }, i) =>
      i === 0 ? `M${r(x(time))} ${r(y(value))}` : `H${r(x(time))}V${r(y(value))}`,
    )
    .join('');
}

function steps(samples: readonly Sample[], at: Scale, style: string): string {
  return `<path d="${stepPath(samples, at)}" fill="none" ${style}/>`;
}

function area(samples: readonly Sample[], at: Scale): string {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return '';
  const around = `${stepPath(samples, at)}V${r(at.bottom)}H${r(at.x(first.time))}Z`;
  return `<path d="${around}" fill="${COLOURS.fill}" stroke="${COLOURS.light}"/>`;
}

function clock({ timezone }: PoleNight, time: number): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' }).format(
    time,
  );
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
