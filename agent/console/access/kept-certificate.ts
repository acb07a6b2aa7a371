/**
 * Keeps the certificate of a TLS server right: files are read again when somebody renewed them, and a made one is made anew
 * before it ends. What cannot be read changes nothing; it is said once, and the old one stays in use.
 */
import { createHash } from 'node:crypto';
import type { Server } from 'node:tls';
import { asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import type { HealthState } from '../../core/view.ts';
import {
  type Certificate,
  type CertificateFacts,
  factsOf,
  ownCertificate,
  readCertificate,
} from './certificate.ts';

/** Looked at once in this time, ms. */
export const LOOK = 60_000;
/** Less left than this is worth a word to the technician, ms. */
const SOON = 14 * 86_400_000;

export interface CertificateSource {
  /** Absolute paths of PEM files; absent: made by the agent. */
  readonly files?: { readonly cert: string; readonly key: string };
  readonly stateDir: string;
  /** Names and addresses a made one is for. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** True time, Unix epoch ms. */
  readonly now: () => number;
}

export interface CertificateState extends CertificateFacts {
  readonly made: boolean;
  readonly state: HealthState;
  readonly message?: string;
  readonly fix?: string;
}

export class KeptCertificate implements Disposable {
  readonly #source: CertificateSource;
  readonly #servers = new Set<Server>();
  #pair: Certificate;
  #trouble: string | undefined;
  #timer: Disposable | undefined;
  /** Work of `#look` that is under way; nobody waits for it but a test of the end. */
  readonly #looking = new Turns();
  #ended = false;

  private constructor(source: CertificateSource, pair: Certificate) {
    this.#source = source;
    this.#pair = pair;
    this.#arm();
  }

  /** Rejects with `config-invalid` where named files are no pair. */
  static async open(source: CertificateSource): Promise<KeptCertificate> {
    return new KeptCertificate(source, await read(source));
  }

  get pair(): Certificate {
    return this.#pair;
  }

  /** Gives `server` each new certificate as long as it stands. */
  serve(server: Server): Disposable {
    this.#servers.add(server);
    return { [Symbol.dispose]: () => void this.#servers.delete(server) };
  }

  state(): CertificateState {
    const facts = factsOf(this.#pair.cert);
    const made = this.#source.files === undefined;
    const left = facts.until - this.#source.now();
    const fix = made
      ? 'See that the state folder can be written.'
      : 'Renew the files named by console.remote in the site file; they are read again within a minute.';
    if (left <= 0) return { ...facts, made, state: 'down', message: 'the certificate has ended', fix };
    if (this.#trouble !== undefined)
      return { ...facts, made, state: 'degraded', message: this.#trouble, fix };
    if (left >= SOON) return { ...facts, made, state: 'ok' };
    return {
      ...facts,
      made,
      state: 'degraded',
      message: `the certificate ends in ${Math.floor(left / 86_400_000)} days`,
      fix,
    };
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
  }

  #arm(): void {
    this.#timer = this.#source.clock.after(LOOK, () => {
      if (this.#ended) return;
      this.#arm();
      void this.#looking.take(() => this.#look());
    });
  }

  async #look(): Promise<void> {
    const { log } = this.#source;
    try {
      const fresh = await read(this.#source);
      this.#trouble = undefined;
      if (this.#ended || sameText(fresh, this.#pair)) return;
      this.#pair = fresh;
      for (const server of this.#servers) server.setSecureContext(fresh);
      log.info('console.certificate_renewed', { fingerprint: factsOf(fresh.cert).fingerprint });
    } catch (thrown) {
      const { message } = asAgentError(thrown);
      if (message !== this.#trouble) log.error('console.certificate_failed', { error: message });
      this.#trouble = message;
    }
  }
}

async function read({ files, stateDir, names, now }: CertificateSource): Promise<Certificate> {
  if (files !== undefined) return readCertificate(files.cert, files.key);
  const { cert, key } = await ownCertificate(stateDir, names, now());
  return { cert, key };
}

function sameText(a: Certificate, b: Certificate): boolean {
  const sum = ({ cert, key }: Certificate) => createHash('sha256').update(`${cert}\0${key}`).digest('hex');
  return sum(a) === sum(b);
}
