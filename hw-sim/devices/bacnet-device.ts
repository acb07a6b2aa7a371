/**
 * A simulated BACnet/IP device: ReadProperty and ReadPropertyMultiple with status flags, errors, rejects and aborts; at its own
 * address or behind a router. ASHRAE 135 §6, §15, §20 and Annex J, written apart from the driver's library.
 */
import type { Served } from '../ledger.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';

type Value = number | string | boolean;
type Believe = (unit: number | undefined, point: string, value: Value) => Value;

export interface BacnetObject {
  readonly point: string;
  /** Object type and instance, property. */
  readonly at: readonly [type: number, instance: number, property: number];
  readonly uom: string;
  readonly as: 'real' | 'double' | 'unsigned' | 'enumerated' | 'text';
  readonly decimals?: number;
  readonly value: (world: World, time: number) => Value;
}

export interface BacnetModel {
  readonly stem: string;
  readonly objects: readonly BacnetObject[];
}

export interface BacnetDeviceOptions {
  readonly model: BacnetModel;
  readonly world: World;
  readonly clock: WorldClock;
  /** Instance of its device object. Default 117. */
  readonly instance?: number;
  /** It is behind a router, there. */
  readonly remote?: { readonly net: number; readonly mac: readonly number[] };
  /** False: it does not know ReadPropertyMultiple. */
  readonly multiple?: boolean;
  /** Values in one answer; more are refused as too long for one APDU. */
  readonly most?: number;
  /** Points it does not have after all. */
  readonly without?: readonly string[];
  /** Status flags of a point: in-alarm 8, fault 4, overridden 2, out-of-service 1. */
  readonly flags?: Readonly<Record<string, number>>;
}

const DEVICE = 8;
const ANY_INSTANCE = 4_194_303;
const STATUS_FLAGS = 111;
const READ_PROPERTY = 12;
const READ_MULTIPLE = 14;
const [OBJECT, PROPERTY, DENIED] = [1, 2, 5];
const [UNKNOWN_OBJECT, UNKNOWN_PROPERTY] = [31, 32];

/** A tag with its contents; context tags have the class bit. */
function tagged(number: number, contents: readonly number[], context = false): number[] {
  const length = contents.length;
  const head = (number << 4) | (context ? 8 : 0);
  return length < 5 ? [head | length, ...contents] : [head | 5, length, ...contents];
}

const opening = (number: number): number => (number << 4) | 0x0e;
const closing = (number: number): number => (number << 4) | 0x0f;

function whole(value: number): number[] {
  const octets: number[] = [];
  for (let left = value; left > 0 || octets.length === 0; left = Math.floor(left / 256))
    octets.unshift(left % 256);
  return octets;
}

function objectId(type: number, instance: number): number[] {
  const word = type * 2 ** 22 + instance;
  return [24, 16, 8, 0].map((shift) => Math.floor(word / 2 ** shift) % 256);
}

interface Asked {
  readonly type: number;
  readonly instance: number;
  readonly properties: readonly number[];
}

/** Reads the tags of a request one behind the other. */
class Tags {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** Whether the next octet is this one, an opening or closing tag; steps over it. */
  is(octet: number): boolean {
    const found = this.#bytes[this.#at] === octet;
    if (found) this.#at += 1;
    return found;
  }

