/**
 * @bacnet-js/client over the agent's `Exchange`. The library builds requests and reads answers; in place of its socket it
 * gets a transport of ours, which makes an exchange of what it sends. One client lives for one execution, for it keeps a
 * timer until it is closed.
 */
import { EventEmitter } from 'node:events';
import { AgentError, asAgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import { APDU, answerTo, apduOf, withoutSegments } from './match.ts';

/** An object and those of its properties that are wanted. */
export interface Wanted {
  readonly type: number;
  readonly instance: number;
  readonly properties: readonly number[];
}

/** A value as it stood there: its application tag (§20.2.1.4), the value, and how many octets it took with its tag. */
export interface Part {
  readonly type: number;
  readonly value: unknown;
  readonly len: number;
}
/** What a property said: its parts, or the code of an error (§21, BACnetErrorCode). */
export type Said = { readonly parts: readonly Part[] } | { readonly error: number };

export interface Told {
  /** By `type,instance,property`. */
  readonly said: ReadonlyMap<string, Said>;
  readonly time: Mono;
}

export const key = (type: number, instance: number, property: number) => `${type},${instance},${property}`;

/** The device refused the request: an error with its code, a reject or an abort with its reason. */
export class Refused extends Error {
  readonly kind: 'error' | 'reject' | 'abort';
  readonly code: number;

  constructor(kind: Refused['kind'], code: number) {
    super(`${kind} ${code}`);
    this.kind = kind;
    this.code = code;
  }
}

/** Tag by which the library marks an error within an answer. */
const ERROR = 105;
/** Never reached: an exchange ends before, by itself or by its signal. */
const NEVER_MS = 2 ** 31 - 1;
const ARRAY_ALL = 0xffff_ffff;

export interface Path {
  /** Behind a router: network and address there. */
  readonly remote?: { readonly net: number; readonly adr: readonly number[] };
  /** The next invoke id, 1 to 255. */
  readonly invoke: () => number;
}

export class Client {
  readonly #path: Path;
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal;
  readonly bytes = { asked: 0, answered: 0 };

  constructor(path: Path, exchange: Exchange, signal: AbortSignal) {
    this.#path = path;
    this.#exchange = exchange;
    this.#signal = signal;
  }

  /** Asks for several objects at once. Rejects with the exchange's `AgentError`, `frame-invalid`, or `Refused`. */
  async readMultiple(wanted: readonly Wanted[]): Promise<Told> {
    const specification = wanted.map(({ type, instance, properties }) => ({
      objectId: { type, instance },
      properties: properties.map((id) => ({ id, index: ARRAY_ALL })),
    }));
    return await this.#run(async (client, receiver, options) => {
      const { values } = await client.readPropertyMultiple(receiver, specification, options);
      return values.flatMap(({ objectId, values: properties }) =>
        properties.map(
          ({ id, value }) => [key(objectId.type, objectId.instance, id), saidBy(value)] as const,
        ),
      );
    });
  }

  /** Asks for one property. */
  async read(type: number, instance: number, property: number): Promise<Told> {
    return await this.#run(async (client, receiver, options) => {
      const told = await client.readProperty(receiver, { type, instance }, property, options);
      const { objectId } = told;
      // Around the value: the object behind its tag, the property behind its own, an opening and a closing tag.
      const around = 5 + (told.property.id > 255 ? 3 : 2) + 2;
      const values = told.values.map((value) => ({ ...value, len: told.len - around }));
      return [[key(objectId.type, objectId.instance, told.property.id), saidBy(values)]];
    });
  }

  async #run(
    call: (
      client: Library,
      receiver: Receiver,
      options: { invokeId: number },
    ) => Promise<readonly (readonly [string, Said])[]>,
  ): Promise<Told> {
    this.#signal.throwIfAborted();
    const BACnetClient = await library();
    this.#signal.throwIfAborted();
    const transport = new ExchangeTransport(this.#exchange, this.#signal, this.bytes);
    const client = new BACnetClient({ transport, apduTimeout: NEVER_MS });
    const { remote, invoke } = this.#path;
    const receiver = { address: 'device', ...(remote && { net: remote.net, adr: [...remote.adr] }) };
    try {
      const work = call(client, receiver, { invokeId: invoke() });
      work.catch(() => {});
      return { said: new Map(await Promise.race([work, transport.failed])), time: transport.time };
    } catch (thrown) {
      throw transport.refusal ?? (thrown instanceof AgentError ? thrown : unreadable(thrown));
    } finally {
      client.close();
    }
  }
}

