/** Random secrets and what is kept of them: 256 random bits need no slow hash, for nobody can try them all. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as base64url: 43 characters of `[A-Za-z0-9_-]`. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 as hex: the only form in which a secret is kept. */
export function digest(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

/** Compares a shown secret with the kept digest in constant time. */
export function matches(secret: string, kept: string): boolean {
  const a = Buffer.from(digest(secret), 'hex');
  const b = Buffer.from(kept, 'hex');
  return a.length === b.length && timingSafeEqual(a, b);
}
