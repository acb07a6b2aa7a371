/** Registers of a few meters for tests of the account: readings as the log gives them, written down by hand. */
import type {
  RegisterBreak,
  RegisterMeter,
  RegisterSeries,
  VirtualMeter,
} from '../../../agent/core/energy/energy.ts';

export const QUARTER = 900_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
/** Local midnight of 1 March 2027 in Asia/Shanghai. */
export const MARCH = Date.parse('2027-03-01T00:00:00+08:00');

export function meter(id: string, more: Partial<RegisterMeter> = {}): RegisterMeter {
  return {
    kind: 'register',
    id,
    title: { en: id },
    carrier: 'electricity',
    device: id,
    point: 'energy-import',
    unit: 'kW.h',
    every: QUARTER,
    ratios: [],
    reactive: [],
    ...more,
  };
}

export function virtual(id: string, plus: string[], minus: string[] = []): VirtualMeter {
  return { kind: 'virtual', id, title: { en: id }, carrier: 'electricity', plus, minus };
}

/** `[time, value]` of each reading; one reading a quarter of an hour is what the buckets then hold. */
export function series(
  device: string,
  readings: readonly (readonly [time: number, value: number])[],
  breaks: readonly Partial<RegisterBreak>[] = [],
): RegisterSeries {
  const starts = Map.groupBy(readings, ([time]) => Math.floor(time / QUARTER) * QUARTER);
  return {
    device,
    point: 'energy-import',
    unit: 'kW.h',
    times: Float64Array.from(readings, ([time]) => time),
    values: Float64Array.from(readings, ([, value]) => value),
    breaks: breaks.map((one, i) => ({
      id: `b${i}`,
      time: 0,
      kind: 'exchange',
      state: 'settled',
      closing: 0,
      opening: 0,
      ...one,
    })),
    buckets: [...starts].map(([start, { length }]) => ({
      start,
      count: length,
      bad: 0,
      marked: 0,
      revision: 0,
    })),
  };
}

/** A reading every quarter in `from` ≤ t ≤ `to` of a register that runs `perHour`. */
export function steady(
  from: number,
  to: number,
  start: number,
  perHour: number,
): [time: number, value: number][] {
  const readings: [number, number][] = [];
  for (let time = from; time <= to; time += QUARTER)
    readings.push([time, Math.round((start + ((time - from) / HOUR) * perHour) * 100) / 100]);
  return readings;
}

/** A source of registers that holds `all` of them, and gives what a stretch needs: with one reading before it and one behind. */
export function sourceOf(all: readonly RegisterSeries[]) {
  return (
    names: readonly { readonly device: string; readonly point: string }[],
    from: number,
    to: number,
  ): RegisterSeries[] =>
    names.map(({ device, point }) => {
      const whole = all.find((one) => one.device === device && one.point === point);
      if (whole === undefined) return { ...series(device, []), point };
      const first = Math.max(
        0,
        whole.times.findLastIndex((time) => time < from),
      );
      const behind = whole.times.findIndex((time) => time >= to);
      const end = behind < 0 ? whole.times.length : behind + 1;
      return {
        ...whole,
        ...(whole.times[0] === undefined ? {} : { since: whole.times[0] }),
        times: whole.times.slice(first, end),
        values: whole.values.slice(first, end),
        buckets: whole.buckets.filter(({ start }) => start >= from && start < to),
      };
    });
}
