/** What an error of a poll says: which reason its readings get, and whether the device was heard at all. */
import type { ErrorCode } from '../core/errors.ts';
import type { Reason } from '../core/reading.ts';

const REASON_BY_CODE: Partial<Record<ErrorCode, Reason>> = {
  timeout: 'timeout',
  'device-exception': 'device-failure',
  'device-busy': 'device-failure',
  unsupported: 'configuration',
  'config-invalid': 'configuration',
  'not-found': 'configuration',
  'port-denied': 'configuration',
};

/** Reason of the bad readings that an error makes. */
export function reasonOf(code: ErrorCode): Reason {
  return REASON_BY_CODE[code] ?? 'communication-failure';
}

/** True where the error means that the device did not answer (properly), which its breaker counts. */
export function unheard(code: ErrorCode): boolean {
  return code === 'timeout' || code === 'frame-invalid' || code === 'late-answer';
}

/** True where the error is about the port and not about the device. */
export function portLost(code: ErrorCode): boolean {
  return code === 'link-lost' || code.startsWith('port-');
}
