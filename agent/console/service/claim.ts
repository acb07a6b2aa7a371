/**
 * Whether somebody has taken the unit over: from the first login of an administrator that did not come by the service link.
 * Until then it may open that link after power-up. Kept in `<state>/console/claim.json`; a factory image has none.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readKept, saveKept } from '../access/kept-file.ts';

const fileSchema = z.strictObject({ v: z.literal(1), claimed: z.number(), by: z.string() });

export class Claim implements AsyncDisposable {
  readonly #path: string;
  #claimed: boolean;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, claimed: boolean) {
    this.#path = path;
    this.#claimed = claimed;
  }

  /** A file that cannot be read counts as a claim: a damaged card must not open a door. */
  static async open(stateDir: string): Promise<Claim> {
    const path = join(stateDir, 'console', 'claim.json');
    const what = { is: 'a file of a claim', fix: 'Remove it where nobody has taken the unit over.' };
    const kept = await readKept(path, fileSchema, what).catch(() => ({ claimed: 0 }));
    return new Claim(path, kept !== undefined);
  }

  get claimed(): boolean {
    return this.#claimed;
  }

  /** From now on it is. `now`: Unix epoch ms. */
  async take(by: string, now: number): Promise<void> {
    if (this.#claimed) return;
    this.#claimed = true;
    this.#saving = saveKept(this.#path, { v: 1, claimed: now, by });
    await this.#saving;
  }

  /** Waits for what is being written: nothing writes into the state folder of a console that is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving.catch(() => {});
  }
}
