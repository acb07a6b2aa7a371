/** Tags of BACnet, one behind the other. ASHRAE 135 §20.2.1 */

export interface Tag {
  readonly number: number;
  /** Its number means what the service says, not a type. */
  readonly context: boolean;
  readonly kind: 'value' | 'opening' | 'closing';
  readonly contents: Uint8Array;
  /** The length or value in the tag itself; of a boolean it is the value. */
  readonly length: number;
  /** Behind it. */
  readonly end: number;
}

const BOOLEAN = 1;

/** The tag at `at`; undefined where it is cut off. */
export function tagAt(bytes: Uint8Array, at: number): Tag | undefined {
  let next = at;
  const octet = () => bytes[next++] ?? Number.NaN;
  const first = octet();
  const extended = first >> 4 === 15 ? octet() : first >> 4;
  const context = (first & 8) !== 0;
  const low = first & 7;
  if (Number.isNaN(first) || Number.isNaN(extended)) return undefined;
  if (context && low >= 6) {
    const kind = low === 6 ? 'opening' : 'closing';
    return { number: extended, context, kind, contents: new Uint8Array(), length: 0, end: next };
  }
  let length = low;
  if (low === 5) {
    length = octet();
    if (length === 254) length = octet() * 256 + octet();
    else if (length === 255) length = ((octet() * 256 + octet()) * 256 + octet()) * 256 + octet();
  }
  const inTag = !context && extended === BOOLEAN;
  const end = next + (inTag ? 0 : length);
  if (!(end <= bytes.length)) return undefined;
  const contents = bytes.subarray(next, end);
  return { number: extended, context, kind: 'value', contents, length, end };
}
