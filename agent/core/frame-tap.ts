/** Raw frames of one device, for whoever looks at its wire for a minute. Nothing is kept and nothing costs while nobody does. */
import type { Mono } from './reading.ts';

export interface TappedFrame {
  /** When its last byte passed, monotonic ms. */
  readonly time: Mono;
  /** `down`: to the device; `up`: from it. */
  readonly dir: 'up' | 'down';
  /** Empty where nothing came in time. */
  readonly bytes: Uint8Array;
  /** Why what came is no answer, or that none came. */
  readonly error?: string;
}

export type FrameListener = (frame: TappedFrame) => void;

/** A frame with what the decoder of its protocol says of it. */
export interface ExplainedFrame extends TappedFrame {
  /** Absent: no decoder knows the protocol. */
  readonly decoded?: Readonly<Record<string, unknown>>;
}
