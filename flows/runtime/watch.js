/**
 * Watches the thread of the flows from the process's main thread, which no flow can hold up: one that hangs, one whose
 * memory runs out, one that crashes; and says which node of which flow it was.
 */
import { FlowNames, nodeOfFile, nodeOfStack } from './culprit.js';
import { stackOf } from './pause.js';
import { TraceReader } from './trace.js';

const LOOK_MS = 500;
/** Looks without a beat after which the flows hang: 8 s of this thread, not of the wall clock. */
const SILENT_LOOKS = 16;
/** Memory outside the heap (buffers) may be as much as this share of the heap. */
const OUTSIDE = 1.5;
/** Longest wait for the stack of a thread that hangs, ms. */
const HALT_MS = 5000;
/** Function nodes that were broken off so often within a minute are a loop. */
const TIMEOUTS = 3;
const TIMEOUTS_WITHIN_MS = 60_000;

/** @typedef {'looping' | 'leaking' | 'crashed'} Why */

export class FlowWatch {
  #worker;
  #heap;
  #onEnd;
  #trace;
  names = new FlowNames();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #beats = 0;
  #silent = 0;
  #ready = false;
  #over = false;
  /** @type {string | undefined} id of the node that holds most of a growing heap */
  #holder;
  /** @type {{id: string, at: number}[]} */
  #timeouts = [];

  /**
   * @param {import('node:worker_threads').Worker} worker
   * @param {SharedArrayBuffer} memory
   * @param {number} heap bytes the flows may use
   * @param {(why: Why, culprit: import('./culprit.js').Culprit | undefined, error?: string) => void} onEnd told once
   */
  constructor(worker, memory, heap, onEnd) {
    this.#worker = worker;
    this.#trace = new TraceReader(memory);
    this.#heap = heap;
    this.#onEnd = onEnd;
    worker.on('error', (error) => this.#died(error));
  }

  /** @param {{type: string, index?: number, id?: string, flows?: unknown}} message of the thread */
  told(message) {
    if (message.type === 'node') this.#trace.node(message.index ?? 0, message.id ?? '');
    if (message.type === 'flows') this.names.set(message.flows);
    if (message.type === 'holder') this.#holder = message.id;
    if (message.type === 'timeout') this.#timedOut(message.id ?? '');
    if (message.type === 'ready') {
      this.#ready = true;
      this.#timer = setInterval(() => this.#look(), LOOK_MS);
    }
  }

  /** The thread ended by itself, which no flow may bring about. @param {number} code */
  exited(code) {
    this.#end('crashed', this.#ready ? this.#likely() : undefined, `exit code ${code}`);
  }

  stop() {
    this.#over = true;
    clearInterval(this.#timer);
  }

  /** What the agent is told now and then. */
  facts() {
    const { heapBytes, externalBytes, loopDelayMs } = this.#trace;
    const busiest = this.#trace.busiest().map((id) => this.names.name(id, 'likely'));
    return { heapBytes: heapBytes + externalBytes, loopDelayMs, busiest };
  }

  get alive() {
    return this.#silent < SILENT_LOOKS;
  }

  #look() {
    const { beats, externalBytes } = this.#trace;
    this.#silent = beats === this.#beats ? this.#silent + 1 : 0;
    this.#beats = beats;
    if (this.#silent === SILENT_LOOKS) return void this.#hangs();
    if (externalBytes > this.#heap * OUTSIDE) return this.#end('leaking', this.#likely());
  }

  async #hangs() {
    // A heap that is nearly full keeps the collector busy and nothing else gets a turn.
    const full = this.#trace.heapBytes > this.#heap * 0.8;
    const { handling } = this.#trace;
    const running = full ? undefined : ((await this.#running().catch(() => undefined)) ?? handling);
    if (this.#over || this.#silent < SILENT_LOOKS) return;
    if (full) this.#end('leaking', this.#holds());
    else this.#end('looping', running === undefined ? this.#likely() : this.names.name(running, 'certain'));
  }

  /** The function node whose code runs, as the stack of the halted thread says; undefined where it is none. */
  async #running() {
    const stack = await stackOf(`worker ${this.#worker.threadId}`, HALT_MS);
    return stack.flatMap((file) => nodeOfFile(file) ?? [])[0];
  }

  /** @param {string} id */
  #timedOut(id) {
    const now = performance.now();
    this.#timeouts = this.#timeouts.filter(({ at }) => now - at < TIMEOUTS_WITHIN_MS);
    this.#timeouts.push({ id, at: now });
    if (this.#timeouts.filter((one) => one.id === id).length >= TIMEOUTS)
      this.#end('looping', this.names.name(id, 'certain'));
  }

  /** @param {unknown} error */
  #died(error) {
    const { code, message } = /** @type {{code?: string, message?: string}} */ (error);
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') return this.#end('leaking', this.#holds());
    const thrower = nodeOfStack(error);
    const text = String(message ?? error).slice(0, 300);
    if (thrower !== undefined) return this.#end('crashed', this.names.name(thrower, 'certain'), text);
    this.#end('crashed', this.#ready ? this.#likely() : undefined, text);
  }

  #holds() {
    const { handling } = this.#trace;
    const id = this.#holder ?? handling;
    return id === undefined ? this.#likely() : this.names.name(id, 'certain');
  }

  /** The node that handles a message, or did so last. */
  #likely() {
    const id = this.#trace.handling ?? this.#trace.last;
    return id === undefined ? undefined : this.names.name(id, 'likely');
  }

  /**
   * @param {Why} why
   * @param {import('./culprit.js').Culprit | undefined} culprit
   * @param {string} [error]
   */
  #end(why, culprit, error) {
    if (this.#over) return;
    this.stop();
    this.#onEnd(why, culprit, error);
  }
}
