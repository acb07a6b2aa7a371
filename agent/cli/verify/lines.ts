/**
 * Reads InfluxDB line protocol as the uplink sends it (docs/schemas), back into a message of payload v1. Written from
 * the reference of the protocol, apart from the sender's encoder.
 */
import type { Fields } from './envelope.ts';

type FieldValue = string | number | boolean;

interface Line {
  readonly measurement: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, FieldValue>;
  readonly time: string;
}

/** The message, or why it is none. Never throws. */
export function messageOfLines(text: string): Fields | string {
  const lines: Line[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const read = readLine(line);
    if (read === undefined) return `line ${index + 1} is not line protocol`;
    lines.push(read);
  }
  const [head, ...rest] = lines;
  if (head?.measurement !== 'message') return 'the first line is not a message';
  const { tags, fields } = head;
  const omitted = fields.get('omitted') ?? '[]';
  const records: Fields[] = [];
  for (const { measurement, tags: of, fields: facts, time } of rest) {
    for (const name of ['agent', 'epoch', 'lane']) {
      if (of.get(name) !== tags.get(name)) return `a record of another ${name}`;
    }
    const record = measurement === 'event' ? eventOf(of, facts) : readingOf(of, facts);
    if (record === undefined) return `a record of ${measurement} without its parts`;
    records.push({ ...record, time: isoTime(time) });
  }
  return {
    ...Object.fromEntries(tags),
    ...Object.fromEntries(fields),
    omitted: typeof omitted === 'string' ? parse(omitted) : undefined,
    records,
  };
}

function readingOf(
  tags: ReadonlyMap<string, string>,
  fields: ReadonlyMap<string, FieldValue>,
): Fields | undefined {
  const { value, flag, text, ...rest } = Object.fromEntries(fields) as Record<string, FieldValue | undefined>;
  if (rest.seq === undefined || rest.quality === undefined) return undefined;
  const about = { device: tags.get('device'), point: tags.get('point'), unit: tags.get('unit') };
  return { ...about, value: value ?? flag ?? text ?? null, ...rest };
}

function eventOf(
  tags: ReadonlyMap<string, string>,
  fields: ReadonlyMap<string, FieldValue>,
): Fields | undefined {
  const { body, ...rest } = Object.fromEntries(fields);
  if (rest.seq === undefined || typeof body !== 'string') return undefined;
  const device = tags.get('device');
  const about = { event: tags.get('event'), severity: tags.get('severity') };
  return { ...about, ...(device === undefined ? {} : { device }), ...rest, body: parse(body) };
}

/** `measurement,tag=a,tag=b field=1i,field="x" time`; spaces and commas may be escaped or quoted. */
function readLine(line: string): Line | undefined {
  const [series, set, time, ...more] = split(line, ' ');
  if (series === undefined || set === undefined || time === undefined || more.length > 0) return undefined;
  if (!/^-?\d{1,19}$/.test(time)) return undefined;
  const [measurement, ...pairs] = split(series, ',');
  const tags = new Map<string, string>();
  for (const pair of pairs) {
    const [key, value] = split(pair, '=');
    if (key === undefined || value === undefined || value === '') return undefined;
    tags.set(key, value.replace(/\\([,= ])/g, '$1'));
  }
  const fields = new Map<string, FieldValue>();
  for (const pair of split(set, ',')) {
    const equals = pair.indexOf('=');
    const value = readField(pair.slice(equals + 1));
    if (equals <= 0 || value === undefined) return undefined;
    fields.set(pair.slice(0, equals), value);
  }
  return measurement === undefined ? undefined : { measurement, tags, fields, time };
}

function readField(text: string): FieldValue | undefined {
  if (/^"([^"\\]|\\.)*"$/.test(text)) return text.slice(1, -1).replace(/\\(["\\])/g, '$1');
  if (text === 'true' || text === 'false') return text === 'true';
  const number = /^-?\d+i$/.test(text) ? text.slice(0, -1) : text;
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(number) ? Number(number) : undefined;
}

/** Splits at `separator` where it is neither escaped nor in quotes. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '\\' && i + 1 < text.length) {
      part += char + text[++i];
      continue;
    }
    if (char === '"') quoted = !quoted;
    if (char === separator && !quoted) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part];
}

/** Below the ms stand digits of the number, which are no time. */
function isoTime(nanoseconds: string): string {
  return new Date(Number(BigInt(nanoseconds) / 1_000_000n)).toISOString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
