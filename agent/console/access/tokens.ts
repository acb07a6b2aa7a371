/** API tokens of programs: 256 random bits, shown once, kept as SHA-256 in `<state>/console/tokens.json`. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError } from '../../core/errors.ts';
import { ID_PATTERN } from '../../core/point.ts';
import { Turns } from '../../core/turns.ts';
import { readKept, saveKept } from './kept-file.ts';
import { type Principal, ROLES, type Role } from './role.ts';
import { SCOPES, SCOPES_OF_ROLE, type TokenScope } from './scope.ts';
import { digest, newSecret } from './secret.ts';

const tokenSchema = z.strictObject({
  id: z.string(),
  name: z.string().regex(ID_PATTERN),
  role: z.enum(ROLES),
  /** Absent in files of before there were scopes: those of the role. */
  scopes: z.array(z.enum(SCOPES)).optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Unix epoch, ms. */
  created: z.number(),
});
const fileSchema = z.strictObject({ v: z.literal(1), tokens: z.array(tokenSchema) });
type Kept = z.infer<typeof tokenSchema>;

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly TokenScope[];
  readonly created: number;
}

/** Tokens at once. */
const MOST = 100;
/** Issuer of commands: flows are told apart from other programs. */
const FLOWS = 'node-red';

export class AccessTokens {
  readonly #path: string;
  readonly #turns = new Turns();
  #tokens: readonly Kept[];

  private constructor(path: string, tokens: readonly Kept[]) {
    this.#path = path;
    this.#tokens = tokens;
  }

  /** Reads the tokens of a state folder. Rejects with `store-damaged` where the file is none of ours. */
  static async open(stateDir: string): Promise<AccessTokens> {
    const path = join(stateDir, 'console', 'tokens.json');
    const what = { is: 'a token file', fix: 'Move the file away; programs then need new tokens.' };
    return new AccessTokens(path, (await readKept(path, fileSchema, what))?.tokens ?? []);
  }

  /**
   * A new token, the only time it can be seen. Replaces one of the same name, so that a program which gets its token
   * at each start leaves no old ones behind. `scopes`: absent are those of the role.
   */
  issue(
    name: string,
    role: Role,
    now: number,
    scopes: readonly TokenScope[] = SCOPES_OF_ROLE[role],
  ): Promise<{ readonly token: Token; readonly secret: string }> {
    return this.#turns.take(async () => {
      const kept = this.#tokens.filter((one) => one.name !== name);
      if (kept.length >= MOST) {
        throw new AgentError('queue-full', `new token refused: there are ${MOST} already`, {
          fix: 'Take back tokens that are no longer used.',
        });
      }
      const secret = `kb_${newSecret()}`;
      const token = { id: randomUUID(), name, role, scopes: [...scopes], created: now };
      await this.#save([...kept, { ...token, sha256: digest(secret) }]);
      return { token, secret };
    });
  }

  /** Takes a token back; false where there is none of that id. */
  revoke(id: string): Promise<boolean> {
    return this.#turns.take(async () => {
      const kept = this.#tokens.filter((one) => one.id !== id);
      if (kept.length === this.#tokens.length) return false;
      await this.#save(kept);
      return true;
    });
  }

  list(): readonly Token[] {
    return this.#tokens.map(({ sha256: _, ...token }) => ({ ...token, scopes: scopesOf(token) }));
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
      scopes: scopesOf(found),
      valid: () => this.#tokens.some(({ sha256 }) => sha256 === kept),
    };
  }

  async #save(tokens: readonly Kept[]): Promise<void> {
    await saveKept(this.#path, { v: 1, tokens });
    this.#tokens = tokens;
  }
}

function scopesOf({ role, scopes }: Pick<Kept, 'role' | 'scopes'>): readonly TokenScope[] {
  return scopes ?? SCOPES_OF_ROLE[role];
}
