/**
 * The signed documents in force, one of each channel. What comes in is opened, judged and, where it is newer than anything
 * this channel ever had, put into force and on the disk. What is refused is counted and told, and changes nothing.
 */
import { join } from 'node:path';
import {
  CONTENT_CHANNELS,
  type ContentChannel,
  type ContentDocument,
  type ContentKey,
  type ContentRefusal,
} from '../../core/content/content.ts';
import { readIfThere, replaceFile } from '../../core/durable-file.ts';
import { openEnvelope } from '../../core/envelope.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import { readDocument } from './document.ts';

export interface DocumentsOptions {
  /** Folder of the state. */
  readonly dir: string;
  readonly site: string;
  readonly agent: string;
  readonly keys: readonly ContentKey[];
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

/** `same`: it is in force already. */
export type Taken =
  | { readonly kind: 'accepted' | 'same'; readonly document: ContentDocument }
  | { readonly kind: 'refused'; readonly code: ContentRefusal; readonly reason: string };

/** A document in force, with the bytes it came in. */
export interface InForce {
  readonly document: ContentDocument;
  readonly envelope: Uint8Array;
  readonly key: string;
  /** Monotonic time from which its takeovers count down; see `takeovers.ts`. */
  readonly taken: number;
}

/** Clocks of a city differ: a document may be issued this far ahead of ours, ms. */
const AHEAD = 10 * 60_000;

export class Documents {
  readonly #options: DocumentsOptions;
  readonly #inForce = new Map<ContentChannel, InForce>();
  readonly #highest = new Map<ContentChannel, number>();
  readonly #refused = new Map<ContentRefusal, number>();
  readonly #listeners = new Set<(channel: ContentChannel) => void>();
  #last: { readonly code: ContentRefusal; readonly reason: string; readonly from: string } | undefined;
  readonly #saving = new Turns();
  #unsaved: string | undefined;

  private constructor(options: DocumentsOptions) {
    this.#options = options;
  }

  /** Takes up what was in force before: it is judged anew, by the keys and the scope of now. */
  static async open(options: DocumentsOptions): Promise<Documents> {
    const documents = new Documents(options);
    await documents.#load();
    return documents;
  }

  /** The document of a channel, while it has not expired. */
  current(channel: ContentChannel): InForce | undefined {
    const found = this.#inForce.get(channel);
    return found !== undefined && this.holds(found.document) ? found : undefined;
  }

  /** Highest version ever in force. */
  version(channel: ContentChannel): number {
    return this.#highest.get(channel) ?? 0;
  }

