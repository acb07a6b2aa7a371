/** Work that must not overlap: a file that is saved, a bus that is asked, one after another in the order in which it came. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();

  /** Begins `work` when everything before it is over. Settles as it does; work that fails does not stop what comes behind it. */
  take<T>(work: () => Promise<T> | T): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }

  /** Resolves when all that has been taken so far is over, however it ended. */
  async over(): Promise<void> {
    await this.#tail;
  }
}
