/** A place that signed documents come from. Any will do: what counts is the signature. */
import type { Clock } from '../../../core/time/clock.ts';

export interface DocumentSource {
  /** For log and health; no secret in it. */
  readonly name: string;
  /** Brings documents until `signal` aborts, or rejects where the source fails; it is run again then, with back-off. */
  run(running: SourceRun): Promise<void>;
}

export interface SourceRun {
  readonly take: (envelope: Uint8Array, from: string) => void;
  /** Called whenever the source has answered. */
  readonly healthy: () => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
