/**
 * What starts next, in two files that are written in turn, each with its digest: whatever a power cut tears, the other one
 * stands (the redundant environment of boot loaders). It is the only truth about which release runs; one rename switches.
 * The launcher reads it before anything of a release runs, so nothing it imports imports
 * more than Node.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThereSync, replaceFileSync } from '../core/durable-file.ts';

/** The release that the package brought: owned by root, never written to. */
export const FACTORY = 'factory';

/** What answered before the switch, and has to again. */
export interface Answered {
  readonly devices: readonly { readonly device: string; readonly line: string }[];
  readonly uplinks: readonly string[];
}

export interface Trial {
  readonly version: string;
  /** SHA-256 of its manifest. */
  readonly digest: string;
  /** Starts so far, of which none has led to `good`. */
  readonly starts: number;
  /** ms. */
  readonly within: number;
  readonly soak: number;
  /** Becomes the floor when it is good. */
  readonly floor: string;
  readonly before?: Answered;
}

export interface ModelTrial {
  readonly name: string;
  readonly version: string;
  /** Digest of the `model.yaml` that was there before; absent: there was none. */
  readonly was?: string;
  readonly starts: number;
}

/** As `UpdateNews` in agent/core/update.ts; plain here. */
export interface Told {
  readonly what: string;
  readonly kind: string;
  readonly version: string;
  readonly from?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly at: number;
}

export interface BootState {
  readonly v: 1;
  /** Counts up with every write. */
  readonly generation: number;
  /** A version, or `factory`. */
  readonly current: string;
  /** Version of the package over which `current` was chosen: a newer package wins over every update. */
  readonly base: string;
  /** What runs if `current` cannot. */
  readonly previous: string;
  readonly trial?: Trial;
  /** Releases and configurations that were taken back, by the digest of their manifest; they are not tried again by themselves. */
  readonly refused: readonly { readonly version: string; readonly digest: string; readonly reason: string }[];
  /** Nothing older is taken. */
  readonly floor: string;
  /** Highest serial taken, by `model:<name>` and `config`. */
  readonly serials: Readonly<Record<string, number>>;
  /** A model pack that is on trial. */
  readonly model?: ModelTrial;
  /** A change of the configuration that is watched: its bundle, and its number at whoever watches it. */
  readonly config?: { readonly version: string; readonly change: number; readonly digest?: string };
  /** Not told as events yet. */
  readonly news: readonly Told[];
  /** Newest last. */
  readonly history: readonly Told[];
}

const MOST_HISTORY = 50;
const MOST_REFUSED = 50;
const SLOTS = ['state-a', 'state-b'] as const;

/** The state of a device that was never updated. `factory`: version of the package. */
export function freshState(factory: string): BootState {
  return {
    v: 1,
    generation: 0,
    current: FACTORY,
    base: factory,
    previous: FACTORY,
    refused: [],
    floor: '0.0.0',
    serials: {},
    news: [],
    history: [],
  };
}

/** `state` with something that happened, to be told and to be remembered. */
export function withNews<S extends BootState>(state: S, ...news: readonly Told[]): S {
  return {
    ...state,
    news: [...state.news, ...news].slice(-MOST_HISTORY),
    history: [...state.history, ...news].slice(-MOST_HISTORY),
  };
}

/** `state` with a bundle that was taken back: it is not tried again by itself. */
export function withRefused<S extends BootState>(state: S, refused: BootState['refused'][number]): S {
  return { ...state, refused: [...state.refused, refused].slice(-MOST_REFUSED) };
}

/** The newest state that is whole; undefined where there is none. `torn`: a file is there that cannot be read. */
export function readBootState(dir: string): {
  readonly state: BootState | undefined;
  readonly torn: boolean;
} {
  const slots = SLOTS.map((name) => readSlot(join(dir, name)));
  const whole = slots.flatMap((slot) => (typeof slot === 'object' ? [slot] : []));
  whole.sort((a, b) => b.generation - a.generation);
  return { state: whole[0], torn: slots.includes('torn') };
}

/** Writes the next generation into the file that does not hold the newest one, and waits for the disk. */
export function writeBootState(dir: string, state: BootState): BootState {
  const slots = SLOTS.map((name) => readSlot(join(dir, name)));
  const generations = slots.map((slot) => (typeof slot === 'object' ? slot.generation : -1));
  const [a = -1, b = -1] = generations;
  const next: BootState = { ...state, generation: Math.max(a, b, state.generation) + 1 };
  const target = join(dir, a < b ? SLOTS[0] : a > b ? SLOTS[1] : SLOTS[0]);
  const body = JSON.stringify(next);
  replaceFileSync(target, `${digest(body)}\n${body}\n`);
  return next;
}

/** A release on the disk is whole once it has its marker, which its folder got before it got its name. */
export function isWhole(dir: string, version: string): boolean {
  try {
    const marker: unknown = JSON.parse(readFileSync(join(dir, version, 'release.json'), 'utf8'));
    return (marker as { readonly version?: unknown } | null)?.version === version;
  } catch {
    return false;
  }
}

function readSlot(file: string): BootState | 'torn' | undefined {
  let text: string | undefined;
  try {
    text = readIfThereSync(file)?.toString('utf8');
  } catch {
    return 'torn';
  }
  if (text === undefined) return undefined;
  const cut = text.indexOf('\n');
  const body = text.slice(cut + 1).trimEnd();
  if (text.slice(0, cut) !== digest(body)) return 'torn';
  try {
    const state = JSON.parse(body) as BootState;
    return state.v === 1 ? state : 'torn';
  } catch {
    return 'torn';
  }
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
