/** One panel on a line: its items are read one by one, and what is written is read back from it. */

import { decodeGb2312, encodeGb2312 } from '../../agent/core/content/gb2312.ts';
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange, Match } from '../../agent/core/link.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import { bad, good, type Mono, type Reading, type Value } from '../../agent/core/reading.ts';
import {
  cellsOf,
  type PanelCharset,
  type PanelGeometry,
  panelRows,
} from '../../agent/core/sign/text-panel.ts';
import { type Frame, frame, frameAt, LONGEST, OVERHEAD, SOH, STX } from './frame.ts';
import { deviceSchema, ITEMS, optionsSchema, wireSchema } from './schema.ts';

/** A panel of four rows answers with about this much, bytes. */
const USUAL_ANSWER = OVERHEAD + 80;
/** A panel that writes to its flash answers when it is done, ms. */
const ANSWER_MS = 1000;

/** Why a panel refuses, by the digit it says. */
const REFUSALS: Readonly<Record<string, string>> = {
  '1': 'it does not know that item',
  '2': 'the value does not fit it',
  '3': 'it could not keep it',
};

class Refused extends Error {}

export class TextPanelSession implements PolledSession {
  readonly polls: readonly Poll[];
  readonly #context: DriverContext;
  readonly #geometry: PanelGeometry;
  readonly #address: number;

