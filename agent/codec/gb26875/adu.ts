/**
 * Application data units: type, count, objects (GB/T 26875.3-2011 §8, Table 3). A layout names the fields of an object in
 * order; vendors' types (128 to 254) get the layout that a setting gives them.
 */
import {
  bitsOf,
  DEVICE_OPERATION,
  DEVICE_STATE,
  PART_STATE,
  SYSTEM_OPERATION,
  SYSTEM_STATE,
} from './names.ts';

/** Layouts of objects. `part-state-short` and `analogue` are also what vendors' types are made of. */
export type Layout =
  | 'system-state'
  | 'part-state'
  | 'part-state-short'
  | 'analogue'
  | 'operation'
  | 'version'
  | 'configuration'
  | 'part-configuration'
  | 'clock'
  | 'device-state'
  | 'device-operation'
  | 'device-version'
  | 'device-configuration'
  | 'device-clock'
  | 'read-system'
  | 'read-part'
  | 'read-operations'
  | 'read-device-operations'
  | 'reserved'
  | 'set-clock'
  | 'duty-check';

/** Type numbers of the norm (Table 3). */
export const TYPES: Readonly<Record<number, Layout>> = {
  1: 'system-state',
  2: 'part-state',
  3: 'analogue',
  4: 'operation',
  5: 'version',
  6: 'configuration',
  7: 'part-configuration',
  8: 'clock',
  21: 'device-state',
  24: 'device-operation',
  25: 'device-version',
  26: 'device-configuration',
  28: 'device-clock',
  61: 'read-system',
  62: 'read-part',
  63: 'read-part',
  64: 'read-operations',
  65: 'read-system',
  66: 'read-system',
  67: 'read-part',
  68: 'read-system',
  81: 'reserved',
  84: 'read-device-operations',
  85: 'reserved',
  86: 'reserved',
  88: 'reserved',
  89: 'reserved',
  90: 'set-clock',
  91: 'duty-check',
};

/** Bytes of an object, its time label included; undefined: a text of its own length stands in it. */
const SIZES: Readonly<Record<Layout, number | undefined>> = {
  'system-state': 10,
  'part-state': 46,
  'part-state-short': 15,
  analogue: 16,
  operation: 10,
  version: 4,
  configuration: undefined,
  'part-configuration': 38,
  clock: 8,
  'device-state': 7,
  'device-operation': 8,
  'device-version': 2,
  'device-configuration': undefined,
  'device-clock': 6,
  'read-system': 2,
  'read-part': 6,
  'read-operations': 9,
  'read-device-operations': 7,
  reserved: 1,
  'set-clock': 6,
  'duty-check': 1,
};

/** One object with what its layout has. */
export interface AduObject {
  readonly layout: Layout;
  readonly bytes: Uint8Array;
  readonly systemType?: number;
  readonly systemAddress?: number;
  readonly partType?: number;
  readonly partAddress?: number;
  /** System, part or device state as bits. */
  readonly state?: number;
  readonly states?: readonly string[];
  readonly operation?: number;
  readonly operations?: readonly string[];
  readonly operator?: number;
  readonly analogueType?: number;
  /** Signed, in steps of its kind. */
  readonly raw?: number;
  readonly text?: string;
  /** `main.minor` */
  readonly version?: string;
  readonly count?: number;
  readonly minutes?: number;
  readonly reserved?: number;
  /** Time label, or the clock itself. */
  readonly time?: Uint8Array;
}

export interface Adu {
  readonly type: number;
  readonly count: number;
  readonly layout: Layout | undefined;
  /** Empty where the type is unknown. */
  readonly objects: readonly AduObject[];
}

export type VendorTypes = Readonly<Record<number, Layout>>;
export type ReadAdu =
  | { readonly ok: true; readonly adu: Adu }
  | { readonly ok: false; readonly error: string };

const GB18030 = new TextDecoder('gb18030');

/** The objects of an ADU; `vendor` gives types beyond the norm their layout. Never throws. */
export function readAdu(bytes: Uint8Array, vendor: VendorTypes = {}): ReadAdu {
  const no = (error: string) => ({ ok: false, error }) as const;
  const [type, count] = bytes;
  if (type === undefined || count === undefined) return no(`adu: ${bytes.length} bytes, at least 2`);
  const layout = TYPES[type] ?? vendor[type];
  if (layout === undefined) {
    return type >= 128 && type <= 254
      ? { ok: true, adu: { type, count, layout, objects: [] } }
      : no(`adu: type ${type} is not known`);
  }
  const objects: AduObject[] = [];
  let at = 2;
  for (let i = 0; i < count; i++) {
    const size = SIZES[layout] ?? textSize(layout, bytes, at);
    if (at + size > bytes.length) {
      return no(`adu: ${count} objects of type ${type} do not fit into ${bytes.length} bytes`);
    }
    objects.push(objectOf(layout, bytes.slice(at, at + size)));
    at += size;
  }
  if (at !== bytes.length)
    return no(`adu: ${count} objects of type ${type} end at ${at} of ${bytes.length} bytes`);
  return { ok: true, adu: { type, count, layout, objects } };
}

