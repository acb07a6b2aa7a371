/** The newest lines of the log, already masked, for whoever has to tell what happened without a journal. */

/** Lines, and bytes of them. */
const MOST_LINES = 2000;
const MOST_BYTES = 512 * 1024;

export class RecentLog {
  #lines: string[] = [];
  #bytes = 0;
  #secrets: readonly string[] = [];

  /** Secrets of the site, of before a change of it too. */
  get secrets(): readonly string[] {
    return this.#secrets;
  }

  knows(secrets: readonly string[]): void {
    this.#secrets = [...new Set([...this.#secrets, ...secrets])];
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#bytes += line.length;
    while (this.#lines.length > MOST_LINES || this.#bytes > MOST_BYTES) {
      this.#bytes -= this.#lines.shift()?.length ?? 0;
    }
  }

  text(): string {
    return this.#lines.join('');
  }
}

/** That of this process. */
export const recentLog = new RecentLog();