  /** How often what was refused, since the start, and what last. */
  get refusals() {
    return { counts: Object.fromEntries(this.#refused), last: this.#last };
  }

  /** Why what is in force is not on the disk; undefined where it is. */
  get unsaved(): string | undefined {
    return this.#unsaved;
  }

  onChange(listener: (channel: ContentChannel) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Resolves when what is in force is on the disk, or known not to be. */
  saved(): Promise<void> {
    return this.#saving.over();
  }

  /** The document of an envelope that was in force once; undefined where it would be refused for more than its version. */
  reread(envelope: Uint8Array): ContentDocument | undefined {
    const found = this.#read(envelope);
    return found.ok ? found.document : undefined;
  }

  /** Takes an envelope from anywhere; `from` is for the log. Never throws. */
  take(bytes: Uint8Array, from: string): Taken {
    const judged = this.#judge(bytes);
    if (judged.kind === 'refused') return this.refuse(judged.code, judged.reason, from);
    if (judged.kind === 'same') {
      this.#keepSignatures(judged.document.channel, bytes);
      return judged;
    }
    const { document } = judged;
    const { clock, hub, log } = this.#options;
    const before = this.#highest.get(document.channel) ?? 0;
    this.#highest.set(document.channel, document.version);
    this.#inForce.set(document.channel, { ...judged, envelope: bytes, taken: clock.mono() });
    const facts = { channel: document.channel, version: document.version, before, key: judged.key, from };
    log.info('content.accepted', facts);
    hub.event({
      event: 'content',
      severity: 'info',
      time: clock.mono(),
      body: { what: 'accepted', ...facts, expires: document.expires },
    });
    void this.#saving.take(() => this.#save(document.channel, bytes));
    for (const listener of this.#listeners) listener(document.channel);
    return { kind: 'accepted', document };
  }

  /** Counts and tells of what was refused; also for what came with a document (media). */
  refuse(code: ContentRefusal, reason: string, from: string): Taken {
    const { clock, hub, log } = this.#options;
    const count = (this.#refused.get(code) ?? 0) + 1;
    this.#refused.set(code, count);
    const again = this.#last?.code === code && this.#last.reason === reason && this.#last.from === from;
    this.#last = { code, reason, from };
    // The same thing a thousand times is one line and one event for every power of ten.
    if (!again || Number.isInteger(Math.log10(count))) {
      log.warn('content.refused', { code, reason, from, count });
      hub.event({
        event: 'content',
        severity: 'warning',
        time: clock.mono(),
        body: { what: 'refused', code, reason, from, count },
      });
    }
    return { kind: 'refused', code, reason };
  }

  #judge(
    bytes: Uint8Array,
  ):
    | { readonly kind: 'accepted'; readonly document: ContentDocument; readonly key: string }
    | { readonly kind: 'same'; readonly document: ContentDocument }
    | { readonly kind: 'refused'; readonly code: ContentRefusal; readonly reason: string } {
    const found = this.#read(bytes);
    if (!found.ok) return { kind: 'refused', code: found.code, reason: found.reason };
    const { document, key } = found;
    const { channel, version } = document;
    const highest = this.#highest.get(channel) ?? 0;
    if (version === highest) {
      const mine = this.#inForce.get(channel);
      if (mine?.document.version === version && samePayload(mine.envelope, bytes)) {
        return { kind: 'same', document };
      }
      return refusal('replayed', `version ${version} of channel ${channel} has been in force already`);
    }
    if (version < highest) {
      return refusal('rolled-back', `version ${version} of channel ${channel}; ${highest} has been in force`);
    }
    return { kind: 'accepted', document, key };
  }

  /** The same document may come with the signature of a new key: then the old key can leave the site file. */
  #keepSignatures(channel: ContentChannel, envelope: Uint8Array): void {
    const mine = this.#inForce.get(channel);
    if (mine === undefined || Buffer.compare(mine.envelope, envelope) === 0) return;
    this.#inForce.set(channel, { ...mine, envelope });
    void this.#saving.take(() => this.#save(channel, envelope));
  }

  /** Opens an envelope and judges everything but its version. */
  #read(
    bytes: Uint8Array,
  ):
    | { readonly ok: true; readonly document: ContentDocument; readonly key: string }
    | { readonly ok: false; readonly code: ContentRefusal; readonly reason: string } {
    const opened = openEnvelope(bytes, this.#options.keys);
    if (!opened.ok) return opened;
    const read = readDocument(opened.payload);
    if (!read.ok) return { ok: false, code: 'malformed', reason: read.reason };
    const { document } = read;
    const { site, agent } = this.#options;
    if (!covers(document.scope.sites, site) || !covers(document.scope.agents, agent)) {
      return { ok: false, code: 'wrong-scope', reason: `it is not for ${site}/${agent}` };
    }
    if (!this.holds(document)) {
      return {
        ok: false,
        code: 'expired',
        reason: `it expired on ${new Date(document.expires).toISOString()}`,
      };
    }
    const now = this.#now();
    if (trusted(now.rank) && document.issued > now.time + AHEAD) {
      const issued = new Date(document.issued).toISOString();
      return { ok: false, code: 'not-yet-issued', reason: `it says it was issued on ${issued}` };
    }
    return { ok: true, document, key: opened.key };
  }

  /** A clock that is not trusted can only be too early (rank floor), so what it calls expired has. */
  holds({ expires }: ContentDocument): boolean {
    const { time, rank } = this.#now();
    return rank === 'none' || time < expires;
  }

  #now() {
    return wallAt(this.#options.clock.mapping(), this.#options.clock.mono());
  }

  async #load(): Promise<void> {
    const { dir, log, clock } = this.#options;
    // A card that cannot be read must not keep the sign dark: what was taken is fetched again.
    const kept = (name: string) => readIfThere(join(dir, name)).catch(() => undefined);
    const versions = await kept('versions.json');
    for (const channel of CONTENT_CHANNELS) {
      const highest = versionIn(versions, channel);
      const envelope = await kept(`${channel}.json`);
      const found = envelope && this.#read(envelope);
      if (envelope !== undefined && found?.ok === true && found.document.channel === channel) {
        // A crash between the two files leaves the document ahead of the number.
        this.#highest.set(channel, Math.max(highest, found.document.version));
        if (found.document.version >= highest) {
          this.#inForce.set(channel, { ...found, envelope, taken: clock.mono() });
        }
      } else {
        if (highest > 0) this.#highest.set(channel, highest);
        if (found?.ok === false)
          log.warn('content.not-taken-up', { channel, code: found.code, reason: found.reason });
      }
    }
  }

  async #save(channel: ContentChannel, envelope: Uint8Array): Promise<void> {
    const { dir, log } = this.#options;
    try {
      await replaceFile(join(dir, `${channel}.json`), envelope);
      await replaceFile(join(dir, 'versions.json'), JSON.stringify(Object.fromEntries(this.#highest)));
      this.#unsaved = undefined;
    } catch (thrown) {
      // An emergency must be shown on an ill disk too; what is lost is the memory of it over a restart.
      this.#unsaved = asAgentError(thrown).message;
      log.error('content.unsaved', { channel, error: this.#unsaved });
    }
  }
}

function refusal(code: ContentRefusal, reason: string) {
  return { kind: 'refused', code, reason } as const;
}

function covers(scope: readonly string[], one: string): boolean {
  return scope.includes('*') || scope.includes(one);
}

function samePayload(a: Uint8Array, b: Uint8Array): boolean {
  const payload = (bytes: Uint8Array) =>
    (JSON.parse(Buffer.from(bytes).toString('utf8')) as { readonly payload: string }).payload;
  return payload(a) === payload(b);
}

function versionIn(bytes: Uint8Array | undefined, channel: ContentChannel): number {
  if (bytes === undefined) return 0;
  try {
    const version: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))?.[channel];
    return typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version : 0;
  } catch {
    return 0;
  }
}
