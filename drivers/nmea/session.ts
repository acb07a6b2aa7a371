/** One talker: each sentence tells the points that name it. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import type { Reading, Value } from '../../agent/core/reading.ts';
import { Asker, type FieldUnits, notThere } from '../own-line.ts';
import { type Doubt, Teller } from '../teller.ts';
import { deviceSchema, wireSchema } from './schema.ts';
import { LineScanner, parse, type Sentence } from './sentence.ts';
import { SENTENCES, toldOf, transducerOf } from './told.ts';

/** Weather stations tell once in up to ten seconds; the driver contract gives 15 s. */
const PATIENCE = 12_000;

/** Listens until the first good sentence. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { device } = context;
  const required = deviceSchema.parse(device.options).checksum === 'required';
  const wires = device.profile.points.map((point) => ({ id: point.id, wire: wireSchema.parse(point.wire) }));
  const units: FieldUnits = Object.fromEntries(
    wires.map(({ id, wire }): [string, FieldUnits[string]] => {
      const known: FieldUnits = SENTENCES[wire.sentence];
      return [id, known[wire.field] ?? ''];
    }),
  );
  const teller = new Teller(context, emit, { fieldOf: (point: ProfilePoint) => point.id, units });
  const lines = new LineScanner();
  const scanner = {
    push: (bytes: Uint8Array) =>
      lines.push(bytes).flatMap((line) => {
        const found = parse(line);
        return found.ok && (found.sentence.checksum !== undefined || !required) ? [found.sentence] : [];
      }),
  };
  const asker = new Asker<Sentence>(context, stream, scanner, (sentence, time) => {
    const told: Record<string, Value | null | Doubt> = {};
    for (const { id, wire } of wires) {
      const value = pointValue(sentence, wire);
      if (value !== undefined) told[id] = value;
    }
    teller.take(told, time);
  });
  try {
    if ((await asker.ask(undefined, () => true, PATIENCE, signal)) === undefined) {
      const fix =
        'check its supply, that its TX goes to our RX, and the baud rate (4800, 9600, 38400, 115200)';
      throw notThere(context, 'sentence', PATIENCE, fix);
    }
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  return {
    write: async () => ({ kind: 'rejected', reason: 'a talker of NMEA 0183 has nothing to write' }),
    [Symbol.asyncDispose]: async () => asker[Symbol.dispose](),
  };
}

const KINDS = { temperature: 'C', humidity: 'H', pressure: 'P', angle: 'A' } as const;

/** The point's value; undefined where the sentence is not its own. */
function pointValue(
  sentence: Sentence,
  wire: ReturnType<typeof wireSchema.parse>,
): Value | null | Doubt | undefined {
  if (sentence.type !== wire.sentence) return undefined;
  if (wire.talkers !== undefined && !wire.talkers.includes(sentence.talker)) return undefined;
  if (wire.reference !== undefined && sentence.fields[1] !== (wire.reference === 'true' ? 'T' : 'R'))
    return undefined;
  if (wire.sentence !== 'XDR') return toldOf(sentence)[wire.field] ?? null;
  const type = KINDS[wire.field as keyof typeof KINDS];
  return transducerOf(sentence, { type, name: wire.name });
}
