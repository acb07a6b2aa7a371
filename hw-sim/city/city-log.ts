/** What arrives in the city, in lines for people: at most one every so often, with the newest values. */

export interface CityLog extends Disposable {
  readonly message: (topic: string, payload: Uint8Array, retain: boolean) => void;
}

interface Envelope {
  readonly lane: string;
  readonly stream: string;
  readonly last: number;
  readonly count: number;
  readonly records: readonly unknown[];
}

const EVERY_MS = 2000;
const SHOWN = 4;

export function cityLog(say: (line: string) => void, every = EVERY_MS): CityLog {
  /** Since the last line, by `<lane>` or `<lane> backlog`. */
  const counts = new Map<string, { records: number; last: number }>();
  const newest = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  const report = (): void => {
    timer = undefined;
    const heads = [...counts].map(([name, { records, last }]) => `${records} ${name} (to no. ${last})`);
    // A few values a line, going round, so that everything is seen after a while.
    const values = [...newest.values()];
    const shown = values.slice(turn, turn + SHOWN);
    turn = turn + SHOWN >= values.length ? 0 : turn + SHOWN;
    say(`received ${heads.join(', ')}${shown.length === 0 ? '' : `: ${shown.join(' · ')}`}`);
    counts.clear();
  };

  const records = (envelope: Envelope): void => {
    const name = envelope.stream === 'backlog' ? `${envelope.lane} backlog` : envelope.lane;
    const before = counts.get(name)?.records ?? 0;
    counts.set(name, { records: before + envelope.count, last: envelope.last });
    for (const record of envelope.records) {
      const one = fields(record);
      if (one === undefined || typeof one.device !== 'string' || typeof one.point !== 'string') continue;
      const value =
        one.value === null ? `none (${one.reason})` : `${one.value} ${one.unit === '1' ? '' : one.unit}`;
      newest.set(`${one.device}/${one.point}`, `${one.device} ${one.point} ${value.trim()}`);
    }
    timer ??= setTimeout(report, every);
  };

  return {
    message(topic, payload, retain) {
      const parsed = parse(payload);
      const envelope = asEnvelope(parsed);
      if (envelope !== undefined) {
        records(envelope);
      } else if (/\/state$/.test(topic)) {
        say(`${topic.split('/').at(-2)} is ${fields(parsed)?.state ?? 'in an unknown state'}`);
      } else if (/\/cmd\/[^/]+\/result$/.test(topic)) {
        const result = fields(parsed);
        const readback = result?.readback === undefined ? '' : `, read back ${result.readback}`;
        say(`command ${topic.split('/').at(-2)}: ${result?.state}${readback}`);
      } else if (!retain && !/\/(cmd|gap|describe)\//.test(`${topic}/`)) {
        say(`${payload.length} bytes on ${topic}`);
      }
    },
    [Symbol.dispose]() {
      if (timer !== undefined) clearTimeout(timer);
    },
  };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function asEnvelope(value: unknown): Envelope | undefined {
  const all = fields(value);
  if (all === undefined || !Array.isArray(all.records)) return undefined;
  const { lane, stream, last, count, records } = all;
  if (typeof lane !== 'string' || typeof stream !== 'string') return undefined;
  if (typeof last !== 'number' || typeof count !== 'number') return undefined;
  return { lane, stream, last, count, records };
}