function textSize(layout: Layout, bytes: Uint8Array, at: number): number {
  const lengthAt = layout === 'configuration' ? 2 : 0;
  return lengthAt + 1 + (bytes[at + lengthAt] ?? bytes.length);
}

/** `bytes` are all of the object. */
export function objectOf(layout: Layout, bytes: Uint8Array): AduObject {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const byte = (at: number) => view[at] ?? 0;
  const system = { layout, bytes, systemType: byte(0), systemAddress: byte(1) };
  const part = () => ({ ...system, partType: byte(2), partAddress: view.readUInt32LE(3) });
  const state = (value: number, names: readonly string[]) => ({ state: value, states: bitsOf(value, names) });
  const operation = (value: number, names: readonly string[]) => ({
    operation: value,
    operations: bitsOf(value, names),
  });
  switch (layout) {
    case 'system-state':
      return { ...system, ...state(view.readUInt16LE(2), SYSTEM_STATE), time: bytes.slice(4, 10) };
    case 'part-state':
      return {
        ...part(),
        ...state(view.readUInt16LE(7), PART_STATE),
        text: textOf(bytes.subarray(9, 40)),
        time: bytes.slice(40, 46),
      };
    case 'part-state-short':
      return { ...part(), ...state(view.readUInt16LE(7), PART_STATE), time: bytes.slice(9, 15) };
    case 'analogue':
      return { ...part(), analogueType: byte(7), raw: view.readInt16LE(8), time: bytes.slice(10, 16) };
    case 'operation':
      return {
        ...system,
        ...operation(byte(2), SYSTEM_OPERATION),
        operator: byte(3),
        time: bytes.slice(4, 10),
      };
    case 'version':
      return { ...system, version: `${byte(2)}.${byte(3)}` };
    case 'configuration':
      return { ...system, text: textOf(bytes.subarray(3)) };
    case 'part-configuration':
      return { ...part(), text: textOf(bytes.subarray(7, 38)) };
    case 'clock':
      return { ...system, time: bytes.slice(2, 8) };
    case 'device-state':
      return { layout, bytes, ...state(byte(0), DEVICE_STATE), time: bytes.slice(1, 7) };
    case 'device-operation':
      return {
        layout,
        bytes,
        ...operation(byte(0), DEVICE_OPERATION),
        operator: byte(1),
        time: bytes.slice(2, 8),
      };
    case 'device-version':
      return { layout, bytes, version: `${byte(0)}.${byte(1)}` };
    case 'device-configuration':
      return { layout, bytes, text: textOf(bytes.subarray(1)) };
    case 'device-clock':
    case 'set-clock':
      return { layout, bytes, time: bytes.slice(0, 6) };
    case 'read-system':
      return system;
    case 'read-part':
      return { ...system, partAddress: view.readUInt32LE(2) };
    case 'read-operations':
      return { ...system, count: byte(2), time: bytes.slice(3, 9) };
    case 'read-device-operations':
      return { layout, bytes, count: byte(0), time: bytes.slice(1, 7) };
    case 'reserved':
      return { layout, bytes, reserved: byte(0) };
    case 'duty-check':
      return { layout, bytes, minutes: byte(0) };
  }
}

/** A description of fixed length: filled up with zeros or blanks. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return GB18030.decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
}

/** An ADU of objects that are bytes already. */
export function writeAdu(type: number, objects: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(type, objects.length), ...objects]);
}

/** Most objects of a type in one ADU (Table 3): what fits into 1024 bytes, or what the norm says. */
export function mostObjects(layout: Layout): number {
  const size = SIZES[layout];
  if (layout === 'device-operation') return 127;
  if (layout === 'part-configuration') return 26;
  if (size === undefined) return layout === 'configuration' ? 3 : 1;
  return ['system-state', 'part-state', 'analogue', 'operation', 'part-state-short'].includes(layout)
    ? Math.floor(1022 / size)
    : 1;
}
