/**
 * A statement: what the log held at one moment, signed by the device's key (Ed25519, RFC 8032). It is the body of an
 * `audit` event, so it stands in the log and goes upstream; whoever received it can hold the log to it.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Lane } from '../../core/point.ts';
import type { AgentEvent, Json } from '../../core/record.ts';
import { bytes64, DOMAIN, text64 } from './digest.ts';

export const CAUSES = ['period', 'alarm', 'start', 'stop'] as const;
export type Cause = (typeof CAUSES)[number];

/** A number of a lane and its chain there, as base64url. */
type Place = [seq: number, hash: string];

export interface Unsigned {
  readonly what: 'signature';
  readonly v: 1;
  readonly agent: string;
  readonly epoch: string;
  /** 1, 2, 3 … in an epoch. */
  readonly number: number;
  readonly cause: Cause;
  /** True time as far as known, Unix epoch ms. */
  readonly time: number;
  /** Last number of each lane that has any, and its chain there. */
  readonly heads: Partial<Record<Lane, Place>>;
  /** First number of each lane that is in the chain and kept, where that is not 1, and the chain before it. */
  readonly tails: Partial<Record<Lane, Place>>;
  /** Rows of the point table, the chain of what never changes of them, and a hash of the rest as it was. */
  readonly points: [rows: number, hash: string, facts: string];
  /** Rows of the clock table, and their chain. */
  readonly clock: [rows: number, hash: string];
  /** First bytes of the digest of every batch since the statement before, one after the other, base64url. */
  readonly witnesses: Partial<Record<Lane, string>>;
}

export interface Statement extends Unsigned {
  /** The public key, 32 bytes, base64url. */
  readonly key: string;
  readonly signature: string;
}

/** JSON with the keys of every object in order: the same bytes wherever the statement has travelled. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}

function signedBytes(statement: Omit<Statement, 'signature'>): Buffer {
  const { signature: _, ...rest } = { signature: '', ...statement };
  return Buffer.from(`${DOMAIN}\n${canonical(rest as unknown as Json)}`);
}

export function signStatement(unsigned: Unsigned, privateKey: KeyObject): Statement {
  const whole = { ...unsigned, key: publicText(privateKey) };
  return { ...whole, signature: text64(sign(null, signedBytes(whole), privateKey)) };
}

/** True where the statement is signed by the key it names. Never throws. */
export function isSigned(statement: Statement): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: statement.key }, format: 'jwk' });
    return verify(null, signedBytes(statement), key, bytes64(statement.signature));
  } catch {
    return false;
  }
}

/** The 32 bytes of an Ed25519 public key as base64url (`x` of RFC 8037). */
export function publicText(key: KeyObject): string {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return x ?? '';
}

/** The statement as the event it is logged as. `time`: monotonic ms. */
export function statementEvent(statement: Statement, time: number): AgentEvent {
  return { event: 'audit', severity: 'info', time, body: statement as unknown as AgentEvent['body'] };
}
