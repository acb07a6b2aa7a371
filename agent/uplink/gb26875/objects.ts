/** Records of the log as objects of GB/T 26875.3: those of devices that speak it as they came, our own points made into some. */
import {
  type Layout,
  mostObjects,
  readAdu,
  TYPES,
  type VendorTypes,
  writeAdu,
} from '../../codec/gb26875/adu.ts';
import { ANALOGUES } from '../../codec/gb26875/names.ts';
import { encodeGb } from '../../codec/gb26875/text.ts';
import { timeBytes } from '../../codec/gb26875/time.ts';
import { fromHex } from '../../core/bytes.ts';
import type { LoggedReading } from '../../core/record.ts';
import type { FirePoint, Gb26875UplinkConfig } from '../../core/site.ts';
import type { LocalTime } from '../../core/time/local-time.ts';
import { convert, isUnit } from '../../core/unit.ts';

/** One object, or all objects of a vendor's type whose layout nobody knows (`count`). */
export interface FireObject {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly count?: number;
  /** Number in the log. */
  readonly seq: number;
  /** What it is about: system and part, so that word of one never overtakes an earlier one. */
  readonly about: string;
}

export interface Packed {
  readonly adu: Uint8Array;
  readonly objects: readonly FireObject[];
}

const LARGEST = 1024;
/** `2 01 03 28 …`, and `150x1 00 03 …` for a whole vendor's ADU. */
const VERBATIM = /^(\d{1,3})(?:x(\d{1,3}))? ((?:[0-9A-F]{2} ?)+)$/;
/** Bits of a part or system state: normal, fault. */
const NORMAL = 1;
const FAULT = 1 << 2;
const TEXT = 31;

export function vendorTypes(config: Pick<Gb26875UplinkConfig, 'types'>): VendorTypes {
  return Object.fromEntries(
    Object.entries(config.types).map(([type, layout]) => [Number(type), layout as Layout]),
  );
}

/** What is sent of our own points, and when; it outlives a session. */
export interface SentStates {
  readonly states: Map<FirePoint, number>;
  /** True time of the last analogue, ms. */
  readonly analogues: Map<FirePoint, number>;
}

export class FireObjects {
  readonly #config: Gb26875UplinkConfig;
  readonly #local: LocalTime;
  readonly #vendor: VendorTypes;
  readonly #forward: ReadonlySet<string>;
  readonly #points = new Map<string, FirePoint[]>();

