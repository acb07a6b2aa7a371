/** A part of the agent that is exchanged while the others run: the one before is gone before the next begins. */
export class Exchanged<T extends AsyncDisposable | Disposable> implements AsyncDisposable {
  #current: T | undefined;

  constructor(current: T | undefined) {
    this.#current = current;
  }

  get current(): T | undefined {
    return this.#current;
  }

  async exchange(make: () => T | undefined): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#current = make();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const before = this.#current;
    this.#current = undefined;
    if (before === undefined) return;
    if (Symbol.asyncDispose in before) await before[Symbol.asyncDispose]();
    else before[Symbol.dispose]();
  }
}
