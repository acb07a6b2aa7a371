/** What happens to meters and their registers: another meter, a register at its end, one that was set to zero. */
import type { Fault } from './faults.ts';

/** Cumulative registers by the names all models use. */
const CUMULATIVE = /^(energy|volume|heat|cooling)(-|$)/;

export interface Exchange {
  /** Unit id, or none for every device of the line. */
  readonly unit?: number;
  /** How long nobody answers while the meters change places, ms. */
  readonly dark: number;
  /** What the registers of the new meter begin with. */
  readonly opening: number;
}

/** The meter is taken off and another one put in its place. */
export function exchangedMeter({ unit, dark, opening }: Exchange): Fault {
  const based = new Map<string, number>();
  let now = (): number => 0;
  let since = 0;
  const mine = (at: number | undefined) => unit === undefined || at === unit;
  return {
    name: 'exchanged-meter',
    start({ time }) {
      now = () => time.mono();
      since = now();
      return { [Symbol.dispose]: () => based.clear() };
    },
    answer: (one) => (mine(one.unit) && now() - since < dark ? [] : [one]),
    value(at, point, value) {
      if (!mine(at) || !CUMULATIVE.test(point)) return value;
      const key = `${at}/${point}`;
      // The new one counts from when it was put in.
      if (now() - since < dark) return value;
      const base = based.get(key);
      if (base === undefined) based.set(key, value);
      return opening + value - (base ?? value);
    },
  };
}

/** The registers stand `lead` before their end `modulus`, and begin at 0 behind it. */
export function rolledOver(modulus: number, lead: number, unit?: number, point?: string): Fault {
  return counted('rolled-over', unit, point, (run) => (modulus - lead + run) % modulus);
}

/** The registers are set to zero. */
export function resetRegister(unit?: number, point?: string): Fault {
  return counted('reset-register', unit, point, (run) => run);
}

/** `to` gives what a register shows after it has run on by `run` since the fault began. */
function counted(
  name: string,
  unit: number | undefined,
  only: string | undefined,
  to: (run: number) => number,
): Fault {
  const based = new Map<string, number>();
  return {
    name,
    value(at, point, value) {
      const mine = (unit === undefined || at === unit) && (only === undefined || point === only);
      if (!mine || !CUMULATIVE.test(point)) return value;
      const key = `${at}/${point}`;
      const base = based.get(key) ?? value;
      based.set(key, base);
      return to(value - base);
    },
  };
}
