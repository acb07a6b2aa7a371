/** Routes about how the agent is: health, ledger, metrics. */
import type { AgentView } from '../../core/view.ts';
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { ledgerRow } from './rows.ts';
import type { Services } from './services.ts';

export function statusEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/health',
      role: 'viewer',
      summary: 'Health of every part, as a sentence with the fix where something is wrong.',
      answer: contract.health,
      run: async () => ({ now: Math.round(view.now()), parts: view.health().map((part) => ({ ...part })) }),
    }),
    endpoint({
      method: 'GET',
      path: '/ledger',
      role: 'viewer',
      summary: 'What was stored, acknowledged, refused, dropped and still waits, per uplink.',
      answer: contract.ledgers,
      run: async () => ({ ledgers: view.ledgers().map(ledgerRow) }),
    }),
  ];
}

/** Whether the agent does its work: every part has started and the store takes readings. */
export function ready(view: AgentView): boolean {
  const parts = view.health();
  const store = parts.find(({ part }) => part === 'store');
  return parts.every(({ state }) => state !== 'starting') && (store === undefined || store.state !== 'down');
}
