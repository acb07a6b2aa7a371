/** The light of the street by its own time: sky, sun, moon, stars, what the night covers and which windows are lit. */
import { drawn, part, put } from './elements.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Top, middle and foot of the sky: at night, at dusk and at noon. */
const SKY: readonly (readonly [night: Colour, dusk: Colour, day: Colour])[] = [
  [
    [7, 12, 30],
    [42, 52, 104],
    [72, 138, 208],
  ],
  [
    [16, 24, 50],
    [128, 98, 140],
    [134, 186, 232],
  ],
  [
    [34, 42, 70],
    [244, 158, 104],
    [206, 228, 240],
  ],
];
/** The sun's altitude, degrees, at which it is night, dusk at its height, and day. */
const NIGHT = -11;
const DUSK = -1.5;
const DAY = 9;
/** Share of light that the night takes from what does not shine by itself. */
const DARK = 0.8;
const STARS = 90;
const HOUSE_WINDOWS = 20;

const mix = (from: Colour, to: Colour, share: number): Colour =>
  [0, 1, 2].map((i) => (from[i] ?? 0) + ((to[i] ?? 0) - (from[i] ?? 0)) * share) as unknown as Colour;
const rgb = (colour: Colour): string => `rgb(${colour.map((value) => Math.round(value)).join(' ')})`;
const between = (value: number, low: number, high: number): number =>
  Math.max(0, Math.min(1, (value - low) / (high - low)));
/** The same numbers at every start, 0…1. */
const scattered = (i: number, salt: number): number => {
  const value = Math.sin(i * 127.1 + salt * 311.7) * 43_758.5453;
  return value - Math.floor(value);
};

export class Sky {
  #sun = Number.NaN;

  constructor() {
    part('stars').replaceChildren(
      ...Array.from({ length: STARS }, (_, i) =>
        drawn('circle', {
          cx: Math.round(scattered(i, 1) * 1600),
          cy: Math.round(scattered(i, 2) ** 1.6 * 400),
          r: (0.8 + scattered(i, 3) * 1.1).toFixed(1),
        }),
      ),
    );
    const places = Array.from({ length: HOUSE_WINDOWS }, (_, i) => ({
      x: 26 + (i % 5) * 64,
      y: 176 + Math.floor(i / 5) * 64,
    }));
    const pane = { width: 34, height: 42, rx: 2 };
    part('panes').replaceChildren(...places.map((place) => drawn('rect', { ...place, ...pane })));
    part('windows').replaceChildren(...places.map((place) => drawn('rect', { ...place, ...pane })));
    part('city-windows').replaceChildren(
      ...Array.from({ length: 110 }, (_, i) => {
        const [left, top, width] = TOWERS[i % TOWERS.length] ?? [0, 0, 0];
        const column = Math.floor(scattered(i, 4) * Math.floor(width / 12));
        const row = Math.floor(scattered(i, 5) * Math.floor((570 - top) / 20));
        return drawn('rect', { x: left + 5 + column * 12, y: top + 10 + row * 20, width: 6, height: 9 });
      }),
    );
  }

  /** `sun`: degrees above the horizon. */
  show(sun: number): void {
    if (Math.abs(sun - this.#sun) < 0.05) return;
    this.#sun = sun;
    const day = between(sun, DUSK, DAY);
    const dusk = between(sun, NIGHT, DUSK);
    for (const [i, id] of ['sky-top', 'sky-mid', 'sky-low'].entries()) {
      const [night, evening, noon] = SKY[i] ?? [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ];
      put(part(id), { 'stop-color': rgb(mix(mix(night, evening, dusk), noon, day)) });
    }
    const dark = 1 - (0.55 * dusk + 0.45 * day);
    put(part('night'), { opacity: (dark * DARK).toFixed(3) });
    put(part('stars'), { opacity: (1 - dusk).toFixed(2) });
    put(part('moon'), { opacity: (1 - between(sun, -9, 0)).toFixed(2) });
    put(part('sun'), { cx: 1010, cy: Math.round(560 - sun * 11), opacity: between(sun, -4, 1).toFixed(2) });
    const lit = between(-sun, -3, 7);
    for (const [i, window] of [...part('windows').children].entries())
      put(window, { opacity: scattered(i, 6) * 0.9 < lit * 0.72 ? 0.92 : 0 });
    put(part('city-windows'), { opacity: (lit * 0.9).toFixed(2) });
    put(part('shop-light'), { opacity: (lit * 0.85).toFixed(2) });
    part('stage').dataset.light = day > 0.4 ? 'day' : dusk > 0.3 ? 'dusk' : 'night';
  }

  /** How much light there is for what does not shine, 0…1. */
  get light(): number {
    return 1 - Number(part('night').getAttribute('opacity') ?? 0) * 0.75;
  }
}

/** Left, top and width of the towers of the city. */
const TOWERS = [
  [1318, 300, 70],
  [1400, 170, 80],
  [1528, 260, 62],
  [1480, 330, 66],
  [1352, 390, 62],
] as const;
