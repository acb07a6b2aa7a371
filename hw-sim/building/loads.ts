/**
 * What the end users of the building draw when nothing is wrong, for each quarter hour of the year: kW of electricity,
 * heat and cold, m³/h of water and gas. Branches above them are sums. A pure function of the seed.
 */
import { chance, keyOf } from '../world/random.ts';
import {
  atHome,
  clamp,
  cooking,
  cooling,
  DAYS,
  heating,
  isOpen,
  occupancy,
  QUARTERS,
  shopping,
} from './calendar.ts';
import type { Climate } from './climate.ts';

/** By quarter hour of the year. */
export type Series = Float64Array;

interface Moment {
  readonly day: number;
  readonly hour: number;
  readonly open: boolean;
  readonly people: number;
  readonly shop: number;
  readonly home: number;
  readonly cook: number;
  readonly celsius: number;
  readonly sun: number;
  readonly clear: number;
  /** 0 ≤ x < 1, of this branch and quarter. */
  readonly luck: number;
  /** About 1, of this branch and day. */
  readonly mood: number;
  /** What branches above in the table draw now. */
  of(id: string): number;
}

type Draws = (now: Moment) => number;

const light =
  (base: number, full: number): Draws =>
  (m) =>
    base + full * m.people * (m.sun < 5 ? 1.1 : 1) * m.mood * rough(m);
const handler =
  (kilowatts: number): Draws =>
  (m) =>
    m.open && m.hour >= 7.25 && m.hour < 18.5
      ? kilowatts * (0.85 + 0.15 * clamp(Math.abs(m.celsius - 20) / 20)) * rough(m)
      : 0.3;
const lift: Draws = (m) => 0.4 + 5 * m.people * (0.3 + m.luck) * m.mood;
const rough = (m: Moment): number => 0.95 + 0.1 * m.luck;
/** Taps are open in some quarters and not in others. */
const taps = (m: Moment, full: number, use: number): number =>
  use > 0 && m.luck < 0.25 + 0.7 * use ? full * use * (0.5 + m.luck) * m.mood : 0;

/** In the order in which they are reckoned: later ones may ask for earlier ones. */
const DRAWS: Readonly<Record<string, Draws>> = {
  'c-office': (m) =>
    cooling(m.day) && m.open && m.hour >= 7 && m.hour < 18.5 && m.celsius > 20
      ? (9 * (m.celsius - 20) + 30 * m.people) * rough(m)
      : 0,
  'c-shop': (m) =>
    cooling(m.day) && m.shop > 0 && m.celsius > 20 ? (3 * (m.celsius - 20) + 8) * m.shop * rough(m) : 0,
  'h-office': (m) => warmth(m, 7, 18, m.open && m.hour >= 5 && m.hour < 18.5, 0.45),
  'h-shop': (m) => warmth(m, 2.2, 18, m.hour >= 8 && m.hour < 21.5, 0.4),
  'h-dwelling': (m) => warmth(m, 0.35, 19, true, 1),
  'w-office': (m) => taps(m, 1.1, m.people),
  'w-kitchen': (m) => taps(m, 1.5, m.cook),
  'w-shop': (m) => taps(m, 0.25, m.shop * 0.6),
  'w-dwelling': (m) => taps(m, 0.18, m.home * 0.5),
  // Evaporation and blow-down: about 1.8 litres for a kWh of cold.
  'w-tower': (m) => 0.0018 * (m.of('c-office') + m.of('c-shop')),
  'g-kitchen': (m) => 6 * m.cook * rough(m) * m.mood,
  'g-boiler': (m) => (m.open && m.hour >= 6 && m.hour < 18 ? taps(m, 5, 0.4 + 0.6 * m.people) : 0),
  'g-dwelling': (m) =>
    (m.hour >= 6.5 && m.hour < 7.5) || (m.hour >= 18 && m.hour < 19.5) ? 0.35 * rough(m) * m.mood : 0,
  'e-light-1': light(1.5, 22),
  'e-light-2': light(1.4, 20),
  'e-light-3': light(1.3, 18),
  'e-corridor': (m) => (3 + (m.hour >= 6 && m.hour < 22 ? 3 : 0)) * rough(m),
  'e-facade': (m) => (m.sun < -3 && m.hour >= 16 && m.hour < 23 ? 12 * rough(m) : 0.1),
  'e-chiller': (m) => {
    const cold = m.of('c-office') + m.of('c-shop');
    return cold > 0 ? (cold / 4.2) * rough(m) + 2 : 0.15;
  },
  'e-chw-pump': (m) => (m.of('c-office') + m.of('c-shop') > 0 ? 7.5 * rough(m) : 0.05),
  'e-tower': (m) => {
    const cold = m.of('c-office') + m.of('c-shop');
    return cold > 0 ? 2 + 5 * clamp(cold / 250) * rough(m) : 0.05;
  },
  'e-ahu-1': handler(11),
  'e-ahu-2': handler(8),
  'e-fancoil': (m) => 0.2 + 6 * m.people * clamp(0.15 + Math.abs(m.celsius - 20) / 12) * rough(m),
  'e-lift-1': lift,
  'e-lift-2': lift,
  'e-pump': (m) => 0.3 + 2.2 * (m.of('w-office') + m.of('w-kitchen') + m.of('w-shop') + m.of('w-dwelling')),
  'e-vent': (m) => (m.open && ventilated(m.hour) ? 6 * rough(m) : 0.2),
  'e-it': (m) => (18 + 3 * m.people) * (0.98 + 0.04 * m.luck),
  'e-kitchen': (m) => 1.8 * rough(m) + 25 * m.cook * rough(m) * m.mood,
  'e-charger': (m) => charging(m),
  'e-pv': (m) => (m.sun > 0 ? 80 * Math.sin((m.sun * Math.PI) / 180) ** 1.15 * m.clear * rough(m) : 0),
  'e-shop': (m) => (4 + 28 * m.shop * m.mood) * rough(m),
  'e-dwelling': (m) => 0.25 + 1.8 * m.home * m.luck * m.mood,
};