  constructor(config: Gb26875UplinkConfig, local: LocalTime) {
    this.#config = config;
    this.#local = local;
    this.#vendor = vendorTypes(config);
    this.#forward = new Set(
      config.forward.flatMap(({ device, points }) => points.map((point) => `${device}/${point}`)),
    );
    for (const point of config.points) {
      const key = `${point.device}/${point.point}`;
      this.#points.set(key, [...(this.#points.get(key) ?? []), point]);
    }
  }

  /** Objects that a reading becomes; none where it changes nothing the centre knows. */
  of(reading: LoggedReading, sent: SentStates): readonly FireObject[] {
    const key = `${reading.device}/${reading.point}`;
    const made = (this.#points.get(key) ?? []).flatMap((point) => this.#made(point, reading, sent) ?? []);
    const came = this.#forward.has(key) ? this.#verbatim(reading) : undefined;
    return came === undefined ? made : [...made, came];
  }

  /** Objects of one type after another become one ADU as far as they fit, in their order. */
  pack(objects: readonly FireObject[]): readonly Packed[] {
    const packed: Packed[] = [];
    let open: FireObject[] = [];
    const close = () => {
      const [first] = open;
      if (first !== undefined) {
        const adu =
          first.count === undefined
            ? writeAdu(
                first.type,
                open.map(({ bytes }) => bytes),
              )
            : Buffer.concat([Uint8Array.of(first.type, first.count), first.bytes]);
        packed.push({ adu, objects: open });
      }
      open = [];
    };
    for (const object of objects) {
      const [first] = open;
      const size = open.reduce((sum, { bytes }) => sum + bytes.length, 2);
      const layout = TYPES[object.type] ?? this.#vendor[object.type];
      const most = object.count !== undefined || layout === undefined ? 1 : mostObjects(layout);
      const fits = first?.type === object.type && open.length < most && size + object.bytes.length <= LARGEST;
      if (!fits) close();
      open.push(object);
    }
    close();
    return packed;
  }

  #verbatim({ value, quality, seq }: LoggedReading): FireObject | undefined {
    if (quality === 'bad' || typeof value !== 'string') return undefined;
    const [, typeText = '', countText, hex = ''] = VERBATIM.exec(value) ?? [];
    const bytes = fromHex(hex);
    const type = Number(typeText);
    if (bytes === undefined || bytes.length === 0 || bytes.length > LARGEST - 2) return undefined;
    if (countText !== undefined) return { type, bytes, count: Number(countText), seq, about: '*' };
    const read = readAdu(writeAdu(type, [bytes]), this.#vendor);
    const [object] = read.ok ? read.adu.objects : [];
    if (object === undefined) return undefined;
    const { systemType, systemAddress, partAddress } = object;
    const system = systemType === undefined ? '*' : `${systemType}.${systemAddress}`;
    return { type, bytes, seq, about: partAddress === undefined ? system : `${system}.${partAddress}` };
  }

  #made(point: FirePoint, reading: LoggedReading, sent: SentStates): FireObject | undefined {
    const label = timeBytes(this.#local.text(reading.time));
    const { system, part, analogue } = point;
    const about = `${system.type}.${system.address}${part === undefined ? '' : `.${part.address}`}`;
    const { seq } = reading;
    if (analogue !== undefined && part !== undefined) {
      const raw = rawOf(reading, analogue);
      const last = sent.analogues.get(point) ?? Number.NEGATIVE_INFINITY;
      if (raw === undefined || reading.time - last < this.#config.analogueEvery) return undefined;
      sent.analogues.set(point, reading.time);
      const value = Buffer.alloc(3);
      value[0] = analogue.type;
      value.writeInt16LE(raw, 1);
      return { type: 3, bytes: Buffer.concat([where(point), value, label]), seq, about };
    }
    const state = stateOf(point, reading);
    if (sent.states.get(point) === state) return undefined;
    sent.states.set(point, state);
    const bits = Buffer.alloc(2);
    bits.writeUInt16LE(state);
    if (part === undefined) return { type: 1, bytes: Buffer.concat([where(point), bits, label]), seq, about };
    return {
      type: 2,
      bytes: Buffer.concat([where(point), bits, described(part.text ?? ''), label]),
      seq,
      about,
    };
  }
}

/** A value that cannot be read is a fault to the centre, never "no fire". */
function stateOf({ state = 1 }: FirePoint, { value, quality }: LoggedReading): number {
  if (quality === 'bad' || value === null) return FAULT;
  const on = typeof value === 'number' ? value !== 0 : value === true;
  return on ? NORMAL | (1 << state) : NORMAL;
}

function rawOf(
  { value, quality, unit }: LoggedReading,
  { type, step, unit: own }: NonNullable<FirePoint['analogue']>,
) {
  if (quality === 'bad' || typeof value !== 'number') return undefined;
  const kind = ANALOGUES[type];
  const size = step ?? kind?.step;
  if (size === undefined) return undefined;
  const wanted = own ?? (kind !== undefined && isUnit(kind.unit) ? kind.unit : unit);
  try {
    const raw = Math.round(convert(value, unit, wanted) / size);
    return raw >= -32_768 && raw <= 32_767 ? raw : undefined;
  } catch {
    return undefined;
  }
}

function where({ system, part }: FirePoint): Uint8Array {
  if (part === undefined) return Uint8Array.of(system.type, system.address);
  const bytes = Buffer.alloc(7);
  bytes.set([system.type, system.address, part.type]);
  bytes.writeUInt32LE(part.address >>> 0, 3);
  return bytes;
}

/** The description field, GB18030, filled up with zeros. */
function described(text: string): Uint8Array {
  const field = Buffer.alloc(TEXT);
  field.set(encodeGb(text, TEXT));
  return field;
}
