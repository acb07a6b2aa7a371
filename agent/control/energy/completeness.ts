/** Readings due, received, valid and repaired, by meter, item, building and day: the account's figure of merit. Pure. */

import type { Completeness, CompletenessRow } from '../../core/energy/account.ts';
import type { EnergyConfig, MeterGrid, ReadingCounts } from '../../core/energy/energy.ts';
import type { Text } from '../../core/point.ts';
import { accountOf, itemTitle } from './account.ts';
import type { LocalDay } from './calendar.ts';
import { countsOf } from './grid.ts';
import { codesOf, itemCircuits } from './items.ts';

type Grids = ReadonlyMap<string, MeterGrid>;

/** Registers behind a meter: sums count the readings of those that they are made of, each once. */
export function registersBehind(
  config: Pick<EnergyConfig, 'meters'>,
  ids: readonly string[],
): readonly string[] {
  const byId = new Map(config.meters.map((meter) => [meter.id, meter]));
  const found = new Set<string>();
  const seen = new Set<string>();
  const walk = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    const meter = byId.get(id);
    if (meter === undefined) return;
    if (meter.kind === 'register') found.add(id);
    else for (const part of [...meter.plus, ...meter.minus]) walk(part);
  };
  for (const id of ids) walk(id);
  return [...found];
}

/** Rows of all registers, items and the building in a stretch of time; the building first. */
export function rowsOf(
  config: EnergyConfig,
  grids: Grids,
  from: number,
  to: number,
): readonly CompletenessRow[] {
  const counts = new Map<string, ReadingCounts>();
  for (const { id, kind } of config.meters) {
    const grid = grids.get(id);
    if (kind === 'register' && grid !== undefined) counts.set(id, countsOf([grid], from, to));
  }
  const row = (
    id: string,
    title: Text,
    kind: CompletenessRow['kind'],
    registers: readonly string[],
  ): CompletenessRow => {
    const sum = { due: 0, received: 0, valid: 0, repaired: 0 };
    for (const one of registers) {
      const own = counts.get(one);
      if (own === undefined) continue;
      sum.due += own.due;
      sum.received += own.received;
      sum.valid += own.valid;
      sum.repaired += own.repaired;
    }
    const share = sum.due === 0 ? null : sum.valid / sum.due;
    const shareRepaired = sum.due === 0 ? null : (sum.valid + sum.repaired) / sum.due;
    return { id, title, kind, ...sum, share, shareRepaired };
  };
  return [
    row(config.id, config.title, 'building', [...counts.keys()]),
    ...codesOf(config.circuits).map((code) => {
      const meters = itemCircuits(config.circuits, code).map(({ meter }) => meter);
      return row(code, itemTitle(config, code), 'item', registersBehind(config, meters));
    }),
    ...config.meters.filter(({ id }) => counts.has(id)).map(({ id, title }) => row(id, title, 'meter', [id])),
  ];
}

/** Completeness of `from` ≤ t < `to`, and of each of its local days. */
export function completenessOf(
  config: EnergyConfig,
  grids: Grids,
  from: number,
  to: number,
  days: readonly LocalDay[],
): Completeness {
  return {
    from,
    to,
    line: config.line,
    rows: rowsOf(config, grids, from, to),
    days: days
      .filter(({ start }) => start < to)
      .map(({ date, start, end }) => ({
        date,
        rows: rowsOf(config, grids, Math.max(start, from), Math.min(end, to)),
      })),
    coverage: accountOf(config, grids, from, to).coverage,
  };
}
