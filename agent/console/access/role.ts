/** Who may do what: three roles, each of which may do all that the one before may. */
import type { Scope } from './scope.ts';

export const ROLES = ['viewer', 'technician', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** What a way in gives. */
export interface Grant {
  readonly role: Role;
  /** Who it is for; absent: nobody said. */
  readonly person?: string;
  /** Absent: all that the role may. */
  readonly scopes?: readonly Scope[];
}

/** Somebody who has shown a session or a token. */
export interface Principal {
  /** A person at the pages, or a program with a token. */
  readonly kind: 'session' | 'token';
  /**
   * For the audit trail: `console:<role>` or `console:<role>:<person>` of a session, `flow:<name>` or `api:<name>` of a
   * token.
   */
  readonly name: string;
  readonly role: Role;
  /** Absent: all that the role may. */
  readonly scopes?: readonly Scope[];
  /** Whether it is still let in: false once the session ended or the token was taken back. */
  readonly valid: () => boolean;
}

/** True where `role` may do what asks for `needed`. */
export function reaches(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Name of a session in the audit trail. */
export function sessionName({ role, person }: Grant): string {
  return person === undefined ? `console:${role}` : `console:${role}:${person}`;
}
