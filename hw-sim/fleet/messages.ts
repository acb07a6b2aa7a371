/** What the simulated city and its processes of poles say to each other. */
import type { PoleOptions } from './pole.ts';

export type WorkerPlan = Omit<PoleOptions, 'plan' | 'dir' | 'tell'> & {
  readonly poles: readonly (PoleOptions['plan'] & { readonly dir: string; readonly password?: string })[];
};

export type ToWorker =
  | { readonly do: 'start'; readonly plan: WorkerPlan }
  /** Measure how each comes back from here on: what is logged now is backlog. */
  | { readonly do: 'mark' }
  /** No more readings. */
  | { readonly do: 'quiet' }
  | { readonly do: 'stop' };

/** How one agent came back after the mark; CLOCK_MONOTONIC ms, absent while it has not. */
export interface Return {
  readonly index: number;
  /** Its link was up. */
  connected?: number;
  /** Something that was logged after it was connected is acknowledged. */
  live?: number;
  /** Everything that was logged before it was connected is. */
  replayed?: number;
}

/** An agent without a link, or with records that are not settled. */
export interface Waiting {
  readonly agent: string;
  readonly up: boolean;
  readonly backlog: number;
  /** What its link said last. */
  readonly says?: string;
}

export interface WorkerFacts {
  readonly connected: number;
  readonly stored: number;
  readonly acknowledged: number;
  /** Of agents whose id is theirs alone; what others hold back waits for a person. */
  readonly backlog: number;
  readonly refused: number;
  readonly dropped: number;
  readonly resent: number;
  /** Agents that are held back because another machine is online under their id. */
  readonly rivals: readonly string[];
  /** Agents whose log an uplink said nothing of yet. */
  readonly unheard: number;
  /** The first of those who are not done. */
  readonly waiting: readonly Waiting[];
  /** No more readings are made. */
  readonly quiet: boolean;
  /** Of this process: bytes, and seconds of CPU so far. */
  readonly rss: number;
  readonly cpu: number;
}

export type FromWorker =
  | { readonly tell: 'started' }
  | { readonly tell: 'facts'; readonly facts: WorkerFacts }
  | {
      readonly tell: 'links';
      readonly links: readonly { readonly index: number; readonly up: boolean; readonly at: number }[];
    }
  | { readonly tell: 'returns'; readonly returns: readonly Return[] }
  | { readonly tell: 'stopped' };
