/**
 * API tokens of programs: 256 random bits, shown once, kept as SHA-256 in `<state>/console/tokens.json`. The file is
 * replaced whole (written beside, synced, renamed), so that a power cut leaves the old or the new one.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError } from '../../core/errors.ts';
import { ID_PATTERN } from '../../core/point.ts';
import { type Principal, ROLES, type Role } from './role.ts';
import { digest, newSecret } from './secret.ts';

const tokenSchema = z.strictObject({
  id: z.string(),
  name: z.string().regex(ID_PATTERN),
  role: z.enum(ROLES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Unix epoch, ms. */
  created: z.number(),
});
const fileSchema = z.strictObject({ v: z.literal(1), tokens: z.array(tokenSchema) });

export type Token = Omit<z.infer<typeof tokenSchema>, 'sha256'>;

/** Tokens at once. */
const MOST = 100;
/** Issuer of commands: flows are told apart from other programs. */
const FLOWS = 'node-red';

export class AccessTokens {
  readonly #path: string;
  #tokens: readonly z.infer<typeof tokenSchema>[];
  /** Changes go one after another. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, tokens: readonly z.infer<typeof tokenSchema>[]) {
    this.#path = path;
    this.#tokens = tokens;
  }

  /** Reads the tokens of a state folder. Rejects with `store-damaged` where the file is none of ours. */
  static async open(stateDir: string): Promise<AccessTokens> {
    const path = join(stateDir, 'console', 'tokens.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
        return new AccessTokens(path, []);
      throw damaged(path, cause);
    }
    try {
      return new AccessTokens(path, fileSchema.parse(JSON.parse(text)).tokens);
    } catch (cause) {
      throw damaged(path, cause);
    }
  }

  /**
   * A new token, the only time it can be seen. Replaces one of the same name, so that a program which gets its token
   * at each start leaves no old ones behind.
   */
  issue(name: string, role: Role, now: number): Promise<{ readonly token: Token; readonly secret: string }> {
    return this.#change(async () => {
      const kept = this.#tokens.filter((one) => one.name !== name);
      if (kept.length >= MOST) {
        throw new AgentError('queue-full', `new token refused: there are ${MOST} already`, {
          fix: 'Take back tokens that are no longer used.',
        });
      }
      const secret = `kb_${newSecret()}`;
      const token = { id: randomUUID(), name, role, created: now };
      await this.#save([...kept, { ...token, sha256: digest(secret) }]);
      return { token, secret };
    });
  }

  /** Takes a token back; false where there is none of that id. */
  revoke(id: string): Promise<boolean> {
    return this.#change(async () => {
      const kept = this.#tokens.filter((one) => one.id !== id);
      if (kept.length === this.#tokens.length) return false;
      await this.#save(kept);
      return true;
    });
  }

  list(): readonly Token[] {
    return this.#tokens.map(({ id, name, role, created }) => ({ id, name, role, created }));
  }

  /** Whose secret it is. */
  find(secret: string): Principal | undefined {
    const kept = digest(secret);
    const found = this.#tokens.find(({ sha256 }) => sha256 === kept);
    if (found === undefined) return undefined;
    return {
      kind: 'token',
      name: `${found.name === FLOWS ? 'flow' : 'api'}:${found.name}`,
      role: found.role,
      valid: () => this.#tokens.some(({ sha256 }) => sha256 === kept),
    };
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(change);
    this.#tail = done.catch(() => {});
    return done;
  }

  async #save(tokens: readonly z.infer<typeof tokenSchema>[]): Promise<void> {
    await mkdir(join(this.#path, '..'), { recursive: true, mode: 0o700 });
    const beside = `${this.#path}.new`;
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ v: 1, tokens }, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.#path);
    this.#tokens = tokens;
  }
}

function damaged(path: string, cause: unknown): AgentError {
  return new AgentError('store-damaged', `reading ${path} failed: it is not a token file`, {
    cause,
    fix: 'Move the file away; programs then need new tokens.',
  });
}
