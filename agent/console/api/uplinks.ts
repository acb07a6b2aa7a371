/** Routes about uplinks. */
import type { UplinkConfig } from '../../core/site.ts';
import type { AgentView, RefusedRecord } from '../../core/view.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { ledgerRow } from './rows.ts';
import type { Services } from './services.ts';
import { type ApiUplink, uplinks } from './uplink-contract.ts';

/** Refusals that are shown, of all uplinks. */
const REFUSALS = 200;

export function uplinkEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/uplinks',
      role: 'viewer',
      summary: 'Uplinks: link, backlog in records and time, books, data budget, what was refused.',
      answer: uplinks,
      run: async () => {
        const refused = (await view.refusals?.(REFUSALS)) ?? [];
        return {
          now: Math.round(view.now()),
          uplinks: view.site.uplinks.map((config) => uplinkRow(view, config, refused)),
        };
      },
    }),
  ];
}

function uplinkRow(view: AgentView, config: UplinkConfig, refused: readonly RefusedRecord[]): ApiUplink {
  const { id, kind } = config;
  const part = view.health().find((one) => one.part === `uplink:${id}`);
  const ledger = view.ledgers().find(({ uplink }) => uplink === id);
  const budget = 'dataBudget' in config ? config.dataBudget : undefined;
  return {
    id,
    kind,
    address: addressOf(config),
    state: part?.state ?? 'starting',
    since: part?.since ?? 0,
    ...(part?.message === undefined ? {} : { message: part.message }),
    ...(part?.fix === undefined ? {} : { fix: part.fix }),
    ...(ledger === undefined ? {} : { ledger: ledgerRow(ledger) }),
    backlog_s:
      ledger?.oldest === undefined ? null : Math.max(0, Math.round((view.now() - ledger.oldest) / 1000)),
    data: budget === undefined || ledger?.data === undefined ? null : { ...ledger.data, budget },
    refusals: refused
      .filter(({ uplink }) => uplink === id)
      .map(({ lane, seq, reason, at }) => ({ lane, seq, reason, at })),
  };
}

/** Host and port, without what is secret in an address. */
function addressOf(config: UplinkConfig): string {
  if ('host' in config) return `${config.host}:${config.port}`;
  const [url = ''] = 'urls' in config ? config.urls : [config.url];
  if (!URL.canParse(url)) return '';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
