/**
 * Passwords of people, where a site wants them: Argon2id with 19 MiB, two passes and one lane (OWASP Password Storage Cheat
 * Sheet), kept in PHC string form with a salt of its own. Length is what counts (NIST SP 800-63B §3.1.1.2): no rules of
 * composition, no change for its own sake, but nothing that is said in one breath either.
 */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export const SHORTEST = 12;
/** Characters; beyond that nothing is gained. */
export const LONGEST_PASSWORD = 128;
/** Fewest different characters. */
const DIFFERENT = 5;

const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG = 32;
/** Most that a kept hash may ask of this machine: 64 MiB, 8 passes. */
const MOST = { memory: 65_536, passes: 8 } as const;
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv',
];

const hashOf = promisify((parameters: Argon2Parameters, done: (error: Error | null, tag: Buffer) => void) =>
  argon2('argon2id', parameters, done),
);

/** Why a password will not do, as half a sentence; undefined where it will. `known`: words an attacker knows anyway. */
export function weakness(password: string, known: readonly string[]): string | undefined {
  const length = [...password].length;
  if (length < SHORTEST) return `it has ${length} characters, and ${SHORTEST} are the fewest`;
  if (length > LONGEST_PASSWORD) return `it has more than ${LONGEST_PASSWORD} characters`;
  if (/\p{Cc}/u.test(password)) return 'it has characters that cannot be typed';
  const low = password.toLowerCase();
  if (new Set(low).size < DIFFERENT) return `it has fewer than ${DIFFERENT} different characters`;
  const rest = withoutRuns(
    known.reduce((left, word) => (word.length < 3 ? left : left.replaceAll(word.toLowerCase(), '')), low),
  );
  if (rest.length < SHORTEST / 2)
    return 'all of it but a few characters is a run or a name that anybody tries first';
  for (let size = 1; size <= low.length / 2; size++) {
    const unit = low.slice(0, size);
    if (size < DIFFERENT && unit.repeat(Math.ceil(low.length / size)).startsWith(low)) {
      return 'it repeats a few characters';
    }
  }
  return undefined;
}

/** Takes runs of four and more out: 1234, qwer, dcba. */
function withoutRuns(text: string): string {
  let left = text;
  for (const run of RUNS.flatMap((one) => [one, [...one].reverse().join('')])) {
    for (let size = run.length; size >= 4; size--) {
      for (let from = 0; from + size <= run.length; from++)
        left = left.replaceAll(run.slice(from, from + size), '');
    }
  }
  return left;
}

/** The PHC string of a password (or of a label's code): all that is kept of it. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await hashOf({ message: normal(password), nonce, tagLength: TAG, ...COST });
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${plain(nonce)}$${plain(tag)}`;
}

/** Whether it is that password. False for a hash that cannot be read. */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const read = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([\w+/]{11,86})\$([\w+/]{22,86})$/.exec(kept);
  const [, memory, passes, salt = '', tag = ''] = read ?? [];
  if (read === null || Number(memory) > MOST.memory || Number(passes) > MOST.passes) return false;
  const expected = Buffer.from(tag, 'base64');
  const found = await hashOf({
    message: normal(password),
    nonce: Buffer.from(salt, 'base64'),
    tagLength: expected.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: 1,
  });
  return timingSafeEqual(found, expected);
}

/** The same password however a keyboard composes its characters (NIST SP 800-63B §3.1.1.2). */
function normal(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'), 'utf8');
}

/** Base 64 without padding, as PHC strings have it. */
function plain(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
