/**
 * Hashes of the evidence. Every lane is a chain of its own: its beginning is a hash of the epoch and the lane's name;
 * each batch adds SHA-256(chain before + digest of the batch). Two steps, so that evidence of a time range can give a
 * batch outside of it by its digest alone. All hashes are SHA-256 (FIPS 180-4).
 */
import { hash } from 'node:crypto';
import type { Lane } from '../../core/point.ts';
import type { BatchRow } from '../batches.ts';

/** Begins whatever is hashed or signed, so that a signature of this kind is good for nothing else. */
export const DOMAIN = 'kerbside-evidence-1';
/** Bytes of a digest that a statement lists for each batch: they only tell which batch differs, the chain proves. */
export const WITNESS_BYTES = 6;

export function sha256(bytes: Uint8Array | string): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** Of a chain or table without anything in it. */
export function beginning(epoch: string, name: Lane | 'points' | 'clock'): Buffer {
  return sha256(`${DOMAIN}\n${epoch}\n${name}\n`);
}

/** What a batch is: its numbers, its boot (by name, for row ids mean nothing elsewhere), its span and its bytes. */
export function batchDigest(boot: string, { first, count, mono_min, mono_max, body }: BatchRow): Buffer {
  const head = Buffer.from(`${first} ${count} ${mono_min} ${mono_max} ${boot}\n`);
  return sha256(Buffer.concat([head, body]));
}

/** The chain after one more digest. */
export function link(before: Uint8Array, digest: Uint8Array): Buffer {
  return sha256(Buffer.concat([before, digest]));
}

/** Base64url without padding. */
export function text64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

export function bytes64(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}
