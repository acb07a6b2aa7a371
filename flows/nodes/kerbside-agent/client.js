/**
 * Talks to an agent's local API with a token: single calls, and one event stream that serves all who listen, opened
 * again with growing waits when it breaks.
 *
 * @typedef {{device: string, point: string, value: number | boolean | string | null, unit: string,
 *   quality: 'good' | 'uncertain' | 'bad', reason?: string, time: number}} Reading
 * @typedef {{event: string, severity: string, device?: string, time: number, body: Record<string, unknown>}} AgentEvent
 * @typedef {{reading: (reading: Reading) => void, state: (up: boolean, why?: string) => void,
 *   event?: (event: AgentEvent) => void}} Listener
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventReader } from './event-stream.js';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** The agent breaks its silence every 15 s. */
const SILENCE_MS = 45_000;
const REQUEST_MS = 30_000;

export class AgentClient {
  #url;
  #token;
  #stop = new AbortController();
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {Promise<void> | undefined} */
  #following;
  /** @type {Map<string, Reading>} last reading of each point, for a node that starts to listen later */
  #last = new Map();

  /**
   * @param {string} url address of the console
   * @param {string} token API token of viewer scope or more
   */
  constructor(url, token) {
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
  }

  close() {
    this.#stop.abort();
    this.#listeners.clear();
  }

  /**
   * Readings from now on, the last one of each point first.
   *
   * @param {Listener} listener
   * @returns {() => void} ends it
   */
  listen(listener) {
    this.#listeners.add(listener);
    for (const reading of this.#last.values()) listener.reading(reading);
    this.#following ??= this.#follow();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * One call of the API; throws with the agent's own words where it refuses.
   *
   * @param {string} path
   * @param {{method?: string, body?: object, signal?: AbortSignal}} [options]
   */
  async call(path, { method = 'GET', body, signal } = {}) {
    if (this.#url === '') throw new Error('no address: enter the address of the console in the agent node');
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.#stop.signal, signal ?? AbortSignal.timeout(REQUEST_MS)]),
    });
    if (response.ok) return response;
    const problem = /** @type {{detail?: string}} */ (await response.json().catch(() => ({})));
    throw new Error(problem.detail ?? `the agent answered ${response.status}`);
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
        why = error instanceof Error ? error.message : String(error);
      }
      if (this.#stop.signal.aborted) return;
      for (const listener of this.#listeners) listener.state(false, why);
      await sleep(Math.random() * wait, undefined, { signal: this.#stop.signal }).catch(() => {});
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  /** @param {() => void} onOpen */
  async #stream(onOpen) {
    const quiet = new AbortController();
    const patience = setTimeout(() => quiet.abort(new Error('the agent fell silent')), SILENCE_MS);
    try {
      const response = await this.call('/stream', { signal: quiet.signal });
      onOpen();
      for (const listener of this.#listeners) listener.state(true);
      const read = eventReader((event, data) => {
        if (event === 'readings') this.#tell(JSON.parse(data).readings);
        else if (event === 'event') this.#happened(JSON.parse(data));
      });
      for await (const chunk of response.body ?? []) {
        patience.refresh();
        read(chunk);
      }
    } finally {
      clearTimeout(patience);
    }
  }

  /** @param {AgentEvent} event */
  #happened(event) {
    for (const listener of this.#listeners) listener.event?.(event);
  }

  /** @param {readonly Reading[]} readings */
  #tell(readings) {
    for (const reading of readings) {
      this.#last.set(`${reading.device}/${reading.point}`, reading);
      for (const listener of this.#listeners) listener.reading(reading);
    }
  }
}