  /** The number behind a context tag; undefined where another one stands there. */
  number(tag: number): number | undefined {
    const head = this.#bytes[this.#at] ?? 0;
    if (head >> 4 !== tag || (head & 8) === 0 || (head & 7) > 4) return undefined;
    const end = this.#at + 1 + (head & 7);
    if (end > this.#bytes.length) return undefined;
    let value = 0;
    for (let i = this.#at + 1; i < end; i++) value = value * 256 + (this.#bytes[i] ?? 0);
    this.#at = end;
    return value;
  }
}

export class BacnetDevice {
  readonly model: BacnetModel;
  readonly #options: BacnetDeviceOptions;

  constructor(options: BacnetDeviceOptions) {
    this.#options = options;
    this.model = options.model;
  }

  /** What it answers to a datagram; undefined where it is not for it. */
  answer(
    datagram: Uint8Array,
    believe: Believe = (_unit, _point, value) => value,
  ): { readonly bytes: Uint8Array; readonly served: readonly Served[] } | undefined {
    if (datagram[0] !== 0x81 || datagram[1] !== 0x0a || datagram[4] !== 1) return undefined;
    const apdu = this.#apduFor(datagram);
    if (apdu === undefined || (apdu[0] ?? 0) >> 4 !== 0) return undefined;
    const [first = 0, , invoke = 0, service = 0] = apdu;
    const served: Served[] = [];
    const tags = new Tags(apdu.subarray(4));
    // Segments were not asked for: whoever offers to take them gets what a careless device would send.
    if (first & 2) return undefined;
    const asked = service === READ_PROPERTY ? singleIn(tags) : multipleIn(tags);
    if (service === READ_MULTIPLE && this.#options.multiple === false)
      return this.#message([0x60, invoke, 9], served);
    if (service !== READ_PROPERTY && service !== READ_MULTIPLE)
      return this.#message([0x60, invoke, 9], served);
    if (asked === undefined) return this.#message([0x60, invoke, 4], served);
    const count = asked.reduce((sum, { properties }) => sum + properties.length, 0);
    if (count > (this.#options.most ?? 100)) return this.#message([0x71, invoke, 4], served);
    const said = service === READ_PROPERTY ? this.#single : this.#multiple;
    return this.#message(said.call(this, invoke, asked, served, believe), served);
  }

  #single(invoke: number, asked: readonly Asked[], served: Served[], believe: Believe): number[] {
    const [one] = asked;
    const property = one?.properties[0];
    if (one === undefined || property === undefined) return [0x60, invoke, 4];
    const value = this.#value(one, property, served, believe);
    if ('error' in value) {
      return [
        0x50,
        invoke,
        READ_PROPERTY,
        ...tagged(9, whole(value.error[0])),
        ...tagged(9, whole(value.error[1])),
      ];
    }
    const id = tagged(0, objectId(one.type, this.#instanceOf(one)), true);
    const named = tagged(1, whole(property), true);
    return [0x30, invoke, READ_PROPERTY, ...id, ...named, opening(3), ...value.bytes, closing(3)];
  }

  #multiple(invoke: number, asked: readonly Asked[], served: Served[], believe: Believe): number[] {
    const results = asked.flatMap((one) => {
      const values = one.properties.flatMap((property) => {
        const value = this.#value(one, property, served, believe);
        const named = tagged(2, whole(property), true);
        if ('error' in value) {
          const [kind, code] = value.error;
          return [...named, opening(5), ...tagged(9, whole(kind)), ...tagged(9, whole(code)), closing(5)];
        }
        return [...named, opening(4), ...value.bytes, closing(4)];
      });
      const id = tagged(0, objectId(one.type, this.#instanceOf(one)), true);
      return [...id, opening(1), ...values, closing(1)];
    });
    return [0x30, invoke, READ_MULTIPLE, ...results];
  }

  /** The device object answers to any instance with its own. */
  #instanceOf({ type, instance }: Asked): number {
    return type === DEVICE && instance === ANY_INSTANCE ? (this.#options.instance ?? 117) : instance;
  }

  #value(
    { type, instance }: Asked,
    property: number,
    served: Served[],
    believe: Believe,
  ): { readonly bytes: readonly number[] } | { readonly error: readonly [number, number] } {
    const { without = [], flags = {}, world, clock } = this.#options;
    const own = this.#options.instance ?? 117;
    const same = this.model.objects.filter(
      ({ at, point }) =>
        !without.includes(point) &&
        at[0] === type &&
        (type === DEVICE ? instance === ANY_INSTANCE || instance === own : at[1] === instance),
    );
    const [first] = same;
    if (first === undefined) return { error: [OBJECT, UNKNOWN_OBJECT] };
    if (property === STATUS_FLAGS && type !== DEVICE) {
      return { bytes: tagged(8, [4, (flags[first.point] ?? 0) << 4]) };
    }
    const object = same.find(({ at }) => at[2] === property);
    if (object === undefined) return { error: [PROPERTY, UNKNOWN_PROPERTY] };
    if (object.point === 'denied') return { error: [DENIED, 27] };
    const { point, uom } = object;
    const exact = believe(undefined, point, object.value(world, clock.now()));
    const { bytes, value } = written(object, exact);
    const raw = Buffer.from(bytes).toString('hex').toUpperCase();
    served.push({ device: this.model.stem, point, raw, value, uom });
    return { bytes };
  }

  /** The APDU of a message that is for it: behind a router it hears what names its network and MAC. */
  #apduFor(datagram: Uint8Array): Uint8Array | undefined {
    const control = datagram[5] ?? 0;
    const { remote } = this.#options;
    if (control & 0x88) return undefined;
    if ((control & 0x20) === 0) return remote === undefined ? datagram.subarray(6) : undefined;
    const net = ((datagram[6] ?? 0) << 8) | (datagram[7] ?? 0);
    const length = datagram[8] ?? 0;
    const mac = [...datagram.subarray(9, 9 + length)];
    if (remote === undefined || net !== remote.net || mac.join() !== remote.mac.join()) return undefined;
    return datagram.subarray(9 + length + 1);
  }

  #message(apdu: readonly number[], served: readonly Served[]) {
    const { remote } = this.#options;
    const npdu =
      remote === undefined
        ? [1, 0]
        : [1, 0x08, remote.net >> 8, remote.net & 255, remote.mac.length, ...remote.mac];
    const length = 4 + npdu.length + apdu.length;
    return { bytes: Uint8Array.from([0x81, 0x0a, length >> 8, length & 255, ...npdu, ...apdu]), served };
  }
}

function singleIn(tags: Tags): readonly Asked[] | undefined {
  const word = tags.number(0);
  const property = tags.number(1);
  if (word === undefined || property === undefined || tags.more) return undefined;
  return [{ type: Math.floor(word / 2 ** 22), instance: word % 2 ** 22, properties: [property] }];
}

function multipleIn(tags: Tags): readonly Asked[] | undefined {
  const asked: Asked[] = [];
  while (tags.more) {
    const word = tags.number(0);
    if (word === undefined || !tags.is(opening(1))) return undefined;
    const properties: number[] = [];
    while (!tags.is(closing(1))) {
      const property = tags.number(0);
      if (property === undefined) return undefined;
      properties.push(property);
    }
    asked.push({ type: Math.floor(word / 2 ** 22), instance: word % 2 ** 22, properties });
  }
  return asked;
}

/** The application data of a value, and the value as that can tell it. */
function written(
  { as, decimals }: BacnetObject,
  exact: Value,
): { readonly bytes: readonly number[]; readonly value: Value } {
  if (as === 'text') return { bytes: tagged(7, [0, ...Buffer.from(String(exact))]), value: String(exact) };
  if (typeof exact === 'boolean') return { bytes: tagged(9, [exact ? 1 : 0]), value: exact };
  const number = decimals === undefined ? Number(exact) : Number(Number(exact).toFixed(decimals));
  if (as === 'real' || as === 'double') {
    const bytes = Buffer.alloc(as === 'real' ? 4 : 8);
    if (as === 'real') bytes.writeFloatBE(number);
    else bytes.writeDoubleBE(number);
    return { bytes: tagged(as === 'real' ? 4 : 5, [...bytes]), value: number };
  }
  const count = Math.floor(number);
  return { bytes: tagged(as === 'unsigned' ? 2 : 9, whole(count)), value: count };
}
