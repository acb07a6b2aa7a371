/** One running Node-RED as its keeper sees it, whether it is a child of the agent or a service of its own. */

/** Which node of which flow: `likely` where it is only known that it was the last to handle a message. */
export interface Culprit {
  readonly flow?: string;
  readonly node?: string;
  readonly id?: string;
  readonly sure: 'certain' | 'likely';
}

/** A state of the flows that came back: the number, time (ISO 8601) and author of its deploy, and why. */
export interface Restored {
  readonly version: number;
  readonly time: string;
  readonly by: string;
  readonly why: string;
}

/** What Node-RED's process says: `flows/runtime/main.js`. */
export type FlowMessage =
  | { readonly type: 'ready'; readonly port: number; readonly restored?: Restored }
  | {
      readonly type: 'beat';
      readonly heapBytes: number;
      readonly loopDelayMs: number;
      readonly busiest?: readonly Culprit[];
    }
  | { readonly type: 'deployed'; readonly version: number; readonly by: string }
  | {
      readonly type: 'ended';
      readonly why: 'looping' | 'leaking' | 'crashed';
      readonly culprit?: Culprit;
      readonly error?: string;
    };

export interface FlowProcess {
  /** A message to it; lost where it is gone. */
  send(message: object): void;
  onMessage(listener: (message: FlowMessage) => void): void;
  /** Rejects with the reason when it has ended; never resolves. */
  readonly ended: Promise<never>;
  /** Ends it at once, or has it ended by whoever keeps it. */
  kill(): void;
}

/** Brings up the next process; a service is waited for. Rejects where it cannot be had. */
export type OpenFlowProcess = (signal: AbortSignal) => Promise<FlowProcess>;
