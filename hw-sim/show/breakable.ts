/** A thing of the street that a visitor may break, what the agent is expected to say of it, and how it is undone. */
import type { StreetParts } from '../street-parts.ts';
import type { AgentEye } from './agent-eye.ts';
import type { CityEye } from './city-eye.ts';

export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** What there is to break. */
export interface Ground {
  readonly street: StreetParts;
  readonly eye: AgentEye;
  readonly city: CityEye;
  /** The agent's process. */
  readonly agent: {
    /** Undefined while it is being started again. */
    readonly pid: number | undefined;
    /** Starts it anew with a wall clock that shows `wall` (Unix epoch ms) now, or the street's own time again. */
    setClock(wall: number | undefined): void;
  };
}

export interface Breakable {
  readonly id: string;
  readonly title: Words;
  /** What is done to the street. */
  readonly does: Words;
  /** Part of the drawing that is struck. */
  readonly at:
    | 'meter'
    | 'line'
    | 'city'
    | 'agent'
    | 'camera'
    | 'lamp'
    | 'sos'
    | 'underpass'
    | 'disk'
    | 'flows'
    | 'door';
  /** True: it passes by itself, and there is nothing to undo. */
  readonly passes?: true;
  /** Breaks it; gives what undoes it. */
  strike(ground: Ground): Promise<Undo> | Undo;
  /** What the agent says once it has noticed; undefined: not yet. */
  noticed(ground: Ground): string | undefined;
  /** Whether all is as it was before. */
  healed(ground: Ground): boolean;
}

export type Undo = () => Promise<void> | void;

/** The agent's own words on a part that is not well. */
export function said({ eye }: Ground, part: string): string | undefined {
  const found = eye.parts.get(part);
  if (found === undefined || !(found.state === 'down' || found.state === 'degraded')) return undefined;
  return [found.message, found.fix].filter((text) => text !== undefined).join('. ');
}

export function well({ eye }: Ground, part: string): boolean {
  return eye.up && eye.parts.get(part)?.state === 'ok';
}

/** Title of a standing alarm of this kind, in English. */
export function alarmed({ eye }: Ground, alarm: string): string | undefined {
  return eye.alarms.find(({ status }) => status.active && (status.alarm === alarm || status.id === alarm))
    ?.title.en;
}
