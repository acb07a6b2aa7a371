/** Exit codes of every command, and errors as sentences. */
import { asAgentError } from '../core/errors.ts';

export const EXIT = {
  /** Done; the answer is yes. */
  ok: 0,
  /** Done; the answer is no: the file has problems, the ledger does not balance, the frame is not valid. */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Could not be done: a port, a file, a broker, a device. */
  failed: 3,
  /** Interrupted by a second signal. */
  interrupted: 130,
} as const;

/** `what failed: why (facts). The fix.` One line; the stack only where asked for. */
export function sentence(thrown: unknown, debug = false): string {
  const error = asAgentError(thrown);
  const fix = error.fix === undefined ? '' : `; ${error.fix}`;
  if (!debug) return `${error.message.split('\n')[0]}${fix}`;
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return `${error.message}${fix}\n${error.stack}${cause}`;
}
