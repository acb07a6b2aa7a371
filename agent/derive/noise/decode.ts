/**
 * `noise-stat` for `kerbside decode`: statistics of levels. Text is JSON with `LA` (a list; `"x30 50.0, x30 60.0"` in it
 * stands for the whole series, and numbers beside it only begin it; null is an invalid value), JSON with hourly levels
 * (`hourlyLeq_06_22`, `hourlyLeq_22_06`), or a formula (`LA_i = 40.0+0.1*i, i=0..199`).
 */
import { type Decoded, type Decoder, refused } from '../../core/decode.ts';
import { dayNightLevel, EXCEEDED_METHOD, energyMean, statistics } from './statistics.ts';

const MOST = 1_000_000;

export const decoder: Decoder = {
  protocols: ['noise-stat'],
  decode(_protocol, input) {
    const text = (typeof input === 'string' ? input : Buffer.from(input).toString('utf8')).trim();
    try {
      return text.startsWith('{') ? ofJson(JSON.parse(text)) : ofLevels(formula(text));
    } catch (thrown) {
      return refused(thrown instanceof Error ? thrown.message : String(thrown));
    }
  },
};

function ofJson(raw: unknown): Decoded {
  const { LA, ...rest } = raw as Record<string, unknown>;
  if (LA !== undefined) {
    if (!Array.isArray(LA)) return refused('LA: expected a list of levels');
    return ofLevels(series(LA));
  }
  const periods = Object.entries(rest).flatMap(([name, values]) => {
    const span = /^hourlyLeq_(\d\d)_(\d\d)$/.exec(name);
    return span === null
      ? []
      : [{ from: Number(span[1]), to: Number(span[2]), levels: levelsOf(name, values) }];
  });
  if (Array.isArray(rest.hourlyLeq)) {
    const levels = levelsOf('hourlyLeq', rest.hourlyLeq);
    if (levels.length !== 24) return refused('hourlyLeq: expected 24 levels');
    periods.push({ from: 6, to: 22, levels: levels.slice(6, 22) });
    periods.push({ from: 22, to: 6, levels: [...levels.slice(22), ...levels.slice(0, 6)] });
  }
  const day = periods.find(({ from, to }) => from < to);
  const night = periods.find(({ from, to }) => from > to);
  const given = (name: string) => (typeof rest[name] === 'number' ? (rest[name] as number) : undefined);
  const ld = day === undefined ? given('Ld') : energyMean(day.levels);
  const ln = night === undefined ? given('Ln') : energyMean(night.levels);
  if (ld === undefined && ln === undefined)
    return refused('expected LA, hourlyLeq_06_22 and hourlyLeq_22_06, or Ld and Ln');
  const dayHours = day === undefined ? 16 : day.to - day.from;
  const ldn = ld === undefined || ln === undefined ? undefined : dayNightLevel(ld, ln, dayHours);
  const hours = (period: typeof day) => period?.levels.length;
  return {
    ok: true,
    ...figure('Ld', ld),
    ...figure('Ln', ln),
    ...figure('Ldn', ldn),
    ...(day === undefined ? {} : { n_day: hours(day) }),
    ...(night === undefined ? {} : { n_night: hours(night) }),
  };
}

function ofLevels(all: readonly (number | null)[]): Decoded {
  const levels = all.filter((level) => level !== null);
  const found = statistics(levels);
  if (found === undefined) return refused('there is no valid level');
  return {
    ok: true,
    n: found.n,
    ...figure('Leq', found.leq),
    ...figure('L5', found.l5),
    ...figure('L10', found.l10),
    ...figure('L50', found.l50),
    ...figure('L90', found.l90),
    ...figure('L95', found.l95),
    ...figure('Lmax', found.max),
    ...figure('Lmin', found.min),
    ...figure('SD', found.sd),
    method: EXCEEDED_METHOD,
    total: all.length,
    // HJ 906-2017 formula 1: valid of theoretical values, %.
    ...figure('VDR', (100 * found.n) / all.length),
  };
}

function figure(name: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: Math.round(value * 100) / 100 };
}

function series(list: readonly unknown[]): (number | null)[] {
  const runs = list.filter((one) => typeof one === 'string');
  if (runs.length === 0) return list.map((one) => (one === null ? null : level(one)));
  return runs.flatMap((text) => text.split(',').flatMap(run));
}

/** `x30 50.0`, `30x50.0` or `50.0`. */
function run(text: string): number[] {
  const found = /^\s*(?:x(\d+)\s+|(\d+)\s*[x×*]\s*)?(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (found === null) throw new RangeError(`${JSON.stringify(text)} is no level, and no count and level`);
  const count = Number(found[1] ?? found[2] ?? 1);
  if (count > MOST) throw new RangeError(`more than ${MOST} levels`);
  return new Array<number>(count).fill(level(Number(found[3])));
}

function levelsOf(name: string, values: unknown): number[] {
  if (!Array.isArray(values)) throw new RangeError(`${name}: expected a list of levels`);
  return values.filter((one) => one !== null).map(level);
}

function level(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > 1000)
    throw new RangeError(`${JSON.stringify(value)} is no level`);
  return value;
}

/** `LA_i = a + b*i, i=m..n` */
function formula(text: string): number[] {
  const number = '(-?\\d+(?:\\.\\d+)?)';
  const pattern = new RegExp(
    `^LA_i\\s*=\\s*${number}\\s*([+-])\\s*(\\d+(?:\\.\\d+)?)\\s*\\*\\s*i\\s*,\\s*i\\s*=\\s*(\\d+)\\s*\\.\\.\\s*(\\d+)$`,
  );
  const found = pattern.exec(text);
  if (found === null) throw new RangeError('expected JSON, or LA_i = a+b*i, i=m..n');
  const [start = 0, , step = 0, from = 0, to = 0] = found.slice(1).map(Number);
  if (to < from || to - from >= MOST) throw new RangeError(`i=${from}..${to} is no range`);
  const sign = found[2] === '-' ? -1 : 1;
  // Decimals as written: 40 + 0.1 × 199 is 59.9.
  return Array.from({ length: to - from + 1 }, (_, i) =>
    Number((start + sign * step * (from + i)).toFixed(9)),
  );
}
