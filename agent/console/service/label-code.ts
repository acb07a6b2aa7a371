/**
 * The code of the label, which opens the service link: 60 bits, made and printed by `kerbside label --access`, kept as an
 * Argon2id hash with a salt of its own in `<state>/console/label.json`. A new label makes the old one worthless.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { typed } from '../access/codes.ts';
import { readKept, saveKept } from '../access/kept-file.ts';
import { hashPassword, isPassword } from '../access/password.ts';

const fileSchema = z.strictObject({ v: z.literal(1), hash: z.string().max(300), created: z.number() });
/** Crockford's base 32, as of short codes. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 12;

function pathOf(stateDir: string): string {
  return join(stateDir, 'console', 'label.json');
}

/** A new code, `K7QM-3XPD-9W2T`, the only time it can be seen. `now`: Unix epoch ms. */
export async function newLabelCode(stateDir: string, now: number): Promise<string> {
  const chars = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  await saveKept(pathOf(stateDir), { v: 1, hash: await hashPassword(chars), created: now });
  return chars.replace(/(.{4})(?=.)/g, '$1-');
}

/** When the code of the label was made, Unix epoch ms; undefined where there is none. */
export async function labelMade(stateDir: string): Promise<number | undefined> {
  return (await read(stateDir))?.created;
}

/** Whether it is the code of the newest label, however it was typed. Read anew each time: labels are made beside the agent. */
export async function isLabelCode(stateDir: string, code: string): Promise<boolean> {
  const kept = await read(stateDir);
  const meant = typed(code);
  return kept !== undefined && meant.length === LENGTH && (await isPassword(meant, kept.hash));
}

function read(stateDir: string) {
  const what = { is: 'a file of a label', fix: 'Print a new label: kerbside label --access.' };
  return readKept(pathOf(stateDir), fileSchema, what);
}
