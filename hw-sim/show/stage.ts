/**
 * What is broken now, when the agent noticed it, what it said, and how long it took until all was well again. One thing
 * at a time is struck or undone; several may be broken together.
 */
import type { Breakable, Ground, Undo } from './breakable.ts';
import { BREAKABLES } from './breakables.ts';

/** One thing that was broken. Times are ms of the monotonic clock of this process. */
export interface Broken {
  readonly id: string;
  readonly struck: number;
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
  /** Strikes and undoings happen one behind another. */
  #turn: Promise<unknown> = Promise.resolve();

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
    return this.#inTurn(async () => {
      const before = this.#broken.get(id);
      if (before !== undefined && before.healed === undefined) return;
      this.#broken.delete(id);
      const struck = performance.now();
      const undo = await thing.strike(this.#ground);
      this.#undo.set(id, undo);
      this.#broken.set(id, { id, struck, ...(thing.passes === true ? { undone: struck } : {}) });
      this.#look();
    });
  }

  /** Undoes it; nothing where it is not broken. */
  undo(id: string): Promise<void> {
    find(id);
    return this.#inTurn(async () => {
      const one = this.#broken.get(id);
      const undo = this.#undo.get(id);
      if (one === undefined || undo === undefined) return;
      this.#undo.delete(id);
      const undone = performance.now();
      await undo();
      this.#broken.set(id, { ...one, ...this.#broken.get(id), undone });
      this.#look();
    });
  }

  async undoAll(): Promise<void> {
    for (const id of [...this.#undo.keys()]) await this.undo(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undoAll().catch(() => undefined);
    this.#watching[Symbol.dispose]();
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Holds what the agent says against what is broken. */
  #look(): void {
    const now = performance.now();
    for (const one of this.#broken.values()) {
      if (one.healed !== undefined) continue;
      const thing = find(one.id);
      if (one.noticed === undefined) {
        const says = thing.noticed(this.#ground);
        if (says !== undefined) this.#broken.set(one.id, { ...one, noticed: now, says });
      }
      const over = one.undone !== undefined && (thing.passes !== true || one.noticed !== undefined);
      if (over && thing.healed(this.#ground)) {
        this.#broken.set(one.id, { ...one, healed: now });
      }
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