type Receiver = { address: string; net?: number; adr?: number[] };
type LibraryClass = typeof import('@bacnet-js/client').default;
type Library = InstanceType<LibraryClass>;

async function library(): Promise<LibraryClass> {
  const loaded: { default: unknown } = await import('@bacnet-js/client');
  // A CommonJS module that was compiled from a default export.
  const inner = loaded.default as LibraryClass | { readonly default: LibraryClass };
  return 'default' in inner ? inner.default : inner;
}

function saidBy(values: readonly { type: number; value?: unknown; len?: number }[]): Said {
  const [first] = values;
  if (first?.type === ERROR) {
    const { value } = first;
    const code = typeof value === 'object' && value !== null && 'errorCode' in value ? value.errorCode : 0;
    return { error: Number(code) };
  }
  return { parts: values.map(({ type, value, len = 0 }) => ({ type, value, len })) };
}

function unreadable(cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('frame-invalid', `read failed: the answer cannot be read: ${why}`, { cause });
}

/** What the library sends to: each datagram is one exchange. */
class ExchangeTransport extends EventEmitter {
  readonly failed: Promise<never>;
  time: Mono = 0;
  /** Where the answer was an error, a reject or an abort; the library tells the last two not apart. */
  refusal: Refused | undefined;
  readonly #fail: (error: AgentError) => void;
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal;
  readonly #bytes: { asked: number; answered: number };

  constructor(exchange: Exchange, signal: AbortSignal, bytes: { asked: number; answered: number }) {
    super();
    this.#exchange = exchange;
    this.#signal = signal;
    this.#bytes = bytes;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.failed = promise;
    this.#fail = reject;
  }

  send(buffer: Buffer, length: number): void {
    this.#ask(withoutSegments(buffer.subarray(0, length))).catch((error: unknown) =>
      this.#fail(asAgentError(error)),
    );
  }

  async #ask(bytes: Uint8Array): Promise<void> {
    this.#bytes.asked += bytes.length;
    const answer = await this.#exchange({ bytes, match: answerTo(bytes) }, this.#signal);
    this.#bytes.answered += answer.bytes.length;
    this.time = answer.time;
    this.refusal = refusalIn(answer.bytes);
    try {
      this.emit('message', Buffer.from(answer.bytes), 'device');
    } catch (error) {
      throw unreadable(error);
    }
    // The library drops without a word what it cannot read; by now it has settled what it could.
    setImmediate(() => this.#fail(unreadable('it was dropped')));
  }

  open(): void {}
  close(): void {
    this.removeAllListeners();
  }
  getBroadcastAddress(): string {
    return 'device';
  }
  getMaxPayload(): number {
    return 1482;
  }
}

/** Error: class and code, each an enumerated behind its tag (§20.1.7). Reject and abort: one reason. */
function refusalIn(message: Uint8Array): Refused | undefined {
  const apdu = apduOf(message);
  if (apdu === undefined || apdu === null) return undefined;
  const rest = message.subarray(apdu.at);
  if (apdu.type === APDU.reject) return new Refused('reject', rest[2] ?? 0);
  if (apdu.type === APDU.abort) return new Refused('abort', rest[2] ?? 0);
  if (apdu.type !== APDU.error) return undefined;
  const first = (rest[3] ?? 0) & 7;
  const second = (rest[4 + first] ?? 0) & 7;
  const code = rest.subarray(5 + first, 5 + first + second).reduce((sum, byte) => sum * 256 + byte, 0);
  return new Refused('error', code);
}
