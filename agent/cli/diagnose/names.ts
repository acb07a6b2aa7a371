/** Units and shares as sentences name them. */
import type { Expected } from './question.ts';

/** `meter-3 (unit 3)`, or `unit 3`. */
export function nameOf({ unit, device }: Expected): string {
  return device === undefined ? `unit ${unit}` : `${device} (unit ${unit})`;
}

/** `unit 1, unit 2 and unit 4` */
export function namesOf(units: readonly Expected[]): string {
  const names = units.map(nameOf);
  const last = names.at(-1) ?? 'nobody';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** `3 of 14` */
export function of(part: number, all: number): string {
  return `${part} of ${all}`;
}

/** 0 where nothing was counted. */
export function share(part: number, all: number): number {
  return all === 0 ? 0 : part / all;
}
