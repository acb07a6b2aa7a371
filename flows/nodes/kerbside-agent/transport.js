/**
 * Single requests to an agent over HTTP or HTTPS. A certificate is checked against the system's authorities, a given one, or
 * its fingerprint; nothing is sent before it has been.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';

/** Sockets to one agent at once: one carries the stream. */
const SOCKETS = 4;

/**
 * @typedef {object} Trust
 * @property {string} [ca] PEM of the authority that signed the agent's certificate, or of the certificate itself
 * @property {string} [fingerprint] SHA-256 of the certificate, hex with or without colons
 */

/** An HTTPS agent that knows the other side by the fingerprint of its certificate alone. */
class PinnedAgent extends HttpsAgent {
  #pin;

  /** @param {string} pin hex, upper case */
  constructor(pin) {
    super({ keepAlive: true, maxSockets: SOCKETS });
    this.#pin = pin;
  }

  /**
   * @override
   * @param {import('node:https').RequestOptions} options
   * @param {(error: Error | null, socket: import('node:stream').Duplex) => void} [done]
   * @returns {undefined}
   */
  createConnection(options, done) {
    const socket = connect({ .../** @type {object} */ (options), rejectUnauthorized: false });
    socket.once('error', (error) => done?.(error, socket));
    socket.once('secureConnect', () => {
      const seen = plain(socket.getPeerCertificate().fingerprint256 ?? '');
      if (seen === this.#pin) return done?.(null, socket);
      socket.destroy();
      done?.(new Error(`the certificate is another one: its fingerprint is ${seen}`), socket);
    });
  }
}

export class Transport {
  #url;
  #agent;
  #options;

  /**
   * @param {string} url of the console, without a path
   * @param {Trust} [trust]
   */
  constructor(url, { ca, fingerprint } = {}) {
    this.#url = url;
    const secure = url.startsWith('https:');
    this.#options = ca ? { ca } : {};
    if (!secure) this.#agent = new HttpAgent({ keepAlive: true, maxSockets: SOCKETS });
    else if (fingerprint) this.#agent = new PinnedAgent(plain(fingerprint));
    else this.#agent = new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS, ...this.#options });
  }

  /**
   * Resolves with the answer's head; its body is still to be read.
   *
   * @param {string} path
   * @param {{method: string, headers: Record<string, string>, body?: string, signal: AbortSignal}} options
   * @returns {Promise<import('node:http').IncomingMessage>}
   */
  send(path, { method, headers, body, signal }) {
    const request = this.#url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
      const asked = request(
        `${this.#url}${path}`,
        { method, headers: { ...headers, ...length }, agent: this.#agent, signal, ...this.#options },
        resolve,
      );
      asked.on('error', (error) =>
        reject(signal.aborted && signal.reason instanceof Error ? signal.reason : error),
      );
      asked.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** @param {string} fingerprint */
function plain(fingerprint) {
  return fingerprint.replaceAll(':', '').trim().toUpperCase();
}
