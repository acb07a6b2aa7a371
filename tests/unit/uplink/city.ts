/** The far end of a link under the test's control: takes messages in order, acknowledges late, loses its link, refuses. */

import { ReceiverLedger } from '../../../agent/cli/verify/ledger.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Clock } from '../../../agent/core/time/clock.ts';
import type { Delivery, Message, UplinkSession } from '../../../agent/core/uplink.ts';
import { encodeMessage } from '../../../agent/uplink/payload.ts';

interface Link {
  readonly closed: PromiseWithResolvers<void>;
  readonly open: Set<() => void>;
}

export class City {
  readonly ledger = new ReceiverLedger({ complete: true });
  readonly messages: Message[] = [];
  /** Round trip, ms. */
  delay = 20;
  maxBytes = 4000;
  online = true;
  /** Messages that still arrive although their acknowledgement is lost with the link. */
  arriveWithoutAcknowledgement = 0;
  /** Decides on a message that arrived; undefined: accepted. */
  judge: (message: Message) => Delivery | undefined = () => undefined;
  connects = 0;
  underWay = 0;
  mostUnderWay = 0;
  readonly #clock: Clock;
  #link: Link | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly connect = async (): Promise<UplinkSession> => {
    if (!this.online) throw new AgentError('broker-unreachable', 'the city is away');
    this.connects += 1;
    const link: Link = { closed: Promise.withResolvers<void>(), open: new Set() };
    this.#link = link;
    return {
      closed: link.closed.promise,
      maxBytes: this.maxBytes,
      size: (message) => encodeMessage(message, () => undefined).length,
      deliver: (message, signal) => this.#deliver(link, message, signal),
      [Symbol.asyncDispose]: async () => this.#cut(link),
    };
  };

  /** The link goes away and stays away until `online` is true again. */
  cut(): void {
    this.online = false;
    if (this.#link !== undefined) this.#cut(this.#link);
  }

  #cut(link: Link): void {
    for (const lose of [...link.open]) lose();
    link.closed.resolve();
    if (this.#link === link) this.#link = undefined;
  }

  #arrive(message: Message): Delivery {
    const verdict = this.judge(message) ?? { kind: 'accepted' };
    const refused = verdict.kind === 'refused' ? new Set(verdict.records.map(({ seq }) => seq)) : undefined;
    const whole = refused !== undefined && refused.size === message.records.length;
    if (verdict.kind === 'keep' || whole) return verdict;
    this.messages.push(message);
    this.ledger.take(JSON.parse(new TextDecoder().decode(encodeMessage(message, () => undefined))));
    return verdict;
  }

  #deliver(link: Link, message: Message, signal: AbortSignal): Promise<Delivery> {
    return new Promise((resolve, reject) => {
      this.underWay += 1;
      this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
      const end = () => {
        this.underWay -= 1;
        timer[Symbol.dispose]();
        link.open.delete(lose);
        signal.removeEventListener('abort', abort);
      };
      const lose = () => {
        end();
        if (this.arriveWithoutAcknowledgement > 0) {
          this.arriveWithoutAcknowledgement -= 1;
          this.#arrive(message);
        }
        resolve({ kind: 'keep', reason: 'link lost' });
      };
      const abort = () => {
        end();
        reject(signal.reason);
      };
      const timer = this.#clock.after(this.delay, () => {
        end();
        resolve(this.#arrive(message));
      });
      link.open.add(lose);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
