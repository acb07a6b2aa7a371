/** What somebody draws over a picture, and how the site file writes it. */
import type { ApiDrawing } from '../api/contract.ts';

export type Kind = ApiDrawing['kind'];
export type Place = readonly [number, number];

export const KINDS = ['line', 'zone', 'lane', 'bay'] as const;
/** Places a kind takes at most. */
const MOST: Readonly<Record<Kind, number>> = { line: 2, lane: 4, zone: 32, bay: 32 };
const LEAST: Readonly<Record<Kind, number>> = { line: 2, lane: 4, zone: 3, bay: 3 };

export interface Plan {
  readonly kind: Kind | undefined;
  readonly places: readonly Place[];
}

export const NO_PLAN: Plan = { kind: undefined, places: [] };

/** The plan with one place more; a kind that is full begins anew. */
export function placed(plan: Plan, place: Place): Plan {
  if (plan.kind === undefined) return plan;
  const full = plan.places.length >= MOST[plan.kind];
  return { ...plan, places: full ? [place] : [...plan.places, place] };
}

/** What to write into the site file, below the camera; undefined before there are places enough. */
export function planYaml({ kind, places }: Plan): string | undefined {
  if (kind === undefined || places.length < LEAST[kind]) return undefined;
  const spots = places.map(([x, y]) => `[${x.toFixed(3)}, ${y.toFixed(3)}]`);
  switch (kind) {
    case 'line':
      return `lines:\n  - { id: line-1, from: ${spots[0]}, to: ${spots[1]}, classes: [car, bus] }`;
    case 'zone':
      return `zones:\n  - { id: zone-1, counts: vehicles, polygon: [${spots.join(', ')}] }`;
    case 'lane':
      return `lanes:\n  - { id: lane-1, points: [${spots.join(', ')}], length: 20, width: 3.5 }`;
    case 'bay':
      return `bays:\n  - { id: bay-1, polygon: [${spots.join(', ')}] }`;
  }
}
