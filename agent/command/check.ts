/** What can be said of a command from its words and the point it aims at. */

import type { Command, Rejection } from '../core/command.ts';
import { ID_PATTERN, type Point } from '../core/point.ts';

/** Longest life of a command, ms: one that lives for weeks is a program, not a command. */
const LONGEST_LIFE = 7 * 86_400_000;

/** Why `command` is malformed, or undefined. Takes anything: commands come from outside. */
export function checkShape(command: Command): string | undefined {
  if (!isId(command.id)) return 'id: expected 1-64 letters, digits, - or _';
  if (!isId(command.device)) return 'device: expected 1-64 letters, digits, - or _';
  if (!isId(command.point)) return 'point: expected 1-64 letters, digits, - or _';
  if (typeof command.issuer !== 'string' || command.issuer.length === 0 || command.issuer.length > 128) {
    return 'issuer: expected 1-128 characters';
  }
  if (!['number', 'boolean', 'string'].includes(typeof command.value))
    return 'value: expected number, boolean or text';
  if (typeof command.value === 'number' && !Number.isFinite(command.value))
    return 'value: expected a finite number';
  if (typeof command.value === 'string' && command.value.length > 1024)
    return 'value: expected at most 1024 characters';
  if (!Number.isFinite(command.issued)) return 'issued: expected Unix epoch milliseconds';
  if (!Number.isFinite(command.expires)) return 'expires: expected Unix epoch milliseconds';
  if (command.expires - command.issued > LONGEST_LIFE) return 'expires: expected at most 7 days after issued';
  if (command.ttl !== undefined && !(command.ttl > 0 && command.ttl <= LONGEST_LIFE)) {
    return 'ttl: expected milliseconds above 0, at most 7 days';
  }
  if (command.lease !== undefined && !(Number.isFinite(command.lease) && command.lease > 0)) {
    return 'lease: expected milliseconds above 0';
  }
  return undefined;
}

/** Why `command` cannot be for `point`, or undefined. */
export function checkAgainstPoint(
  command: Command,
  point: Point | undefined,
): { code: Rejection; reason: string } | undefined {
  if (point === undefined) {
    return { code: 'unknown-point', reason: `device ${command.device} has no point ${command.point}` };
  }
  if (point.access === 'read') return { code: 'read-only', reason: `${point.id} is read-only` };
  if (typeof command.value !== point.type) {
    return {
      code: 'wrong-type',
      reason: `${point.id}: expected a ${point.type}, got a ${typeof command.value}`,
    };
  }
  if (typeof command.value === 'number' && point.range !== undefined) {
    const [min, max] = point.range;
    if (command.value < min || command.value > max) {
      return {
        code: 'out-of-range',
        reason: `${point.id}: expected ${min}…${max} ${point.unit}, got ${command.value}`,
      };
    }
  }
  return undefined;
}

function isId(id: unknown): boolean {
  return typeof id === 'string' && ID_PATTERN.test(id);
}
