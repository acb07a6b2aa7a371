/** Contents of an answer as readings. */
import { bad, good, type Mono, type Place, type Reading } from '../../agent/core/reading.ts';
import { convert } from '../../agent/core/unit.ts';
import type { Content } from './format.ts';
import { itemsOf } from './items.ts';
import type { Mapped } from './map.ts';

/** The reading of one point from what follows the identifier. */
export function readingOf(device: string, mapped: Mapped, data: Uint8Array, time: Mono): Reading {
  const { point, wire, format } = mapped;
  const at: Place = { device, point: point.id, unit: point.unit };
  const { contents, trailing } = itemsOf(format, data);
  // A byte too many is known of real meters; more is another format than the one we would read it with.
  if (trailing.length > 1 || contents.length === 0) return bad(at, 'configuration', time);
  const content = contents[wire.index];
  if (content === undefined || content.kind === 'invalid') return bad(at, 'not-available', time);
  if (wire.part === 'time') {
    const moment = content.kind === 'demand' ? content.time : undefined;
    return moment === undefined ? bad(at, 'not-available', time) : good(at, moment, time);
  }
  return typeof content.value === 'number'
    ? numberReading(at, mapped, content.value, time)
    : text(at, mapped, content, time);
}

function numberReading(at: Place, { point, wire, format }: Mapped, value: number, time: Mono): Reading {
  if (point.type === 'boolean') return good(at, ((value >> (wire.bit ?? 0)) & 1) === 1, time);
  if (point.type === 'string') return good(at, String(value), time);
  const own = wire.bit === undefined ? value : (value >> wire.bit) & 1;
  const converted = format.ucum === undefined ? own : convert(own, format.ucum, point.unit);
  const rounded = point.decimals === undefined ? converted : Number(converted.toFixed(point.decimals)) + 0;
  const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (rounded < min) return bad(at, 'under-range', time);
  return rounded > max ? bad(at, 'over-range', time) : good(at, rounded, time);
}

function text(at: Place, { point }: Mapped, content: Content, time: Mono): Reading {
  if (content.kind === 'invalid' || point.type !== 'string') return bad(at, 'configuration', time);
  return content.value === '' ? bad(at, 'not-available', time) : good(at, String(content.value), time);
}