  constructor(context: DriverContext) {
    const { profile, options, address, every } = context.device;
    this.#context = context;
    this.#geometry = {
      ...optionsSchema.parse(profile.options),
      ...deviceSchema.parse(options),
    } as PanelGeometry;
    this.#address = Number(address ?? 1);
    this.polls = profile.points.map((point) => {
      // As long as the last one; a text is what it is.
      let answerBytes = point.type === 'string' ? USUAL_ANSWER : OVERHEAD + 5;
      return {
        id: point.id,
        points: [point.id],
        period: every ?? point.every ?? profile.every,
        requestBytes: OVERHEAD + 1,
        get answerBytes() {
          return answerBytes;
        },
        execute: async (exchange, signal) => {
          const counted: Exchange = async (request, abort) => {
            const answer = await exchange(request, abort);
            answerBytes = answer.bytes.length;
            return answer;
          };
          return [await this.#read(point, counted, signal)];
        },
      };
    });
  }

  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    await this.#ask('R', ITEMS.brightness.code, new Uint8Array(), exchange, signal).catch((thrown) => {
      // A panel that refuses is there.
      if (!(thrown instanceof Refused)) throw thrown;
    });
  }

  async write(
    { point: id, value }: PointWrite,
    exchange: Exchange,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const point = this.#context.device.profile.points.find((one) => one.id === id);
    if (point === undefined || point.access === 'read')
      return { kind: 'rejected', reason: `${id} cannot be written` };
    const encoded = encodeValue(value, this.#geometry);
    if (typeof encoded === 'string') return { kind: 'rejected', reason: encoded };
    try {
      await this.#ask('W', codeOf(point), encoded, exchange, signal);
      return { kind: 'done', readback: await this.#read(point, exchange, signal) };
    } catch (thrown) {
      if (thrown instanceof Refused) return { kind: 'rejected', reason: thrown.message };
      throw thrown;
    }
  }

  async #read(point: ProfilePoint, exchange: Exchange, signal: AbortSignal): Promise<Reading> {
    const at = { device: this.#context.device.id, point: point.id, unit: point.unit };
    try {
      const { data, time } = await this.#ask('R', codeOf(point), new Uint8Array(), exchange, signal);
      const value = decodeValue(data, point, this.#geometry.charset);
      return value === undefined ? bad(at, 'implausible', time) : good(at, value, time);
    } catch (thrown) {
      // An item it has not is no fault of the line.
      if (thrown instanceof Refused) return bad(at, 'not-available', this.#context.clock.mono());
      throw thrown;
    }
  }

  /** Asks and gives the data behind `<item>=`. */
  async #ask(
    letter: 'R' | 'W',
    code: string,
    data: Uint8Array,
    exchange: Exchange,
    signal: AbortSignal,
  ): Promise<{ readonly data: Uint8Array; readonly time: Mono }> {
    const head = Buffer.from(letter === 'R' ? code : `${code}=`, 'latin1');
    const bytes = frame(STX, { address: this.#address, letter, data: Buffer.concat([head, data]) });
    const item = code.charCodeAt(0);
    const answers = (found: Frame) =>
      found.address === this.#address &&
      (found.letter === letter || found.letter === 'E') &&
      found.data[0] === item &&
      found.data[1] === 0x3d;
    const match = (received: Uint8Array): Match => matchAnswer(received, answers);
    const answer = await exchange({ bytes, match, timeout: ANSWER_MS }, signal);
    const found = frameAt(answer.bytes, 0, SOH);
    if (found.kind !== 'frame')
      throw new AgentError('frame-invalid', 'reading failed: the answer is no frame');
    const said = found.frame.data.slice(2);
    if (found.frame.letter === 'E') {
      const digit = Buffer.from(said).toString('latin1');
      throw new Refused(`the panel refuses: ${REFUSALS[digit] ?? `code ${digit.slice(0, 4)}`}`);
    }
    return { data: said, time: answer.time };
  }
}

/** Finds the answer; noise, echoes of questions and answers of others are passed over. */
function matchAnswer(received: Uint8Array, answers: (frame: Frame) => boolean): Match {
  const begin = received.indexOf(SOH);
  if (begin < 0) return received.length === 0 ? { kind: 'more' } : { kind: 'skip', length: received.length };
  if (begin > 0) return { kind: 'skip', length: begin };
  const here = frameAt(received, 0, SOH);
  if (here.kind === 'frame') {
    return { kind: answers(here.frame) ? 'frame' : 'foreign', length: here.length };
  }
  // A whole answer further on proves that what stands before it is noise, even where it could still grow.
  for (let at = received.indexOf(SOH, 1); at > 0; at = received.indexOf(SOH, at + 1)) {
    const found = frameAt(received, at, SOH);
    if (found.kind === 'frame' && answers(found.frame)) return { kind: 'skip', length: at };
  }
  if (here.kind === 'more') return { kind: 'more' };
  const next = received.indexOf(SOH, 1);
  return { kind: 'skip', length: next < 0 ? received.length : next };
}

function codeOf(point: ProfilePoint): string {
  return ITEMS[wireSchema.parse(point.wire).item].code;
}

/** The bytes of a value, or why the panel cannot show it. */
function encodeValue(value: Value, { rows, columns, charset }: PanelGeometry): Uint8Array | string {
  if (typeof value !== 'string') return Buffer.from(String(Math.round(Number(value))), 'latin1');
  const lines = panelRows(value);
  if (lines.length > rows) return `the panel has ${rows} rows, got ${lines.length}`;
  const wide = lines.findIndex(({ text, scroll }) => !scroll && cellsOf(text) > columns);
  if (wide >= 0) return `row ${wide + 1} is wider than the ${columns} cells of the panel and does not move`;
  const bytes = encodeText(value, charset);
  if (bytes === undefined) return `a character of the text is not in ${charset}`;
  return bytes.length + 2 > LONGEST
    ? `the text takes ${bytes.length} bytes, at most ${LONGEST - 2} go`
    : bytes;
}

function encodeText(text: string, charset: PanelCharset): Uint8Array | undefined {
  if (charset === 'gb2312') return encodeGb2312(text);
  const bytes = Buffer.from(text, 'utf8');
  // Bytes that frame a message cannot be part of one.
  const framing = bytes.some(
    (byte) => (byte < 0x20 && byte !== 0x0a) || (charset === 'ascii' && byte > 0x7e),
  );
  return framing ? undefined : bytes;
}

function decodeValue(data: Uint8Array, { type }: ProfilePoint, charset: PanelCharset): Value | undefined {
  if (type === 'number') {
    const text = Buffer.from(data).toString('latin1');
    return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
  }
  if (charset === 'gb2312') return decodeGb2312(data);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
