/** What carries exchanges over an open pipe: one at a time on a wire (exchange.ts), several over MBAP (mbap-carrier.ts). */
import type { AgentError } from '../core/errors.ts';
import type { Exchange } from '../core/link.ts';
import type { Mono } from '../core/reading.ts';
import type { SerialSettings } from '../core/site.ts';

/** What one exchange was, for metrics. */
export interface Transaction {
  readonly device: string;
  /** Time the line was busy with it and with nothing else that was reported, silence and all, ms. */
  readonly busy: number;
  /** End of the request to the first byte, ms; where an answer came. */
  readonly turnaround?: number;
  readonly error?: AgentError;
  readonly noiseBytes: number;
  readonly foreignFrames: number;
}

/** An exchange lent to one execution, one at a time: worthless after `revoke`. */
export interface Lease {
  readonly exchange: Exchange;
  revoke(): void;
}

export interface Carrier extends Disposable {
  /**
   * An exchange in the name of `device`. `cap`: no time-out above it, ms (probes). `serial`: settings of the device; the
   * port is set to them first.
   */
  lend(device: string, cap?: number, serial?: SerialSettings): Lease;
  /** Until when an answer to an earlier request may come that could be taken for a later one's; undefined for no danger. */
  owedUntil(device: string): Mono | undefined;
}
