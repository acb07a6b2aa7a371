/** Publishes with QoS 1, no more at once than the broker takes, each with a deadline for its PUBACK. */
import type { MqttClient } from 'mqtt';
import type { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { codeOf, overdue } from './reason.ts';

/** A broker that acknowledges nothing for so long is gone, whatever TCP says, ms. */
export const ACKNOWLEDGE_DEADLINE = 30_000;

export type Published =
  | { readonly kind: 'acknowledged' }
  /** PUBACK with a reason code of 0x80 or above. */
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

interface Waiting {
  readonly go: () => void;
}

export interface PublisherOptions {
  readonly client: MqttClient;
  readonly clock: Clock;
  readonly atOnce: number;
  /** Called once when a PUBACK is overdue. */
  overdue(reason: AgentError): void;
}

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #open = new Set<(outcome: Published) => void>();
  readonly #waiting = new Set<Waiting>();
  #underWay = 0;
  #closed: string | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Never rejects. An aborted signal gives `lost` at once; the broker may have the message all the same. */
  publish(topic: string, payload: Uint8Array, retain: boolean, signal?: AbortSignal): Promise<Published> {
    return new Promise((resolve) => {
      let timer: Disposable | undefined;
      let sent = false;
      const waiting: Waiting = { go: () => send() };
      const settle = (outcome: Published) => {
        if (!this.#open.delete(settle)) return;
        timer?.[Symbol.dispose]();
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(waiting);
        if (sent) this.#underWay -= 1;
        resolve(outcome);
        this.#next();
      };
      const abort = () => settle({ kind: 'lost', reason: 'aborted' });
      const send = () => {
        sent = true;
        this.#underWay += 1;
        timer = this.#options.clock.after(ACKNOWLEDGE_DEADLINE, () => {
          const reason = `no PUBACK within ${ACKNOWLEDGE_DEADLINE / 1000} s`;
          settle({ kind: 'lost', reason });
          this.#options.overdue(overdue(`publish to ${topic}`, reason));
        });
        this.#options.client.publish(
          topic,
          Buffer.from(payload.buffer, payload.byteOffset, payload.length),
          { qos: 1, retain },
          (error) => settle(outcomeOf(error ?? undefined)),
        );
      };
      this.#open.add(settle);
      if (this.#closed !== undefined) return settle({ kind: 'lost', reason: this.#closed });
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      if (this.#underWay < this.#options.atOnce) send();
      else this.#waiting.add(waiting);
    });
  }

  /** Everything under way and to come is `lost`. */
  close(reason: string): void {
    this.#closed ??= reason;
    this.#waiting.clear();
    for (const settle of [...this.#open]) settle({ kind: 'lost', reason });
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      if (this.#closed !== undefined || this.#underWay >= this.#options.atOnce) return;
      this.#waiting.delete(waiting);
      waiting.go();
    }
  }
}

function outcomeOf(error: Error | undefined): Published {
  if (error === undefined) return { kind: 'acknowledged' };
  const code = codeOf(error);
  return code !== undefined && code >= 0x80
    ? { kind: 'refused', code, reason: error.message }
    : { kind: 'lost', reason: error.message };
}
