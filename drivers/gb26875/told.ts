/** What an object says, point by point. */
import type { AduObject } from '../../agent/codec/gb26875/adu.ts';
import { ANALOGUES, SYSTEMS } from '../../agent/codec/gb26875/names.ts';
import { hex } from '../../agent/core/bytes.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import type { Value } from '../../agent/core/reading.ts';
import { convert, isUnit, type Unit } from '../../agent/core/unit.ts';
import { STATE_FIELDS, type StateField, type Wire, wireSchema } from './schema.ts';
import { type FireState, within } from './state.ts';

/** Kinds of analogue whose unit is not in our table, in one that is. */
const IN_TABLE: Readonly<Record<number, readonly [step: number, unit: Unit]>> = {
  10: [6, 'L/min'],
  11: [6, 'm3/h'],
};

/** Step and unit of a kind of analogue; undefined for a vendor's without a step. */
export function analogueScale(
  { analogueType = 0, step }: Wire,
  unit: Unit,
): readonly [number, Unit] | undefined {
  if (step !== undefined) return [step, unit];
  const table = IN_TABLE[analogueType];
  if (table !== undefined) return table;
  const kind = ANALOGUES[analogueType];
  return kind === undefined || !isUnit(kind.unit) ? undefined : [kind.step, kind.unit];
}

/** Types that say what happens now; the others are values and descriptions. */
const EVENTS: ReadonlySet<number> = new Set([1, 2, 4, 21, 24]);
const EVENT_LAYOUTS: ReadonlySet<string> = new Set([
  'system-state',
  'part-state',
  'part-state-short',
  'operation',
]);

/** An object as it came, for whoever forwards it: type, then its bytes in hex. */
export function verbatim(type: number, bytes: Uint8Array): string {
  return `${type} ${hex(bytes)}`;
}

/** The same of a vendor's type whose layout nobody knows: all objects, with how many there are. */
export function verbatimAll(type: number, count: number, bytes: Uint8Array): string {
  return `${type}x${count} ${hex(bytes)}`;
}

export function isEvent(type: number, layout: string | undefined): boolean {
  return EVENTS.has(type) || (type >= 128 && (layout === undefined || EVENT_LAYOUTS.has(layout)));
}

type Reader = (type: number, object: AduObject, state: FireState, changed: boolean) => Value | undefined;

/** One reader a point; it gives nothing where the object does not concern the point. */
export function readersOf(points: readonly ProfilePoint[]): ReadonlyMap<string, Reader> {
  return new Map(points.map((point) => [point.id, readerOf(point)]));
}

function readerOf(point: ProfilePoint): Reader {
  const wire = wireSchema.parse(point.wire);
  const { field } = wire;
  if ((STATE_FIELDS as readonly string[]).includes(field)) {
    return (_type, object, state, changed) =>
      changed && near(object, wire) ? state.is(field as StateField, wire) : undefined;
  }
  const own: Reader = (type, object) => tellOf(point, wire, type, object);
  return (type, object, ...rest) => (within(object, wire) ? own(type, object, ...rest) : undefined);
}

/** Whether what `object` says may concern the point: a reset of its system does too. */
function near(object: AduObject, wire: Wire): boolean {
  const sameSystem = within({ ...object, ...onlyPart(wire) }, wire);
  return object.layout === 'operation' || object.layout === 'system-state'
    ? sameSystem
    : within(object, wire);
}

function onlyPart({ partType, partAddress }: Wire) {
  return {
    ...(partType === undefined ? {} : { partType }),
    ...(partAddress === undefined ? {} : { partAddress }),
  };
}

function tellOf(point: ProfilePoint, wire: Wire, type: number, object: AduObject): Value | undefined {
  const { layout } = object;
  switch (wire.field) {
    case 'event':
      return isEvent(type, layout) ? verbatim(type, object.bytes) : undefined;
    case 'value':
      return isEvent(type, layout) ? undefined : verbatim(type, object.bytes);
    case 'message':
      return layout === 'part-state' || layout === 'system-state' || layout === 'part-state-short'
        ? messageOf(object)
        : undefined;
    case 'operation':
      return layout === 'operation' || layout === 'device-operation'
        ? `${object.operations?.join('+') ?? ''} (${object.operator})`
        : undefined;
    case 'dutyAnswer':
      return layout === 'device-operation' && object.operations?.includes('dutyCheckAnswer') === true
        ? true
        : undefined;
    case 'version':
      return layout === 'version' || layout === 'device-version' ? object.version : undefined;
    case 'configuration':
      return layout === 'configuration' || layout === 'device-configuration' ? object.text : undefined;
    case 'analogue':
      return analogueOf(point, wire, object);
    default:
      return undefined;
  }
}

/** `火灾报警系统 1.3 217-6 fire Ａ区１层呷哺走廊`: system, its address, part as zone and place, states, description. */
function messageOf({
  systemType = 0,
  systemAddress,
  partAddress,
  states = [],
  text = '',
}: AduObject): string {
  const part = partAddress === undefined ? '' : ` ${partAddress & 0xffff}-${partAddress >>> 16}`;
  const said = states.filter((state) => state !== 'normal' || states.length === 1).join('+');
  const system = SYSTEMS[systemType] ?? `系统 ${systemType}`;
  return `${system} ${systemType}.${systemAddress}${part} ${said === '' ? 'no state' : said} ${text}`.trim();
}

function analogueOf(
  point: ProfilePoint,
  wire: Wire,
  { layout, analogueType, raw }: AduObject,
): Value | undefined {
  if (layout !== 'analogue' || analogueType !== wire.analogueType || raw === undefined) return undefined;
  const [step, unit] = analogueScale(wire, point.unit) ?? [1, point.unit];
  // Twelve digits: what binary fractions add is not the device's.
  return Number(convert(raw * step, unit, point.unit).toPrecision(12));
}
