/** Read Device Identification: what a device says of itself. Modbus Application Protocol V1.1b3 §6.21 (43/14) */

/** Names of objects 0 to 6. */
export const OBJECT_NAMES = [
  'vendor',
  'product',
  'revision',
  'url',
  'productName',
  'modelName',
  'application',
] as const;
export type ObjectName = (typeof OBJECT_NAMES)[number];

/** What a device said of itself, as far as it said it. */
export type Identification = Readonly<Partial<Record<ObjectName, string>>>;

const FUNCTION = 43;
const MEI = 14;
/** Vendor, product and revision. */
export const BASIC = 1;
/** Basic and objects 3 to 6. */
export const REGULAR = 2;

/** `unit + PDU` that asks for all objects of a level, from object `first` on. */
export function identificationRequest(unit: number, level: number, first: number): Uint8Array {
  return Uint8Array.of(unit, FUNCTION, MEI, level, first);
}

export interface IdentificationPage {
  /** Text by object id. */
  readonly objects: ReadonlyMap<number, string>;
  /** Object to ask for next; undefined where this was the last page. */
  readonly next: number | undefined;
}

/** Reads `unit + PDU` of an answer; undefined where it is none. Objects that are cut off are left out. */
export function identificationPage(body: Uint8Array): IdentificationPage | undefined {
  if (body[1] !== FUNCTION || body[2] !== MEI || body.length < 8) return undefined;
  const objects = new Map<number, string>();
  let at = 8;
  for (let i = 0; i < (body[7] ?? 0); i++) {
    const id = body[at];
    const length = body[at + 1];
    if (id === undefined || length === undefined || at + 2 + length > body.length) break;
    objects.set(id, textOf(body.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return { objects, next: body[5] === 0xff ? body[6] : undefined };
}

/** Characters without what pads them: zeros, blanks, control characters. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x20 || byte === 0x7f ? ' ' : String.fromCharCode(byte)))
    .join('')
    .trim();
}
