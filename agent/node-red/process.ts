/** One running Node-RED as its keeper sees it, whether it is a child of the agent or a service of its own. */

/** What Node-RED's process says: `flows/runtime/main.js`. */
export type FlowMessage =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'beat'; readonly heapBytes: number; readonly loopDelayMs: number };

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
