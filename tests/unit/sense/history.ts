/**
 * The life of a register, made from a seed and judged from outside: what the meters really counted, what the display
 * showed at each poll, and what happened between polls. Shares nothing with the judge.
 */
import { seeded } from '../../support/seeded.ts';

export type Happening = 'roll-over' | 'reset' | 'exchange' | 'spike' | 'silence';

export interface Poll {
  readonly t: number;
  /** What the display shows; undefined: nothing was heard. */
  readonly shown: number | undefined;
  /** What was really consumed since the beginning. */
  readonly consumed: number;
  /** What was really consumed as far as any display can tell: what ran while a meter was dark is not known. */
  readonly happened?: Happening;
}

export interface Life {
  readonly polls: readonly Poll[];
  readonly happenings: readonly {
    readonly what: Happening;
    readonly t: number;
    readonly closing: number;
    readonly opening: number;
  }[];
  readonly decimals: number;
  readonly modulus: number;
}

export interface LifeOptions {
  readonly seed: number;
  readonly polls?: number;
  readonly period?: number;
  readonly decimals?: number;
  readonly modulus?: number;
  /** Per hour, at most. */
  readonly rate?: number;
  readonly happen: readonly Happening[];
}

const HOUR = 3_600_000;

/** `happen` takes place one after the other, spread over the polls, with quiet between. */
export function life({
  seed,
  polls = 400,
  period = 10_000,
  decimals = 2,
  modulus = 1_000_000,
  rate = 100,
  happen,
}: LifeOptions): Life {
  const random = seeded(seed);
  const step = 10 ** -decimals;
  const floor = (value: number) => Math.floor(value / step + 1e-6) * step;
  const list: Poll[] = [];
  const happenings: Life['happenings'][number][] = [];
  const spread = Math.floor(polls / (happen.length + 1));
  let energy = happen.includes('roll-over')
    ? modulus - rate * 0.2 - random() * rate * 0.2
    : 1000 + random() * 5000;
  let consumed = 0;
  let t = 0;
  for (let i = 0; i < polls; i++) {
    const n = Math.floor(i / spread) - 1;
    const due = i % spread === 0 && n >= 0 ? happen[n] : undefined;
    const load = rate * random();
    let ms = period;
    let spike: number | undefined;
    if (due === 'silence') ms = HOUR * (1 + random() * 5);
    if (due === 'exchange') {
      // The old meter runs to its end, is taken off, and the new one begins at its own number.
      const dark = 5 * 60_000 + random() * HOUR;
      const before = (load * period) / HOUR;
      energy += before;
      consumed += before;
      const closing = floor(energy);
      const opening = floor(random() < 0.5 ? random() * 2 : random() * 900_000);
      // The consumption of the dark time ran past both meters; the rest of a digit stays in the old one.
      consumed -= energy - closing;
      happenings.push({ what: due, t: t + period / 2, closing, opening });
      energy = opening;
      t += dark;
    }
    if (due === 'reset') {
      happenings.push({ what: due, t, closing: energy, opening: 0 });
      energy = 0;
    }
    const amount = (load * ms) / HOUR;
    energy += amount;
    consumed += amount;
    if (energy >= modulus) {
      energy -= modulus;
      happenings.push({ what: 'roll-over', t, closing: modulus, opening: 0 });
    }
    t += ms;
    if (due === 'spike') {
      spike = floor(random() < 0.5 ? random() * 100 : energy + 10_000 + random() * 100_000);
      happenings.push({ what: due, t, closing: energy, opening: spike });
    }
    list.push({
      t,
      shown: spike ?? floor(energy),
      consumed,
      ...(due === undefined ? {} : { happened: due }),
    });
  }
  return { polls: list, happenings, decimals, modulus };
}
