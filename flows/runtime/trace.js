/**
 * What the flows do at this moment, in memory that the thread which watches them can read while theirs hangs: a beat, the
 * node that is handling a message, how often each node did, and how much memory they hold.
 *
 * Int32 cells: 0 beat · 1 node that handles a message (index + 1; 0: none) · 2 node that did so last · 3 heap, kB ·
 * 4 memory outside the heap, kB · 5 longest hold-up of the event loop since the last beat, ms · from 8 on: messages by node.
 */
const BEAT = 0;
const NOW = 1;
const LAST = 2;
const HEAP = 3;
const EXTERNAL = 4;
const DELAY = 5;
const FIRST = 8;
/** Nodes that are told apart; what comes after them shares the last cell. */
const MOST = 4096;

/** Memory for one run of the flows. */
export function traceMemory() {
  return new SharedArrayBuffer((FIRST + MOST) * Int32Array.BYTES_PER_ELEMENT);
}

/** The side of the flows. */
export class TraceWriter {
  #cells;
  /** @type {Map<string, number>} node id → cell */
  #nodes = new Map();
  #onNode;

  /**
   * @param {SharedArrayBuffer} memory
   * @param {(index: number, id: string) => void} onNode told before a node is handed its first message
   */
  constructor(memory, onNode) {
    this.#cells = new Int32Array(memory);
    this.#onNode = onNode;
  }

  /** @param {string} id */
  received(id) {
    let index = this.#nodes.get(id);
    if (index === undefined) {
      index = Math.min(this.#nodes.size, MOST - 1);
      this.#nodes.set(id, index);
      this.#onNode(index, id);
    }
    Atomics.store(this.#cells, NOW, index + 1);
    Atomics.store(this.#cells, LAST, index + 1);
    Atomics.add(this.#cells, FIRST + index, 1);
  }

  handled() {
    Atomics.store(this.#cells, NOW, 0);
  }

  /**
   * @param {number} heap bytes
   * @param {number} external bytes
   * @param {number} delayMs
   */
  beat(heap, external, delayMs) {
    Atomics.store(this.#cells, HEAP, Math.round(heap / 1024));
    Atomics.store(this.#cells, EXTERNAL, Math.round(external / 1024));
    Atomics.store(this.#cells, DELAY, Math.round(delayMs));
    Atomics.add(this.#cells, BEAT, 1);
  }
}

/** The side of the watch. */
export class TraceReader {
  #cells;
  /** @type {string[]} */
  #ids = [];
  /** @type {Int32Array} counts at the last look */
  #before;

  /** @param {SharedArrayBuffer} memory */
  constructor(memory) {
    this.#cells = new Int32Array(memory);
    this.#before = new Int32Array(MOST);
  }

  /**
   * @param {number} index
   * @param {string} id
   */
  node(index, id) {
    this.#ids[index] ??= id;
  }

  get beats() {
    return Atomics.load(this.#cells, BEAT);
  }

  get heapBytes() {
    return Atomics.load(this.#cells, HEAP) * 1024;
  }

  get externalBytes() {
    return Atomics.load(this.#cells, EXTERNAL) * 1024;
  }

  get loopDelayMs() {
    return Atomics.load(this.#cells, DELAY);
  }

  /** Id of the node that is handling a message right now. */
  get handling() {
    return this.#idIn(NOW);
  }

  /** Id of the node that was the last to be handed a message. */
  get last() {
    return this.#idIn(LAST);
  }

  /** Ids of the nodes that took most messages since the last call, busiest first, at most 3. */
  busiest() {
    const counts = this.#ids.map((id, index) => {
      const now = Atomics.load(this.#cells, FIRST + index);
      const since = now - (this.#before[index] ?? 0);
      this.#before[index] = now;
      return { id, since };
    });
    return counts
      .filter(({ since }) => since > 0)
      .sort((a, b) => b.since - a.since)
      .slice(0, 3)
      .map(({ id }) => id);
  }

  /** @param {number} cell */
  #idIn(cell) {
    const index = Atomics.load(this.#cells, cell);
    return index === 0 ? undefined : this.#ids[index - 1];
  }
}
