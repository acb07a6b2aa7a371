/** Takes the value of a point out of a frame. */
import { hex } from '../../agent/core/bytes.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import type { Value } from '../../agent/core/reading.ts';
import type { Told } from '../teller.ts';
import { compile } from './pattern.ts';
import { type NumberType, type Options, TYPES, type Wire, wireSchema } from './schema.ts';

/** Undefined: the frame does not tell the point; null: it tells that there is no value. */
type Taker = (frame: Uint8Array, text: () => string) => Value | null | undefined;

/** Reads all points of a profile from a frame. */
export function reader(points: readonly ProfilePoint[], options: Options): (frame: Uint8Array) => Told {
  const takers = points.map((point) => [point.id, takerOf(point, wireSchema.parse(point.wire))] as const);
  const { start, end } = options.frame;
  const decoder = new TextDecoder(options.encoding === 'ascii' ? 'latin1' : options.encoding);
  return (frame) => {
    let cached: string | undefined;
    const text = () => {
      cached ??= decoder.decode(frame.subarray(start?.length ?? 0, frame.length - (end?.length ?? 0)));
      return cached;
    };
    const told: Record<string, Value | null> = {};
    for (const [id, take] of takers) {
      const value = take(frame, text);
      if (value !== undefined) told[id] = value;
    }
    return told;
  };
}

function takerOf(point: ProfilePoint, wire: Wire): Taker {
  if (wire.offset !== undefined) return binary(point, wire, wire.offset);
  const { cases, match, value } = wire;
  if (cases !== undefined) {
    const all = cases.map((one) => ({ pattern: patternOf(one.match), value: one.value }));
    return (_frame, text) => all.find(({ pattern }) => pattern.test(text()))?.value;
  }
  const pattern = patternOf(match ?? '');
  return (_frame, text) => {
    const found = pattern.exec(text());
    if (found === null) return undefined;
    if (value !== undefined) return value;
    const group = (found[1] ?? '').trim();
    if (point.type !== 'number') return group === '' ? null : group;
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(group) ? scaled(Number(group), wire) : null;
  };
}

function patternOf(source: string): RegExp {
  const found = compile(source);
  // The profile has been checked: a pattern that is none matches nothing.
  return found.ok ? found.pattern : /(?!)/;
}

function binary(point: ProfilePoint, wire: Wire, offset: number): Taker {
  const { type = 'uint8', when, bit } = wire;
  return (frame) => {
    if (when !== undefined && !when.equals.every((byte, i) => frame[when.offset + i] === byte))
      return undefined;
    const at = offset < 0 ? frame.length + offset : offset;
    if (type === 'hex' || type === 'ascii') {
      const bytes = frame.subarray(at, at + (wire.length ?? 0));
      if (at < 0 || bytes.length !== wire.length) return undefined;
      return type === 'hex' ? hex(bytes).replaceAll(' ', '') : printable(bytes);
    }
    if (at < 0 || at + TYPES[type] > frame.length) return undefined;
    const raw = numberAt(new DataView(frame.buffer, frame.byteOffset + at, TYPES[type]), type);
    if (bit !== undefined) return point.type === 'boolean' ? ((raw >>> bit) & 1) === 1 : (raw >>> bit) & 1;
    return point.type === 'boolean' ? raw !== 0 : scaled(raw, wire);
  };
}

function scaled(raw: number, { scale, plus }: Wire): number {
  // Twelve digits: what binary fractions add is not the device's.
  return Number((raw * scale + plus).toPrecision(12));
}

function printable(bytes: Uint8Array): string | null {
  const text = new TextDecoder('latin1').decode(bytes).trim();
  return /^[\x20-\x7e]+$/.test(text) ? text : null;
}

function numberAt(view: DataView, type: NumberType): number {
  const little = type.endsWith('-le');
  switch (type) {
    case 'uint8':
      return view.getUint8(0);
    case 'int8':
      return view.getInt8(0);
    case 'uint16-be':
    case 'uint16-le':
      return view.getUint16(0, little);
    case 'int16-be':
    case 'int16-le':
      return view.getInt16(0, little);
    case 'uint32-be':
    case 'uint32-le':
      return view.getUint32(0, little);
    case 'int32-be':
    case 'int32-le':
      return view.getInt32(0, little);
    default:
      return view.getFloat32(0, little);
  }
}
