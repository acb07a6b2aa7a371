/**
 * The kinds of single values a site file holds. Each says what it expects in words, how it is written for an editor's
 * JSON Schema, and what a wrong value was probably meant to be, so that every message can teach.
 */
import * as z from 'zod';
import { ID_PATTERN, type Text } from '../core/point.ts';
import type { ListenConfig, SerialSettings } from '../core/site.ts';
import { nearest } from './problem.ts';

/** What stands behind a refused value; carried in the issue's `params`. */
export interface Refusal {
  readonly expected: string;
  /** The value that should be written, as YAML. */
  readonly write?: string | undefined;
}

interface ScalarRule<T> {
  readonly expected: string;
  /** The same as JSON Schema. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Undefined: refused. */
  readonly read: (raw: unknown) => T | undefined;
  /** What to write instead of `raw`; `undefined` asks for an example. */
  readonly write: (raw: unknown) => string | undefined;
}

/** A zod schema of one value by `rule`; default values are given in the written form with `.prefault('10s')`. */
export function scalar<T>(rule: ScalarRule<T>) {
  return z
    .unknown()
    .transform((raw, context): T => {
      const value = rule.read(raw);
      if (value !== undefined) return value;
      const params: Refusal = { expected: rule.expected, write: rule.write(raw) };
      context.addIssue({ code: 'custom', message: rule.expected, params: { ...params } });
      return z.NEVER;
    })
    .meta({ ...rule.json, expected: rule.expected });
}

const isText = (raw: unknown): raw is string => typeof raw === 'string';

/** `[A-Za-z0-9_-]{1,64}`. */
export function id(example: string) {
  return scalar({
    expected: 'an id of 1 to 64 letters, digits, _ and -',
    json: { type: 'string', pattern: ID_PATTERN.source, examples: [example] },
    read: (raw) => (isText(raw) && ID_PATTERN.test(raw) ? raw : undefined),
    write: (raw) => {
      if (raw === undefined) return example;
      const close = String(raw)
        .trim()
        .replace(/[^A-Za-z0-9_-]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 64);
      // An id of digits alone is a number to YAML: quotes make it text.
      if (close === '' || typeof raw === 'object') return example;
      return /^\d+$/.test(close) ? `"${close}"` : close;
    },
  });
}

/** Any text that is not empty. */
export function text(what: string, example: string) {
  return scalar({
    expected: what,
    json: { type: 'string', minLength: 1, examples: [example] },
    read: (raw) => (isText(raw) && raw.trim() !== '' ? raw : undefined),
    write: (raw) => (typeof raw === 'number' || typeof raw === 'boolean' ? `"${raw}"` : example),
  });
}

