/** One connection: documents in and out, framed and encrypted as the platform has it. */

import { AgentError } from '../../core/errors.ts';
import type { Stream } from '../../core/link.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { decrypt, encrypt, type Keys } from './cipher.ts';
import { encodePacket, PacketStream } from './framing.ts';
import type { Platform } from './platform.ts';
import { readTelegram, type Telegram } from './telegram.ts';
import { deflate, inflate } from './unzip.ts';

/** Largest packet that is waited for: a centre sends small ones, bytes. */
const LONGEST = 64 * 1024;
const LARGEST_DOCUMENT = 256 * 1024;
const COMPRESSED = 4;
/** Kind of packet by group, where the layout has one. */
const KINDS: Readonly<Record<string, number>> = { id_validate: 1, heart_beat: 2 };
const DATA = 3;

export interface LinkOptions {
  readonly stream: Stream;
  readonly platform: Platform;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Log;
  hear(telegram: Telegram): void;
}

export class Link implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #packets: PacketStream;
  readonly #data: Disposable;
  readonly #stop = new AbortController();
  #sequence = 0;
  #told = false;
  /** When something of the centre was understood last. */
  heard: number;
  /** What of the centre's bytes could not be read, newest first word. */
  complaint: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.heard = options.clock.mono();
    this.#packets = new PacketStream(options.platform.framing, LONGEST);
    this.#data = options.stream.onData((bytes) => this.#take(bytes));
  }

  /** Resolves when the bytes are the operating system's. */
  async send(group: string, document: string): Promise<void> {
    const { platform, keys, stream } = this.#options;
    const { compress, cipher, framing } = platform;
    const text = Buffer.from(document, 'utf8');
    const kind = KINDS[group] ?? DATA;
    const packed = compress && kind === DATA;
    const body = encrypt(cipher, keys, packed ? deflate(text) : text);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const packet = { body, sequence: this.#sequence, type: packed ? COMPRESSED : kind };
    await stream.write(encodePacket(framing, packet), this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#data[Symbol.dispose]();
    this.#stop.abort(new AgentError('aborted', 'the session ends'));
    await this.#options.stream[Symbol.asyncDispose]();
  }

  #take(bytes: Uint8Array): void {
    const { platform, keys, clock, hear } = this.#options;
    for (const packet of this.#packets.push(bytes)) {
      if (this.#stop.signal.aborted) return;
      if (!packet.ok) {
        this.#complain(packet.error);
        continue;
      }
      const opened = decrypt(platform.cipher, keys, packet.body);
      const plain =
        packet.type === COMPRESSED && opened !== undefined ? inflate(opened, LARGEST_DOCUMENT) : opened;
      if (plain === undefined) {
        this.#complain('a packet cannot be decrypted: the key, its start value or the padding differ');
        continue;
      }
      const read = readTelegram(plain);
      if (!read.ok) {
        const garbage = plain[0] !== 0x3c && platform.cipher.mode !== 'none';
        this.#complain(
          garbage ? 'a packet decrypts to no document: the key or its start value differ' : read.error,
        );
        continue;
      }
      this.heard = clock.mono();
      hear(read.telegram);
    }
  }

  /** Said once per connection: a platform that is set up wrongly says nothing else. */
  #complain(what: string): void {
    this.complaint = what;
    if (this.#told) return;
    this.#told = true;
    this.#options.log.warn('building-energy.unreadable', { why: what });
  }
}
