/** The lowest seam of the bus: a byte pipe that opens, closes and opens again. Tests put their own below everything. */
import type { AgentError } from '../../core/errors.ts';
import type { Stream } from '../../core/link.ts';
import type { SerialSettings } from '../../core/site.ts';

/** An open pipe. `closed` settles when it is lost or disposed; `failure` then says why, undefined after dispose. */
export interface Pipe extends Stream {
  readonly failure: AgentError | undefined;
  /**
   * Sleeps less than a millisecond on the thread itself, where the port can; false where it has not slept. Timers
   * have whole milliseconds, and at 115200 baud half of one is 3 % of the line.
   */
  hold?(ms: number): boolean;
  /**
   * Sets rate and format from now on, where the port can be set while it is open; what was written has left. Rejects
   * with `AgentError`; the pipe is then lost or keeps the settings it had.
   */
  configure?(serial: SerialSettings, signal: AbortSignal): Promise<void>;
}

export interface Port {
  /** For people: `/dev/ttyUSB0`, `[::1]:502`. */
  readonly name: string;
  /**
   * Opens a new pipe; the one before must be disposed. Rejects with `AgentError`: `port-missing`, `port-busy`,
   * `port-denied`, `link-lost`, `aborted`; within 10 s.
   */
  open(signal: AbortSignal): Promise<Pipe>;
  /** Ceiling of the wait between two tries, ms. */
  readonly retry: number;
  /** Gives back what the port holds while no pipe is open (a listening socket); called once, by the line's end. */
  [Symbol.asyncDispose]?(): Promise<void>;
}
