/** The data budget of one uplink: from its settings, into its selection, and onto the health board. */

import type { LogSource } from '../core/record.ts';
import type { UplinkConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Ledger } from '../core/view.ts';
import { DataBudget, STEPS } from './data-budget.ts';
import type { Selecting } from './selection.ts';
import { Thinning } from './thinning.ts';

/** PINGREQ and PINGRESP over TLS and TCP/IP with their acknowledgements, bytes. */
const PING_BYTES = 222;

/** Undefined where the configuration sets no budget; an uplink of periods (`derived`) has none. */
export function budgetOf(
  config: UplinkConfig,
  { clock, source }: { readonly clock: Clock; readonly source: LogSource },
  derived: boolean,
): DataBudget | undefined {
  if (derived || !('dataBudget' in config) || config.dataBudget === undefined) return undefined;
  const rest = 'keepAlive' in config ? PING_BYTES / config.keepAlive : 0;
  const key = `${config.id}:data`;
  return new DataBudget({ clock, budget: config.dataBudget, state: source.cursor(key, 'event'), rest });
}

export function thinned(
  selection: { selection?: Selecting },
  budget: DataBudget | undefined,
): { selection?: Selecting } {
  return budget === undefined
    ? selection
    : { selection: new Thinning(selection.selection, () => budget.step) };
}

export function dataOf(budget: DataBudget | undefined): Partial<Ledger> {
  if (budget === undefined) return {};
  const data = {
    bytes: budget.bytes,
    forecast: budget.forecast() ?? null,
    thinned: STEPS[budget.step]?.says ?? '',
  };
  return { data };
}

export function thinnedWords(says: string, budget: DataBudget) {
  const forecast = budget.forecast();
  const about = forecast === undefined ? '' : `, ${megabytes(forecast)} MB by its end as it goes`;
  return {
    message: `data of this month: ${megabytes(budget.bytes)} MB${about}; thinned: ${says}`,
    fix: 'Select less, send columns with zstd, or raise data_budget of this uplink.',
  };
}

const megabytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(1);
