/** What the city has of each agent of a site, by the numbers of its records alone. */
import type { CityBroker } from '../city/broker.ts';
import { CityEye } from '../show/city-eye.ts';

export interface FleetLedger {
  readonly agent: string;
  /** Records, each once. */
  readonly received: number;
  /** Came again and were dropped by their number. */
  readonly repeated: number;
  /** Two records with one number. */
  readonly doubled: number;
  /** Numbers between others that have not come, yet or at all. */
  readonly holes: number;
}

export class FleetLedgers implements Disposable {
  readonly #eyes = new Map<string, CityEye>();
  readonly #listening: Disposable;

  constructor(broker: CityBroker, site: string) {
    const topics = new RegExp(`^kerbside/v1/${site}/([^/]+)/(?:data|backlog)/`);
    this.#listening = broker.onMessage((topic, payload) => {
      const agent = topics.exec(topic)?.[1];
      if (agent === undefined) return;
      const eye = this.#eyes.get(agent) ?? new CityEye();
      this.#eyes.set(agent, eye);
      eye.take(payload);
    });
  }

  /** In order of the agents' ids. */
  all(): readonly FleetLedger[] {
    return [...this.#eyes]
      .map(([agent, { received, repeated, doubled, missing: holes }]) => ({
        agent,
        received,
        repeated,
        doubled,
        holes,
      }))
      .sort((a, b) => (a.agent < b.agent ? -1 : 1));
  }

  sums(): Omit<FleetLedger, 'agent'> {
    const sums = { received: 0, repeated: 0, doubled: 0, holes: 0 };
    for (const { received, repeated, doubled, missing } of this.#eyes.values()) {
      sums.received += received;
      sums.repeated += repeated;
      sums.doubled += doubled;
      sums.holes += missing;
    }
    return sums;
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