/** One level of an MQTT topic: no separator and no wildcard in it. */
export function topicLevel(example: string) {
  return scalar({
    expected: 'a text of 1 to 128 characters without /, + and #',
    json: { type: 'string', pattern: '^[^/+#]{1,128}$', examples: [example] },
    read: (raw) => (isText(raw) && /^[^/+#]{1,128}$/.test(raw) && raw.trim() === raw ? raw : undefined),
    write: (raw) => {
      const close =
        typeof raw === 'object' || raw === undefined
          ? ''
          : String(raw)
              .replace(/[/+#]+/g, '-')
              .trim();
      return close === '' ? example : close.slice(0, 128);
    },
  });
}

/** `title: Feeder meter` or `title: { en: Feeder meter, zh: 进线电表 }`. */
export function title() {
  return scalar<Text>({
    expected: 'a title: text, or { en: …, zh: … }',
    json: {
      anyOf: [
        { type: 'string', minLength: 1 },
        {
          type: 'object',
          properties: { en: { type: 'string', minLength: 1 }, zh: { type: 'string', minLength: 1 } },
          required: ['en'],
          additionalProperties: false,
        },
      ],
    },
    read: (raw) => {
      if (isText(raw)) return raw.trim() === '' ? undefined : { en: raw };
      if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
      const { en, zh, ...rest } = raw as Record<string, unknown>;
      if (!isText(en) || en === '' || Object.keys(rest).length > 0) return undefined;
      if (zh === undefined) return { en };
      return isText(zh) && zh !== '' ? { en, zh } : undefined;
    },
    write: (raw) => (typeof raw === 'number' ? `"${raw}"` : '{ en: Feeder meter }'),
  });
}

export function flag() {
  return scalar({
    expected: 'true or false',
    json: { type: 'boolean' },
    read: (raw) => (typeof raw === 'boolean' ? raw : undefined),
    write: (raw) => (/^(yes|on|y|1)$/i.test(String(raw)) ? 'true' : 'false'),
  });
}

/** A number from `min` to `max`. */
export function number(min: number, max: number, example: number, whole = false) {
  const kind = whole ? 'a whole number' : 'a number';
  return scalar({
    expected: max === Infinity ? `${kind} from ${min} up` : `${kind} from ${min} to ${max}`,
    json: {
      type: whole ? 'integer' : 'number',
      minimum: min,
      ...(max === Infinity ? {} : { maximum: max }),
      examples: [example],
    },
    read: (raw) => {
      if (typeof raw !== 'number' || !Number.isFinite(raw) || raw < min || raw > max) return undefined;
      return whole && !Number.isInteger(raw) ? undefined : raw;
    },
    write: (raw) => {
      const close = isText(raw) ? Number.parseFloat(raw) : raw;
      if (typeof close !== 'number' || !Number.isFinite(close)) return String(example);
      const bounded = Math.min(max, Math.max(min, close));
      return String(whole ? Math.round(bounded) : bounded);
    },
  });
}

export function integer(min: number, max: number, example: number) {
  return number(min, max, example, true);
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], example: T) {
  return scalar<T>({
    expected: `one of ${words.join(', ')}`,
    json: { enum: [...words] },
    read: (raw) => words.find((word) => word === raw),
    write: (raw) => words.find((word) => word.toLowerCase() === String(raw).toLowerCase()) ?? example,
  });
}

const TIMES = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type TimeUnit = keyof typeof TIMES;

/** `1500` as `1500ms`, `60000` as `1min`. */
export function formatDuration(ms: number): string {
  const units: readonly TimeUnit[] = ['d', 'h', 'min', 's'];
  const fit = units.find((unit) => ms !== 0 && ms % TIMES[unit] === 0);
  return fit === undefined ? `${ms}ms` : `${ms / TIMES[fit]}${fit}`;
}

/** Text such as `10s` as ms; undefined where it is none. */
export function parseDuration(raw: unknown): number | undefined {
  const match = isText(raw) ? /^(\d+(?:\.\d+)?)\s?(ms|s|min|h|d)$/.exec(raw.trim()) : null;
  if (match === null) return undefined;
  return Number(match[1]) * TIMES[match[2] as TimeUnit];
}

/** A duration with its unit, in ms, from `min` to `max` ms. */
export function duration(min: number, max: number, example: string) {
  return scalar({
    expected: `a time from ${formatDuration(min)} to ${formatDuration(max)} with its unit (ms, s, min, h, d)`,
    json: { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s?(ms|s|min|h|d)$', examples: [example] },
    read: (raw) => {
      const ms = parseDuration(raw);
      return ms !== undefined && ms >= min && ms <= max ? ms : undefined;
    },
    write: (raw) => {
      const spelled = isText(raw) ? raw.trim().replace(/\s+/g, '') : '';
      const word = /^(\d+(?:\.\d+)?)(m|minutes?|mins|sec|secs|seconds?|S|H|hours?|hrs?|D|days?)$/.exec(
        spelled,
      );
      const unit = word?.[2]?.toLowerCase() ?? '';
      const meant = unit.startsWith('m') ? 'min' : unit.slice(0, 1);
      const guess =
        parseDuration(raw) ??
        (word === null ? undefined : parseDuration(`${word[1]}${meant}`)) ??
        seconds(raw);
      return guess === undefined ? example : formatDuration(Math.min(max, Math.max(min, guess)));
    },
  });
}

/** A bare number was most likely meant in seconds. */
function seconds(raw: unknown): number | undefined {
  return typeof raw === 'number' && Number.isFinite(raw) ? raw * 1000 : undefined;
}

const SIZES: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** `512 * 1024 ** 2` as `512MB`. */
export function formatSize(bytes: number): string {
  const unit = ['GB', 'MB', 'KB'].find((name) => bytes > 0 && bytes % (SIZES[name] ?? 1) === 0) ?? 'B';
  return `${bytes / (SIZES[unit] ?? 1)}${unit}`;
}

/** A size with its unit, in bytes; 1 KB is 1024 bytes. */
export function size(min: number, max: number, example: string) {
  const parse = (raw: unknown): number | undefined => {
    const match = isText(raw) ? /^(\d+(?:\.\d+)?)\s?(B|KB|MB|GB)$/.exec(raw.trim()) : null;
    return match === null ? undefined : Math.round(Number(match[1]) * (SIZES[match[2] ?? ''] ?? 1));
  };
  return scalar({
    expected: `a size from ${formatSize(min)} to ${formatSize(max)} with its unit (KB, MB, GB)`,
    json: { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s?(B|KB|MB|GB)$', examples: [example] },
    read: (raw) => {
      const bytes = parse(raw);
      return bytes !== undefined && bytes >= min && bytes <= max ? bytes : undefined;
    },
    write: (raw) => {
      const spelled = String(raw)
        .toUpperCase()
        .replace(/IB?$/, 'B')
        .replace(/([KMG])$/, '$1B');
      const bytes = parse(raw) ?? parse(spelled);
      return bytes === undefined ? example : formatSize(Math.min(max, Math.max(min, bytes)));
    },
  });
}

export const BAUDS = [1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200] as const;

export function baud() {
  return scalar<number>({
    expected: `one of ${BAUDS[0]}…${BAUDS.at(-1)}`,
    json: { enum: [...BAUDS] },
    read: (raw) => BAUDS.find((rate) => rate === raw),
    write: (raw) => {
      const match = /^(\d+(?:\.\d+)?)\s*(k?)/i.exec(String(raw));
      if (match === null) return '9600';
      const wanted = Number(match[1]) * (match[2] === '' ? 1 : 1000);
      const far = (rate: number) => Math.abs(rate - wanted);
      return String(BAUDS.reduce((best, rate) => (far(rate) < far(best) ? rate : best), BAUDS[0]));
    },
  });
}

/** Character format: `8N1`, `8E1`, `7E1` …. */
export function serialFormat() {
  const parities = { N: 'none', E: 'even', O: 'odd' } as const;
  return scalar<Omit<SerialSettings, 'baud'>>({
    expected: 'data bits, parity and stop bits such as 8N1, 8E1 or 8N2',
    json: { type: 'string', pattern: '^[78][NEO][12]$', examples: ['8N1'] },
    read: (raw) => {
      // Without quotes 8E1 is a number to YAML, 8 × 10¹.
      const written = typeof raw === 'number' ? raw.toExponential().replace('e+', 'E') : raw;
      const match = isText(written) ? /^([78])([NEO])([12])$/.exec(written) : null;
      if (match === null) return undefined;
      return {
        dataBits: match[1] === '7' ? 7 : 8,
        parity: parities[match[2] as keyof typeof parities],
        stopBits: match[3] === '2' ? 2 : 1,
      };
    },
    write: (raw) => {
      const letters = String(raw)
        .toUpperCase()
        .replace(/[^0-9NEO]/g, '');
      return /^[78][NEO][12]$/.test(letters) ? letters : '8N1';
    },
  });
}

/** `127.0.0.1:8080`, `[::1]:8080`, `gateway.local:502`. */
export function hostPort(example: string, lowest = 1) {
  return scalar<ListenConfig>({
    expected: `an address with a port from ${lowest} to 65535`,
    json: { type: 'string', pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[^\\s:/]+):\\d{1,5}$', examples: [example] },
    read: (raw) => {
      const match = isText(raw) ? /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(raw) : null;
      const host = match?.[1] ?? match?.[2];
      const port = Number(match?.[3]);
      return host === undefined || port < lowest || port > 65535 ? undefined : { host, port };
    },
    write: (raw) => {
      const port = example.slice(example.lastIndexOf(':') + 1);
      if (typeof raw === 'number' && Number.isInteger(raw) && raw > 0 && raw < 65536) {
        return `127.0.0.1:${raw}`;
      }
      return isText(raw) && /^[A-Za-z0-9.-]+$/.test(raw) ? `${raw}:${port}` : example;
    },
  });
}

/** IANA time zone, as the runtime knows it. */
export function timezone() {
  const known = (zone: string): boolean => {
    try {
      return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
    } catch {
      return false;
    }
  };
  return scalar({
    expected: 'an IANA time zone',
    json: { type: 'string', examples: ['Asia/Shanghai'] },
    // An offset such as +08:00 is a zone to Intl, but no place with rules of its own.
    read: (raw) => (isText(raw) && /^[A-Za-z]/.test(raw) && known(raw) ? raw : undefined),
    write: (raw) => nearest(String(raw), Intl.supportedValuesOf('timeZone')) ?? 'Asia/Shanghai',
  });
}

/** An address without user and password: those have fields of their own. */
export function url(protocols: readonly string[], example: string) {
  return scalar({
    expected: `a URL with ${protocols.map((name) => `${name}//`).join(' or ')} and no user or password in it`,
    json: { type: 'string', format: 'uri', examples: [example] },
    read: (raw) => {
      if (typeof raw !== 'string' || !URL.canParse(raw)) return undefined;
      const parsed = new URL(raw);
      if (parsed.username !== '' || parsed.password !== '' || parsed.hostname === '') return undefined;
      return protocols.includes(parsed.protocol) ? raw : undefined;
    },
    write: (raw) => {
      if (typeof raw !== 'string') return example;
      const bare = raw.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/^[^@/]*@/, '');
      const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(raw)?.[0].toLowerCase() ?? '';
      const wanted = protocols.includes(scheme) ? scheme : protocols[0];
      const close = `${wanted}//${bare}`;
      return URL.canParse(close) ? close : example;
    },
  });
}
