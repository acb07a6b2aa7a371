/**
 * Logging contract: one JSON line per event, `area.verb` names, facts in fields with unit suffixes
 * (`_ms`, `_bytes`), on transitions and not per poll. Never a secret, never a frame of a camera.
 */
export type Facts = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
  /** A log that adds `facts` to every line. */
  with(facts: Facts): Log;
}

/** A log that says nothing; for tests and one-shot commands. */
export const silent: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silent,
};
