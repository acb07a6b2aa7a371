/**
 * What is broken now, when the agent noticed it, what it said, and how long it took until all was well again. Several
 * things may be broken together.
 */
import type { Breakable, Ground, Struck, Undo } from './breakable.ts';
import { BREAKABLES } from './breakables.ts';

/** One thing that was broken. Times are ms of the monotonic clock of this process. */
export interface Broken {
  readonly id: string;
  readonly struck: Struck;
  readonly noticed?: number;
  /** The agent's own words. */
  readonly says?: string;
  /** Undone by a visitor, or by itself. */
  readonly undone?: number;
  readonly healed?: number;
}

/** What is over stays in the list so long, ms. */
const REMEMBERED = 15_000;

export class Stage implements AsyncDisposable {
  readonly #ground: Ground;
  readonly #broken = new Map<string, Broken>();
  readonly #undo = new Map<string, Undo>();
  readonly #watching: Disposable;
  /** Strikes and undoings at one part of the street happen one behind another. */
  readonly #turns = new Map<Breakable['at'], Promise<unknown>>();

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#watching = ground.eye.onChange(() => this.#look());
  }

  /** Newest first. */
  get broken(): readonly Broken[] {
    this.#forget();
    return [...this.#broken.values()].toReversed();
  }

  /** Breaks it; nothing where it is broken already. Rejects where there is no such thing, or it cannot be broken now. */
  strike(id: string): Promise<void> {
    const thing = find(id);
    return this.#inTurn(thing, async () => {
      const before = this.#broken.get(id);
      if (before !== undefined && before.healed === undefined) return;
      this.#broken.delete(id);
      const struck = { at: performance.now(), agentTime: this.#ground.eye.now };
      const undo = await thing.strike(this.#ground);
      this.#undo.set(id, undo);
      this.#broken.set(id, { id, struck, ...(thing.passes === true ? { undone: struck.at } : {}) });
      this.#look();
    });
  }

  /** Undoes it; nothing where it is not broken. */
  undo(id: string): Promise<void> {
    return this.#inTurn(find(id), async () => {
      const one = this.#broken.get(id);
      const undo = this.#undo.get(id);
      if (one === undefined || undo === undefined) return;
      this.#undo.delete(id);
      // What passes by itself and was not noticed until now, as nothing can be recorded: forgotten.
      if (find(id).passes === true && one.noticed === undefined) return void this.#broken.delete(id);
      const undone = performance.now();
      await undo();
      this.#broken.set(id, { ...one, ...this.#broken.get(id), undone });
      this.#look();
    });
  }

  async undoAll(): Promise<void> {
    await Promise.all([...this.#undo.keys()].map((id) => this.undo(id)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undoAll().catch(() => undefined);
    this.#watching[Symbol.dispose]();
  }

  #inTurn<T>({ at }: Breakable, run: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(at) ?? Promise.resolve()).then(run);
    this.#turns.set(
      at,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** Holds what the agent says against what is broken. */
  #look(): void {
    const now = performance.now();
    for (const before of this.#broken.values()) {
      if (before.healed !== undefined) continue;
      const thing = find(before.id);
      const says = before.noticed === undefined ? thing.noticed(this.#ground, before.struck) : undefined;
      const one = says === undefined ? before : { ...before, noticed: now, says };
      const over = one.undone !== undefined && (thing.passes !== true || one.noticed !== undefined);
      const healed = over && thing.healed(this.#ground);
      if (one !== before || healed) this.#broken.set(one.id, healed ? { ...one, healed: now } : one);
    }
  }

  #forget(): void {
    const now = performance.now();
    for (const { id, healed } of this.#broken.values()) {
      if (healed !== undefined && now - healed > REMEMBERED) this.#broken.delete(id);
    }
  }
}

function find(id: string): Breakable {
  const thing = BREAKABLES.find((one) => one.id === id);
  if (thing === undefined) throw new Error(`there is nothing called ${JSON.stringify(id)} to break`);
  return thing;
}
