/**
 * A simulated SNMP agent: GetRequest in versions 1, 2c and 3 with and without authentication (HMAC-MD5-96, HMAC-SHA-96,
 * SHA-256) and privacy (AES-128), the discovery of version 3, and what each version says of objects it does not have.
 */
import type { Served } from '../ledger.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import {
  aes,
  children,
  DIGEST,
  digest,
  integer,
  localKey,
  type Node,
  node,
  numberIn,
  octets,
  oid,
  oidIn,
  TAGS,
  tlv,
} from './snmp-codec.ts';

type Value = number | string | boolean;

export interface SnmpObject {
  readonly point: string;
  readonly oid: string;
  readonly uom: string;
  readonly type: 'integer' | 'counter' | 'gauge' | 'ticks' | 'counter64' | 'text' | 'octets';
  /** Raw contents are the value divided by it. Default 1. */
  readonly scale?: number;
  /** Raw contents of a boolean: false, true. */
  readonly codes?: readonly [number, number];
  readonly value: (world: World, time: number) => Value;
}

export interface SnmpModel {
  readonly stem: string;
  readonly version: 1 | '2c';
  readonly objects: readonly SnmpObject[];
}

export interface SnmpUser {
  readonly name: string;
  readonly auth?: { readonly hash: keyof typeof DIGEST; readonly password: string };
  readonly priv?: { readonly password: string };
}

export interface SnmpAgentOptions {
  readonly model: SnmpModel;
  readonly world: World;
  readonly clock: WorldClock;
  readonly community?: string;
  /** With it, version 3 is spoken too. */
  readonly user?: SnmpUser;
  /** Objects in one answer; more are refused with tooBig. */
  readonly most?: number;
  /** Objects it does not have after all. */
  readonly without?: readonly string[];
}

interface Told {
  readonly bytes: Uint8Array;
  readonly served: readonly Served[];
}

type Believe = (unit: number | undefined, point: string, value: Value) => Value;

const ENGINE = Uint8Array.from([0x80, 0x00, 0x1f, 0x88, 0x04, ...Buffer.from('kerbside-sim')]);
const TOO_BIG = 1;
const NO_SUCH_NAME = 2;
/** Counters of RFC 3414 §5 that reports name. */
const REPORTS = { level: 1, time: 2, user: 3, engine: 4, digest: 5, decryption: 6 } as const;
const TIME_WINDOW = 150;

export class SnmpAgent {
  readonly model: SnmpModel;
  readonly #options: SnmpAgentOptions;
  #boots = 1;
  #started: number;
  #salt = 1n;

  constructor(options: SnmpAgentOptions) {
    this.#options = options;
    this.model = options.model;
    this.#started = options.clock.now() - 3_600_000;
  }

  /** Counts its boots and begins to count time anew. */
  restart(): void {
    this.#boots += 1;
    this.#started = this.#options.clock.now();
  }

