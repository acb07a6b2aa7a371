/**
 * Requests of one stream go one after the other, for parallel ones may arrive in any order. Where one is not accepted,
 * those that waited behind it are not sent: the backlog brings all of them again, in their order.
 */
export class Turns {
  #last: Promise<boolean> = Promise.resolve(true);
  #waiting = 0;

  /** Runs `send` in its turn; `skipped` where one before it was not accepted. Rejects as `send` does. */
  async take<T>(send: () => Promise<T>, accepted: (result: T) => boolean, skipped: T): Promise<T> {
    const before = this.#waiting === 0 ? Promise.resolve(true) : this.#last;
    const done = Promise.withResolvers<boolean>();
    this.#last = done.promise;
    this.#waiting += 1;
    let went = false;
    try {
      if (!(await before)) return skipped;
      const result = await send();
      went = accepted(result);
      return result;
    } finally {
      this.#waiting -= 1;
      done.resolve(went);
    }
  }
}
