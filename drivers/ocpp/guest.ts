/** What endpoint, station and dialect have between them: a charger that may come in, and its connection. */

/** A charger's connection. */
export interface Link {
  readonly remote: string;
  /** Sends a call; rejects with what the charger or the library says, within 20 s. */
  call(action: string, payload: object): Promise<unknown>;
  close(): void;
}

/** A charger that may come in. */
export interface Guest {
  /** Absent: whoever names it is believed; only on loopback. */
  readonly password: string | undefined;
  arrived(link: Link): void;
  left(link: Link): void;
  /** Answers a call of the charger; throws what `refuse` made. */
  take(action: string, payload: unknown): object;
}

class RefusedCall extends Error {
  readonly rpcErrorCode: string;
  readonly details = {};

  constructor(code: string, message: string) {
    super(message);
    this.rpcErrorCode = code;
  }
}

/** An error that goes back to the charger as a CALLERROR. OCPP-J 1.6 §4.2.3 */
export function refuse(
  code: 'NotImplemented' | 'NotSupported' | 'FormationViolation' | 'SecurityError',
  message: string,
): Error {
  return new RefusedCall(code, message);
}
