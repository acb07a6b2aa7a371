/**
 * Which unit of an agent this is. A replacement carries a higher generation than the unit it replaces, which is how the
 * old one is told to be silent (docs/replace.md). Kept in `identity.json` of the state folder; a restore raises it, and so
 * does a card that is found in another machine.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { give } from '../backup/plan.ts';
import { replaceFileSync } from '../core/durable-file.ts';

const shape = z.object({
  /** 1 for a unit that replaced nobody. */
  generation: z.number().int().min(1).max(1_000_000_000),
  /** Id of the machine that has it. */
  hardware: z.string().max(256),
});
export type Identity = z.infer<typeof shape>;

export const IDENTITY_FILE = 'identity.json';

/** Undefined where there is none, or a damaged one. */
export function readIdentity(state: string): Identity | undefined {
  try {
    return shape.parse(JSON.parse(readFileSync(join(state, IDENTITY_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Durable with its return. Throws where the folder cannot be written. */
export function writeIdentity(state: string, identity: Identity): void {
  // Root may do this for the agent's user, who has to read it.
  replaceFileSync(join(state, IDENTITY_FILE), `${JSON.stringify(identity)}\n`, (fresh) => give(fresh, state));
}

/** The identity this start runs under, on `hardware`. Where it cannot be written, the next start decides again. */
export function identityAtStart(
  state: string,
  hardware: string,
  told: (event: 'identity.raised' | 'identity.unwritten', facts: Readonly<Record<string, unknown>>) => void,
): Identity {
  const known = readIdentity(state);
  if (known?.hardware === hardware) return known;
  const identity = { generation: (known?.generation ?? 0) + 1, hardware };
  if (known !== undefined)
    told('identity.raised', {
      generation: identity.generation,
      why: 'the card was in another machine before',
    });
  try {
    writeIdentity(state, identity);
  } catch (thrown) {
    told('identity.unwritten', { error: thrown instanceof Error ? thrown.message : String(thrown) });
  }
  return identity;
}