  /** What it answers to a datagram; undefined where it says nothing, as to a wrong community. */
  answer(datagram: Uint8Array, believe: Believe = (_unit, _point, value) => value): Told | undefined {
    try {
      const [version, second, third, fourth] = children(node(datagram).contents);
      if (version === undefined || second === undefined || third === undefined) return undefined;
      const number = numberIn(version);
      if (number === 3) return this.#third(datagram, second, third, fourth, believe);
      const known = number === 0 || (number === 1 && this.model.version !== 1);
      const community = Buffer.from(second.contents).toString('latin1');
      if (!known || community !== (this.#options.community ?? 'public')) return undefined;
      const told = this.#pdu(third, number === 0, believe);
      if (told === undefined) return undefined;
      const bytes = tlv(TAGS.sequence, integer(number), octets(second.contents), told.pdu);
      return { bytes: Uint8Array.from(bytes), served: told.served };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #pdu(pdu: Node, first: boolean, believe: Believe) {
    if (pdu.tag !== TAGS.get) return undefined;
    const [id, , , list] = children(pdu.contents);
    if (id === undefined || list === undefined) return undefined;
    const names = children(list.contents).map(({ contents }) => oidIn(node(contents)));
    const objects = names.map((name) => this.#object(name));
    const missing = objects.indexOf(undefined);
    const refused = (status: number, index: number) => ({
      pdu: tlv(TAGS.response, integer(numberIn(id)), integer(status), integer(index), [
        ...octets(list.contents, TAGS.sequence),
      ]),
      served: [],
    });
    if (names.length > (this.#options.most ?? 60)) return refused(TOO_BIG, 0);
    if (first && missing >= 0) return refused(NO_SUCH_NAME, missing + 1);
    const served: Served[] = [];
    const varbinds = names.map((name, i) => {
      const object = objects[i];
      if (object === undefined) return tlv(TAGS.sequence, oid(name), tlv(TAGS.noSuchObject));
      const { bytes, value } = this.#said(object, believe);
      const { point, uom } = object;
      served.push({
        device: this.model.stem,
        point,
        raw: Buffer.from(bytes).toString('hex').toUpperCase(),
        value,
        uom,
      });
      return tlv(TAGS.sequence, oid(name), bytes);
    });
    const head = [integer(numberIn(id)), integer(0), integer(0)];
    return { pdu: tlv(TAGS.response, ...head, tlv(TAGS.sequence, ...varbinds)), served };
  }

  #object(name: string): SnmpObject | undefined {
    if (this.#options.without?.includes(name) === true) return undefined;
    return this.model.objects.find((object) => object.oid === name);
  }

  #said(object: SnmpObject, believe: Believe): { bytes: number[]; value: Value } {
    const { point, type, scale = 1, codes } = object;
    const exact = believe(undefined, point, object.value(this.#options.world, this.#options.clock.now()));
    if (type === 'octets') {
      const parts = String(exact)
        .split(':')
        .map((part) => Number.parseInt(part, 16));
      return { bytes: octets(parts), value: exact };
    }
    if (type === 'text') {
      const text = typeof exact === 'number' ? exact.toFixed(2) : String(exact);
      return { bytes: octets(Buffer.from(text)), value: typeof exact === 'number' ? Number(text) : exact };
    }
    if (typeof exact === 'boolean') return { bytes: integer(codes?.[exact ? 1 : 0] ?? 0), value: exact };
    const raw = Math.round(Number(exact) / scale);
    const inverse = Math.round(1 / scale);
    const value = scale < 1 ? raw / inverse : Number((raw * scale).toFixed(3));
    return { bytes: integer(raw, TAGS[type]), value };
  }

  #third(
    datagram: Uint8Array,
    header: Node,
    security: Node,
    data: Node | undefined,
    believe: Believe,
  ): Told | undefined {
    const { user } = this.#options;
    const [id, , flags] = children(header.contents);
    const [engine, boots, time, name, tag, salt] = children(node(security.contents).contents);
    if (user === undefined || data === undefined || id === undefined || flags === undefined) return undefined;
    if (engine === undefined || boots === undefined || time === undefined) return undefined;
    if (name === undefined || tag === undefined || salt === undefined) return undefined;
    const protection = flags.contents[0] ?? 0;
    const report = (which: keyof typeof REPORTS, protect = 0) =>
      this.#message(numberIn(id), protect, this.#report(which, numberIn(id)));
    const same = Buffer.from(engine.contents).equals(ENGINE);
    if (!same) return report('engine');
    if (Buffer.from(name.contents).toString() !== user.name) return report('user');
    const wanted = (user.auth === undefined ? 0 : 1) | (user.priv === undefined ? 0 : 2);
    if ((protection & 3) !== wanted) return report('level');
    if (user.auth !== undefined) {
      const blank = Buffer.from(datagram);
      // The digest is made over the message with zeros in its place.
      blank.fill(
        0,
        tag.contents.byteOffset - datagram.byteOffset,
        tag.contents.byteOffset - datagram.byteOffset + tag.contents.length,
      );
      const key = localKey(user.auth.hash, user.auth.password, ENGINE);
      if (!digest(user.auth.hash, key, blank).equals(tag.contents)) return report('digest');
      const late = Math.abs(numberIn(time) - this.#time()) > TIME_WINDOW;
      if (numberIn(boots) !== this.#boots || late) return report('time', 1);
    }
    let scoped = data;
    if (user.priv !== undefined && user.auth !== undefined) {
      const key = localKey(user.auth.hash, user.priv.password, ENGINE);
      const vector = Buffer.alloc(16);
      vector.writeUInt32BE(numberIn(boots), 0);
      vector.writeUInt32BE(numberIn(time), 4);
      vector.set(salt.contents, 8);
      const clear = aes('decrypt', key, vector, data.contents);
      const whole = scopedIn(clear);
      if (whole === undefined) return report('decryption', 1);
      scoped = whole;
    }
    const [, , pdu] = children(scoped.contents);
    const told = pdu === undefined ? undefined : this.#pdu(pdu, false, believe);
    if (told === undefined) return undefined;
    return { ...this.#message(numberIn(id), protection & 3, told.pdu), served: told.served };
  }

  #report(which: keyof typeof REPORTS, id: number): number[] {
    const counter = tlv(
      TAGS.sequence,
      oid(`1.3.6.1.6.3.15.1.1.${REPORTS[which]}.0`),
      integer(7, TAGS.counter),
    );
    return tlv(TAGS.report, integer(id), integer(0), integer(0), tlv(TAGS.sequence, counter));
  }

  #message(id: number, protection: number, pdu: number[]): Told {
    const { user } = this.#options;
    const [boots, time] = [this.#boots, this.#time()];
    const salt = Buffer.alloc(protection & 2 ? 8 : 0);
    if (salt.length > 0) salt.writeBigUInt64BE(this.#salt++);
    let scoped = tlv(TAGS.sequence, octets(ENGINE), octets([]), pdu);
    if (protection & 2 && user?.auth !== undefined && user.priv !== undefined) {
      const vector = Buffer.alloc(16);
      vector.writeUInt32BE(boots, 0);
      vector.writeUInt32BE(time, 4);
      salt.copy(vector, 8);
      const key = localKey(user.auth.hash, user.priv.password, ENGINE);
      scoped = octets(aes('encrypt', key, vector, Uint8Array.from(scoped)));
    }
    const build = (tag: Uint8Array) =>
      tlv(
        TAGS.sequence,
        integer(3),
        tlv(TAGS.sequence, integer(id), integer(65_507), octets([protection]), integer(3)),
        octets(
          tlv(
            TAGS.sequence,
            octets(ENGINE),
            integer(boots),
            integer(time),
            octets(Buffer.from(protection & 1 ? (user?.name ?? '') : '')),
            octets(tag),
            octets(salt),
          ),
        ),
        scoped,
      );
    if ((protection & 1) === 0 || user?.auth === undefined) {
      return { bytes: Uint8Array.from(build(new Uint8Array())), served: [] };
    }
    const { hash, password } = user.auth;
    const blank = Uint8Array.from(build(new Uint8Array(DIGEST[hash])));
    const made = digest(hash, localKey(hash, password, ENGINE), blank);
    return { bytes: Uint8Array.from(build(made)), served: [] };
  }

  #time(): number {
    return Math.floor((this.#options.clock.now() - this.#started) / 1000);
  }
}

/** What was encrypted; undefined where another key made nonsense of it. */
function scopedIn(clear: Uint8Array): Node | undefined {
  try {
    const found = node(clear);
    return found.tag === TAGS.sequence && children(found.contents).length === 3 ? found : undefined;
  } catch {
    return undefined;
  }
}