/** Ids of the branches nothing hangs on. */
export const END_USERS: readonly string[] = Object.keys(DRAWS);

/** kW that a room of `perKelvin` kW/K needs, less while it is set back. */
function warmth(m: Moment, perKelvin: number, inside: number, used: boolean, setback: number): number {
  if (!heating(m.day)) return 0;
  return Math.max(0, perKelvin * (inside - m.celsius)) * (used ? 1 : setback) * (0.97 + 0.06 * m.luck);
}

function ventilated(hour: number): boolean {
  return (hour >= 7 && hour < 9) || (hour >= 11.5 && hour < 13.5) || (hour >= 17 && hour < 19);
}

/** Two cars at most in each session of a working day. */
function charging({ open, hour, day, luck, mood }: Moment): number {
  const session = hour >= 9 && hour < 12 ? 1 : hour >= 13.5 && hour < 17 ? 2 : 0;
  if (!open || session === 0) return 0.1;
  const cars = 1 + Math.floor(2 * chance(Math.floor(mood * 1e6), day, session));
  return 0.1 + cars * 14 * (0.95 + 0.1 * luck);
}

/** Every end user through the year. */
export function healthyLoads(seed: number, air: Climate): Map<string, Series> {
  const all = new Map<string, Series>();
  const steps = DAYS * QUARTERS;
  const people = new Float64Array(steps);
  for (let k = 0; k < steps; k++) people[k] = occupancy(seed, Math.floor(k / QUARTERS), k % QUARTERS);
  for (const [id, draws] of Object.entries(DRAWS)) {
    const series = new Float64Array(steps);
    const key = keyOf(id);
    let now = 0;
    const of = (other: string): number => all.get(other)?.[now] ?? 0;
    for (let day = 0; day < DAYS; day++) {
      const open = isOpen(day);
      const mood = bell(seed, key, day, 0.05);
      for (let quarter = 0; quarter < QUARTERS; quarter++) {
        now = day * QUARTERS + quarter;
        series[now] = draws({
          day,
          hour: quarter / 4,
          open,
          people: people[now] ?? 0,
          shop: shopping(day, quarter),
          home: atHome(day, quarter),
          cook: cooking(day, quarter),
          celsius: air.temperature[now] ?? 0,
          sun: air.sun[now] ?? 0,
          clear: air.clear[now] ?? 0,
          luck: chance(seed, key, now),
          mood,
          of,
        });
      }
    }
    all.set(id, series);
  }
  return all;
}

/** About 1 with a spread of `sigma`; the sum of four even draws. */
function bell(seed: number, key: number, day: number, sigma: number): number {
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += chance(seed, key, day, i + 7);
  return 1 + sigma * Math.sqrt(3) * (sum - 2);
}
