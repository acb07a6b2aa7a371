/** Notes whose code holds the memory once much of it is held, so that it is known by the time there is none left. */
import { Session } from 'node:inspector/promises';
import { nodeOfHeapProfile } from './culprit.js';

/** Share of the heap from which notes are made; below it they cost nothing. */
const FROM = 0.5;
/** How often they are read, ms. */
const EVERY_MS = 1000;
/** One in so many bytes is noted. */
const INTERVAL = 64 * 1024;

export class Holder {
  #heap;
  #onHolder;
  /** @type {Session | undefined} */
  #session;
  #read = 0;

  /**
   * @param {number} heap bytes there are
   * @param {(id: string) => void} onHolder told the id of the function node that holds most of what came since
   */
  constructor(heap, onHolder) {
    this.#heap = heap;
    this.#onHolder = onHolder;
  }

  /** @param {number} used bytes */
  async look(used) {
    if (used < this.#heap * FROM) {
      this.#session?.disconnect();
      this.#session = undefined;
      return;
    }
    const now = performance.now();
    if (now - this.#read < EVERY_MS) return;
    this.#read = now;
    if (this.#session === undefined) {
      this.#session = new Session();
      this.#session.connect();
      await this.#session.post('HeapProfiler.startSampling', { samplingInterval: INTERVAL });
      return;
    }
    const { profile } = await this.#session.post('HeapProfiler.getSamplingProfile');
    const id = nodeOfHeapProfile(profile);
    if (id !== undefined) this.#onHolder(id);
  }
}
