/**
 * Talks to an agent's local API with a token: single calls, and one event stream that serves all nodes of a config node,
 * opened again with growing waits when it breaks.
 *
 * @typedef {{device: string, point: string, value: number | boolean | string | null, unit: string,
 *   quality: 'good' | 'uncertain' | 'bad', reason?: string, time: number}} Reading
 * @typedef {{event: string, severity: string, device?: string, time: number, body: Record<string, unknown>}} AgentEvent
 * @typedef {{uplink: string, connected: boolean, stored: number, acknowledged: number, refused: number, dropped: number,
 *   backlog: number, missing: number, doubled: number}} Ledger
 * @typedef {{state?: (up: boolean, why?: string) => void, readings?: (readings: readonly Reading[]) => void,
 *   event?: (event: AgentEvent) => void, ledgers?: (ledgers: readonly Ledger[]) => void}} Listener
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventReader } from './event-stream.js';
import { Transport } from './transport.js';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** The agent breaks its silence every 15 s. */
const SILENCE_MS = 45_000;
const REQUEST_MS = 30_000;
/** Longest answer that is read, bytes. */
const LONGEST = 32 * 1024 * 1024;

export class AgentClient {
  #url;
  #token;
  #transport;
  #stop = new AbortController();
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {Promise<void> | undefined} */
  #following;
  #up = false;
  /** @type {string | undefined} */
  #why;
  /** @type {Map<string, Reading>} last reading of each point, for a node that starts to listen later */
  #last = new Map();
  /** @type {readonly Ledger[] | undefined} */
  #ledgers;

  /**
   * @param {string} url address of the console
   * @param {string} token API token; scope `read` or more
   * @param {import('./transport.js').Trust} [trust]
   */
  constructor(url, token, trust) {
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#transport = new Transport(this.#url, trust);
  }

  close() {
    this.#stop.abort(new Error('the agent node was closed'));
    this.#listeners.clear();
    this.#transport.close();
  }

  /**
   * What the agent tells from now on; the last reading of each point and the state of the connection first.
   *
   * @param {Listener} listener
   * @returns {() => void} ends it
   */
  listen(listener) {
    this.#listeners.add(listener);
    if (this.#up) listener.state?.(true);
    else if (this.#why !== undefined) listener.state?.(false, this.#why);
    if (this.#last.size > 0) listener.readings?.([...this.#last.values()]);
    if (this.#ledgers !== undefined) listener.ledgers?.(this.#ledgers);
    this.#following ??= this.#follow();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * The last reading of a point; undefined where none has come.
   *
   * @param {string} device
   * @param {string} point
   */
  latest(device, point) {
    return this.#last.get(`${device}/${point}`);
  }

  /**
   * One call of the API; throws with the agent's own words where it refuses.
   *
   * @param {string} path
   * @param {{method?: string, body?: object}} [options]
   * @returns {Promise<any>}
   */
  async call(path, options = {}) {
    const answer = await this.#ask(path, { ...options, signal: AbortSignal.timeout(REQUEST_MS) });
    const text = await textOf(answer);
    try {
      return JSON.parse(text);
    } catch {
      throw new Error('the agent’s answer is not to be read: is the address that of a console?');
    }
  }

  /**
   * @param {string} path
   * @param {{method?: string, body?: object, signal: AbortSignal}} options
   */
  async #ask(path, { method = 'GET', body, signal }) {
    if (this.#url === '') throw new Error('no address: enter the address of the console in the agent node');
    const answer = await this.#transport.send(`/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.#stop.signal, signal]),
    });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw new Error(refusal(await textOf(answer)) ?? `the agent answered ${status}`);
  }

  async #follow() {
    let wait = FIRST_WAIT_MS;
    while (!this.#stop.signal.aborted) {
      let why = 'the agent ended the stream';
      try {
        await this.#stream(() => {
          wait = FIRST_WAIT_MS;
        });
      } catch (error) {
        why = reasonOf(error);
      }
      if (this.#stop.signal.aborted) return;
      this.#up = false;
      this.#why = why;
      for (const listener of this.#listeners) listener.state?.(false, why);
      await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal: this.#stop.signal }).catch(() => {});
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  /** @param {() => void} onOpen */
  async #stream(onOpen) {
    const quiet = new AbortController();
    const patience = setTimeout(() => quiet.abort(new Error('the agent fell silent')), SILENCE_MS);
    try {
      const answer = await this.#ask('/stream', { signal: quiet.signal });
      onOpen();
      this.#up = true;
      for (const listener of this.#listeners) listener.state?.(true);
      const read = eventReader((event, data) => this.#heard(event, data));
      for await (const chunk of answer) {
        patience.refresh();
        read(chunk);
      }
    } finally {
      clearTimeout(patience);
    }
  }

  /**
   * @param {string} event
   * @param {string} data
   */
  #heard(event, data) {
    if (event === 'readings') {
      /** @type {readonly Reading[]} */
      const readings = JSON.parse(data).readings;
      for (const reading of readings) this.#last.set(`${reading.device}/${reading.point}`, reading);
      for (const listener of this.#listeners) listener.readings?.(readings);
    } else if (event === 'event') {
      const happened = JSON.parse(data);
      for (const listener of this.#listeners) listener.event?.(happened);
    } else if (event === 'ledger') {
      const { ledgers } = JSON.parse(data);
      this.#ledgers = ledgers;
      for (const listener of this.#listeners) listener.ledgers?.(ledgers);
    }
  }
}

/** @param {import('node:http').IncomingMessage} answer */
async function textOf(answer) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > LONGEST) throw new Error(`the agent’s answer is longer than ${LONGEST} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The words of a problem (RFC 9457) with the fix.
 *
 * @param {string} text
 */
function refusal(text) {
  try {
    const { detail, fix } = JSON.parse(text);
    if (typeof detail !== 'string') return undefined;
    return typeof fix === 'string' ? `${detail}; ${fix}` : detail;
  } catch {
    return undefined;
  }
}

/**
 * Node's words for a connection that failed stand in its cause or its code.
 *
 * @param {unknown} error
 */
function reasonOf(error) {
  const { message, code } = /** @type {{message?: string, code?: string}} */ (error);
  return message || code || String(error);
}
