/** Single values of the part on energy: days, times of use, prices, ratios, shares. */
import type { Band, Rate } from '../../core/energy/energy.ts';
import { scalar } from '../values.ts';

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** `2027-03-15` */
export function day() {
  return scalar<string>({
    expected: 'a day such as "2027-01-01"',
    json: { type: 'string', pattern: DAY.source, examples: ['2027-01-01'] },
    read: (raw) => (typeof raw === 'string' && DAY.test(raw) && isDay(raw) ? raw : undefined),
    write: () => '"2027-01-01"',
  });
}

/** `2027-03-15`, or `2027-03-15T10:30` local time. */
export function moment() {
  return scalar<{ readonly day: string; readonly minutes: number }>({
    expected: 'a day "2027-03-15", or a local time "2027-03-15T10:30"',
    json: {
      type: 'string',
      pattern: '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d)?$',
      examples: ['2027-03-15T10:30'],
    },
    read: (raw) => {
      const parts = typeof raw === 'string' ? /^(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d))?$/.exec(raw) : null;
      if (parts === null || !isDay(parts[1] ?? '')) return undefined;
      const [hour, minute] = [Number(parts[2] ?? 0), Number(parts[3] ?? 0)];
      return hour > 23 || minute > 59 ? undefined : { day: parts[1] ?? '', minutes: hour * 60 + minute };
    },
    write: () => '"2027-03-15"',
  });
}

/** A day or some in a row: `2027-10-01`, `2027-10-01..2027-10-07`; gives each of them. */
export function days() {
  return scalar<readonly string[]>({
    expected: 'a day "2027-10-01", or some in a row "2027-10-01..2027-10-07", at most a year',
    json: { type: 'string', examples: ['2027-10-01..2027-10-07'] },
    read: (raw) => {
      if (typeof raw !== 'string') return undefined;
      const [from = '', to = from, ...rest] = raw.split('..');
      if (rest.length > 0 || ![from, to].every((one) => DAY.test(one) && isDay(one)) || to < from)
        return undefined;
      const all: string[] = [];
      for (let time = Date.parse(`${from}T00:00:00Z`); all.length <= 366; time += 86_400_000) {
        const one = new Date(time).toISOString().slice(0, 10);
        if (one > to) return all;
        all.push(one);
      }
      return undefined;
    },
    write: () => '"2027-10-01..2027-10-07"',
  });
}

/** Days of the year, `07-01..08-31`, both included; may pass the end of the year. */
export function season() {
  return scalar<{ readonly from: string; readonly to: string }>({
    expected: 'days of the year such as "07-01..08-31"',
    json: { type: 'string', pattern: '^\\d\\d-\\d\\d\\.\\.\\d\\d-\\d\\d$', examples: ['07-01..08-31'] },
    read: (raw) => {
      const parts = typeof raw === 'string' ? /^(\d\d-\d\d)\.\.(\d\d-\d\d)$/.exec(raw) : null;
      const [from = '', to = ''] = parts?.slice(1) ?? [];
      // A leap year has all days.
      return isDay(`2028-${from}`) && isDay(`2028-${to}`) ? { from, to } : undefined;
    },
    write: () => '"07-01..08-31"',
  });
}

/** Local time of day, `08:00-11:30`, whole quarters of an hour; may pass midnight. */
export function timeOfUse() {
  return scalar<Omit<Band, 'rate'>>({
    expected: 'times of day such as "08:00-11:30", whole quarters of an hour',
    json: { type: 'string', pattern: '^\\d\\d:\\d\\d-\\d\\d:\\d\\d$', examples: ['08:00-11:30'] },
    read: (raw) => {
      const parts = typeof raw === 'string' ? /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(raw) : null;
      if (parts === null) return undefined;
      const [h1 = 0, m1 = 0, h2 = 0, m2 = 0] = parts.slice(1).map(Number);
      const [from, to] = [h1 * 60 + m1, h2 * 60 + m2];
      const right = m1 < 60 && m2 < 60 && from < 1440 && to <= 1440 && from !== to;
      return right && from % 15 === 0 && to % 15 === 0 ? { from, to } : undefined;
    },
    write: () => '"08:00-11:30"',
  });
}

/** `510` as `08:30`. */
export function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** A time of use with its rate; one over midnight is two. */
export function bandsOf(rate: Rate, { from, to }: Omit<Band, 'rate'>): readonly Band[] {
  if (from < to) return [{ from, to, rate }];
  const evening: Band = { from, to: 1440, rate };
  return to === 0 ? [evening] : [evening, { from: 0, to, rate }];
}

/** A price or factor: a decimal number; kept as text, so that it is exactly what was written. */
export function decimal(min: number, max: number, example: string) {
  return scalar<string>({
    expected: `a decimal number from ${min} to ${max}, at most eight digits behind the point`,
    json: { type: ['number', 'string'], examples: [Number(example)] },
    read: (raw) => {
      const text = typeof raw === 'number' ? String(raw) : raw;
      if (typeof text !== 'string' || !/^-?\d{1,9}(\.\d{1,8})?$/.test(text)) return undefined;
      return Number(text) >= min && Number(text) <= max ? text : undefined;
    },
    write: () => example,
  });
}

/** A ratio of transformers: `400/5`, or 80. */
export function ratio(example: string) {
  return scalar<number>({
    expected: 'a ratio such as 400/5, or a number from 0.001 up',
    json: { type: ['string', 'number'], examples: [example] },
    read: (raw) => {
      const parts = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(raw) : null;
      const value = parts === null ? raw : Number(parts[1]) / Number(parts[2]);
      return typeof value === 'number' && value >= 0.001 && value <= 1e6 ? value : undefined;
    },
    write: () => `"${example}"`,
  });
}

/** A share: `2%`, or 0.02. */
export function share(example: string) {
  return scalar<number>({
    expected: 'a share such as 2%, or a number from 0 to 1',
    json: { type: ['string', 'number'], examples: [example] },
    read: (raw) => {
      const parts = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)\s?%$/.exec(raw) : null;
      const value = parts === null ? raw : Number(parts[1]) / 100;
      return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
    },
    write: (raw) => (typeof raw === 'number' && raw > 1 && raw <= 100 ? `${raw}%` : example),
  });
}
