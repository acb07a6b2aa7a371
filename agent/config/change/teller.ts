/** Says what becomes of changes: to listeners at once, to the log, and as durable events, each exactly once it is known. */
import type { ConfigChange } from '../../core/config-change.ts';
import type { Log } from '../../core/log.ts';
import type { AgentEvent, Json } from '../../core/record.ts';
import type { ChangeBook } from './book.ts';
import type { FollowingAgent } from './contract.ts';
import type { Told } from './journal.ts';

export interface TellerOptions {
  readonly book: ChangeBook;
  readonly agent: Pick<FollowingAgent, 'record'>;
  readonly log: Log;
}

export class Teller {
  readonly #options: TellerOptions;
  readonly #listeners = new Set<(change: Told) => void>();

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  onChange(listener: (change: Told) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** A step of a change, as it is made. */
  step(change: Told): void {
    const { id, state, from, to, by, reason } = change;
    const facts = { change: id, from, to, by, ...(reason === undefined ? {} : { reason }) };
    this.#options.log[state === 'returned' ? 'warn' : 'info'](`config.${state}`, facts);
    for (const listener of this.#listeners) listener(change);
  }

  /**
   * Records what has not been told yet. A kill between record and mark tells it twice, which names the same change; never
   * is it not told.
   */
  async tell(): Promise<void> {
    const { book, agent } = this.#options;
    for (const change of book.journal.changes) {
      if (change.told === change.state || change.state === 'returning') continue;
      if (change.state !== 'committed' && change.state !== 'watching') this.step(change);
      await agent.record([eventOf(change)]);
      await book.told(change.id, change.state);
    }
  }
}

function eventOf({
  id,
  state,
  from,
  to,
  by,
  name,
  why,
  changes,
  reason,
  watch,
}: ConfigChange): Omit<AgentEvent, 'time'> {
  const body: Record<string, Json> = {
    what: 'change',
    change: id,
    state,
    ...(from === undefined ? {} : { from }),
    to,
    by,
    ...(name === undefined ? {} : { name }),
    why,
    parts: changes.map(({ part, id: of, change }) => `${change} ${part}${of === undefined ? '' : `:${of}`}`),
    watch_s: watch / 1000,
    ...(reason === undefined ? {} : { reason }),
  };
  return { event: 'config', severity: state === 'returned' ? 'warning' : 'info', body };
}
