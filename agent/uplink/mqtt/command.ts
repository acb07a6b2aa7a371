/** Reads a command as it came over the wire. Whatever the bytes are, the answer is a value. */
import type { Command } from '../../core/command.ts';
import { ID_PATTERN } from '../../core/point.ts';
import type { Value } from '../../core/reading.ts';

export type ReadCommand =
  | { readonly kind: 'command'; readonly command: Command }
  /** It has an id, so its sender gets a result. */
  | { readonly kind: 'malformed'; readonly id: string; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Bytes; a command is a few hundred. */
export const LONGEST_COMMAND = 16_384;
const LONGEST_TEXT = 1024;
/** Names that mean something else to objects; an id is no place for them. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
/** ISO 8601 date and time with a zone. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const LAST_TIME = 8.64e15;
const PRINTABLE = /^[\x20-\x7e]{1,64}$/;
/** ms; a week. */
const LONGEST_LEASE = 604_800_000;

/** `uplink` is the id of the uplink; it goes before the issuer, so that nobody far away can pass for a local user. `now`: Unix ms. */
export function readCommand(
  bytes: Uint8Array,
  at: { readonly device: string; readonly point: string },
  uplink: string,
  now: number,
): ReadCommand {
  if (bytes.length > LONGEST_COMMAND) return unreadable(`${bytes.length} bytes, at most ${LONGEST_COMMAND}`);
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return unreadable('not JSON in UTF-8');
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return unreadable('not a JSON object');
  const field = (name: string): unknown =>
    Object.hasOwn(payload, name) ? (payload as Record<string, unknown>)[name] : undefined;

  const id = field('id');
  if (!isId(id)) return unreadable('id is not [A-Za-z0-9_-]{1,64}');
  const malformed = (reason: string): ReadCommand => ({ kind: 'malformed', id, reason });
  if (!isId(at.device) || !isId(at.point))
    return malformed('device or point of the topic is not [A-Za-z0-9_-]{1,64}');
  const value = field('value');
  if (!isValue(value))
    return malformed(`value: expected a number, true, false or a text of at most ${LONGEST_TEXT}`);
  const ttl = field('ttl');
  if (ttl !== undefined && !isLease(ttl))
    return malformed(`ttl: expected whole ms from 1 to ${LONGEST_LEASE}`);
  if (ttl !== undefined && field('expires') !== undefined) return malformed('give ttl or expires, not both');
  const given = field('issued');
  const issued = ttl !== undefined && given === undefined ? now : readTime(given);
  if (issued === undefined) return malformed('issued: expected ISO 8601 with a zone, or Unix ms');
  const expires = ttl === undefined ? readTime(field('expires')) : now + ttl;
  if (expires === undefined) return malformed('expires: expected ISO 8601 with a zone, or Unix ms');
  const issuer = field('issuer');
  if (issuer !== undefined && (typeof issuer !== 'string' || !PRINTABLE.test(issuer))) {
    return malformed('issuer: expected 1 to 64 printable ASCII characters');
  }
  const lease = field('lease');
  if (lease !== undefined && !isLease(lease))
    return malformed(`lease: expected whole ms from 1 to ${LONGEST_LEASE}`);
  if (ttl === undefined && expires <= issued) return malformed('expires: expected a time after issued');
  return {
    kind: 'command',
    command: {
      id,
      device: at.device,
      point: at.point,
      value,
      issuer: issuer === undefined ? `uplink:${uplink}` : `uplink:${uplink}/${issuer}`,
      issued: ttl === undefined ? issued : now,
      expires,
      ...(ttl === undefined ? {} : { ttl }),
      ...(lease === undefined ? {} : { lease }),
    },
  };
}

function unreadable(reason: string): ReadCommand {
  return { kind: 'unreadable', reason };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value) && !PROTOTYPE_NAMES.has(value);
}

function isValue(value: unknown): value is Value {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || (typeof value === 'string' && value.length <= LONGEST_TEXT);
}

function isLease(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LONGEST_LEASE;
}

/** Unix ms of ISO 8601 with a zone, or of Unix ms; undefined for anything else. */
export function readTime(value: unknown): number | undefined {
  const time = typeof value === 'string' && ISO_TIME.test(value) ? Date.parse(value) : value;
  if (typeof time !== 'number' || !Number.isFinite(time) || Math.abs(time) > LAST_TIME) return undefined;
  return Math.trunc(time);
}
