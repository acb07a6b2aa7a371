/**
 * Registers that the account counts on: sums of meters, and items. Each goes on from its last number by what ran since
 * then, so that it is one continuous register over restarts, and never falls. It is told at quarters that no later reading
 * will change: while a part is missing there is no number, and when it is back what ran meanwhile is counted.
 */
import type { AccountQuality, EnergyConfig } from '../../core/energy/energy.ts';
import type { Counted, Counting } from './calls.ts';
import { registersBehind } from './completeness.ts';
import { codesOf, itemCircuits } from './items.ts';
import { itemId, totalId } from './points.ts';
import { MICRO } from './register.ts';

const QUARTER = 900_000;
/** Of the slowest part, and two quarters that are not settled yet. */
const PERIODS = 3.5;

export interface LastTotal {
  readonly point: string;
  readonly value: number;
  /** Unix epoch ms. */
  readonly time: number;
}

export interface TotalNow {
  readonly point: string;
  /** Null where a part has been missing for too long. */
  readonly value: number | null;
  /** Unix epoch ms. */
  readonly time: number;
  readonly quality: AccountQuality;
}

interface Register {
  readonly of: Counting['of'];
  readonly id: string;
  readonly point: string;
  /** A part is missing when nothing is settled for so long, ms. */
  readonly patience: number;
  /** Where it stood at a quarter; a difference may take it back a little, what is told does not. */
  anchor: { readonly micro: number; readonly time: number } | undefined;
  told: number;
}

export class Totals {
  readonly #registers: readonly Register[];

  constructor(config: EnergyConfig) {
    const { meters, circuits } = config;
    const register = (of: Counting['of'], id: string, point: string, from: readonly string[]): Register => {
      const registers = registersBehind(config, from);
      const slowest = meters.reduce(
        (most, one) =>
          one.kind === 'register' && registers.includes(one.id) ? Math.max(most, one.every) : most,
        QUARTER,
      );
      return { of, id, point, patience: PERIODS * slowest, anchor: undefined, told: 0 };
    };
    this.#registers = [
      ...meters
        .filter(({ kind }) => kind === 'virtual')
        .map(({ id }) => register('meter', id, totalId(id), [id])),
      ...codesOf(circuits).map((code) => {
        const own = itemCircuits(circuits, code).map(({ meter }) => meter);
        return register('item', code, itemId(code), own);
      }),
    ];
  }

  get points(): readonly string[] {
    return this.#registers.map(({ point }) => point);
  }

  /** Numbers that stood in the log at the start. */
  restore(values: readonly LastTotal[]): void {
    for (const { point, value, time } of values) {
      const register = this.#registers.find((one) => one.point === point);
      if (register === undefined) continue;
      const micro = Math.round(value * MICRO);
      // Rollups keep times to 10 ms; it was told at a quarter.
      register.anchor = { micro, time: Math.round(time / QUARTER) * QUARTER };
      register.told = micro;
    }
  }

  /** What has to be counted up to `end`. One that is new begins at 0 there. */
  counting(end: number): readonly Counting[] {
    return this.#registers.flatMap((register) => {
      register.anchor ??= { micro: 0, time: end };
      const { of, id, anchor } = register;
      return anchor.time > end ? [] : [{ of, id, from: anchor.time }];
    });
  }

  /** What the registers show at quarters that are settled since the last call; `end`: the quarter that has ended. */
  take(counted: readonly Counted[], end: number): readonly TotalNow[] {
    return counted.flatMap(({ of, id, values }): TotalNow[] => {
      const register = this.#registers.find((one) => one.of === of && one.id === id);
      const anchor = register?.anchor;
      if (register === undefined || anchor === undefined) return [];
      const { point, patience } = register;
      if (values.length === 0 && end - anchor.time > patience)
        return [{ point, value: null, time: end, quality: 'missing' }];
      return values.map(({ time, micro, quality }) => {
        const now = anchor.micro + micro;
        register.anchor = { micro: now, time };
        register.told = Math.max(register.told, now);
        return { point, value: register.told / MICRO, time, quality };
      });
    });
  }
}
