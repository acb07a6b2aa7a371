/** A thing of the street that a visitor may break, what the agent is expected to say of it, and how it is undone. */
import type { StreetParts } from '../street-parts.ts';
import type { AgentEye, SeenCommand } from './agent-eye.ts';
import type { CameraEye } from './camera-eye.ts';
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
  /** Undefined where the street has no camera. */
  readonly camera: CameraEye | undefined;
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
  noticed(ground: Ground, struck: Struck): string | undefined;
  /** Whether all is as it was before. */
  healed(ground: Ground): boolean;
}

/** When a thing was struck. */
export interface Struck {
  /** ms of the monotonic clock of this process. */
  readonly at: number;
  /** What the agent's clock showed, Unix epoch ms. */
  readonly agentTime: number;
}

export type Undo = () => Promise<void> | void;

/** A thing that the agent notices at one part of its health board, and that is over when that part is well. */
export function toldBy(part: string): Pick<Breakable, 'noticed' | 'healed'> {
  return { noticed: (ground) => said(ground, part), healed: (ground) => well(ground, part) };
}

/** The agent's own words on a part that is not well. */
export function said({ eye }: Ground, part: string): string | undefined {
  const found = eye.parts.get(part);
  if (found === undefined || !(found.state === 'down' || found.state === 'degraded')) return undefined;
  return [found.message, found.fix].filter((text) => text !== undefined).join('. ');
}

export function well({ eye }: Ground, part: string): boolean {
  return eye.up && eye.parts.get(part)?.state === 'ok';
}

/** The commands that fit, of those issued since the blow, newest first. */
export function commandsSince(
  { eye }: Ground,
  { agentTime }: Struck,
  fits: (one: SeenCommand) => boolean,
): readonly SeenCommand[] {
  return eye.commands.filter((one) => one.command.issued >= agentTime && fits(one));
}

/** Title of a standing alarm of this kind, in English. */
export function alarmed({ eye }: Ground, alarm: string): string | undefined {
  return eye.alarms.find(({ status }) => status.active && (status.alarm === alarm || status.id === alarm))
    ?.title.en;
}
