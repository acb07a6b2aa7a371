/** The account of a stretch of time: meters, circuits, items, carriers, and whether branches add up. Pure. */

import type {
  BranchBalance,
  BuildingAccount,
  CircuitAccount,
  Coverage,
  NodeAccount,
} from '../../core/energy/account.ts';
import { energyCode } from '../../core/energy/codes.ts';
import {
  type AccountInterval,
  CARRIER_CLASSES,
  CARRIER_UNITS,
  CARRIERS,
  type Carrier,
  type Circuit,
  type EnergyConfig,
  type MeterGrid,
} from '../../core/energy/energy.ts';
import type { Text } from '../../core/point.ts';
import { countsOf, intervalOf } from './grid.ts';
import { codesOf, isWithin, itemCircuits } from './items.ts';
import { sumOf } from './sum.ts';

type Grids = ReadonlyMap<string, MeterGrid>;

/** The account of `from` ≤ t < `to`, whole quarters that the grids span. */
export function accountOf(config: EnergyConfig, grids: Grids, from: number, to: number): BuildingAccount {
  const span = { from, to };
  const node = (id: string, title: Text, carrier: Carrier, meters: readonly string[]): NodeAccount => {
    const own = meters.flatMap((meter) => grids.get(meter) ?? []);
    const counts = countsOf(own, from, to);
    return {
      id,
      title,
      carrier,
      unit: CARRIER_UNITS[carrier],
      ...sumOf(
        own.map((grid) => intervalOf(grid, from, to)),
        span,
      ),
      completeness: counts.due === 0 ? null : counts.valid / counts.due,
      counts,
    };
  };
  const carrierOf = new Map(config.meters.map(({ id, carrier }) => [id, carrier] as const));
  const circuits = config.circuits.map((circuit): CircuitAccount => {
    const { id, title, meter, code, fedBy } = circuit;
    return {
      ...node(id, title, carrierOf.get(meter) ?? 'electricity', [meter]),
      meter,
      ...(code === undefined ? {} : { code }),
      ...(fedBy === undefined ? {} : { fedBy }),
    };
  });
  const items = codesOf(config.circuits).flatMap((code) => {
    const carrier = carrierWith(code);
    if (carrier === undefined) return [];
    const own = itemCircuits(config.circuits, code);
    return [
      node(
        code,
        itemTitle(config, code),
        carrier,
        own.map(({ meter }) => meter),
      ),
    ];
  });
  const roots = (carrier: Carrier) =>
    config.circuits.filter((one) => one.fedBy === undefined && carrierOf.get(one.meter) === carrier);
  const present = CARRIERS.filter((carrier) => roots(carrier).length > 0);
  const carriers = present.map((carrier) => {
    const title = itemTitle(config, `${CARRIER_CLASSES[carrier]}000`);
    return node(
      carrier,
      title,
      carrier,
      roots(carrier).map(({ meter }) => meter),
    );
  });
  return {
    from,
    to,
    meters: config.meters.map(({ id, title, carrier }) => node(id, title, carrier, [id])),
    circuits,
    items,
    carriers,
    branches: branchesOf(config.circuits, new Map(circuits.map((one) => [one.id, one]))),
    coverage: carriers.map((total) => coverageOf(total, config.circuits, circuits)),
  };
}

/** Name of an energy code in both languages, as far as there are two. */
export function itemTitle(
  { codes, moreCodes }: Pick<EnergyConfig, 'codes' | 'moreCodes'>,
  code: string,
): Text {
  const name = moreCodes[code] ?? energyCode(code, codes)?.name;
  return name === undefined ? { en: code } : { en: ENGLISH[code] ?? `${code} ${name}`, zh: name };
}

/** Classes and items of the guideline for those who read no Chinese; finer codes have their Chinese names. */
const ENGLISH: Readonly<Record<string, string>> = {
  '01000': 'Electricity',
  '01A00': 'Light and sockets',
  '01B00': 'Air conditioning',
  '01C00': 'Lifts, pumps, fans',
  '01D00': 'Special uses',
  '02000': 'Water',
  '03000': 'Gas',
  '04000': 'Heat',
  '05000': 'Cooling',
};

function carrierWith(code: string): Carrier | undefined {
  return CARRIERS.find((carrier) => CARRIER_CLASSES[carrier] === code.slice(0, 2));
}

/** Circuits that feed others, each against the sum of those. */
function branchesOf(
  circuits: readonly Circuit[],
  accounts: ReadonlyMap<string, AccountInterval>,
): readonly BranchBalance[] {
  return circuits.flatMap((circuit): BranchBalance[] => {
    const fed = circuits.filter(({ fedBy }) => fedBy === circuit.id);
    if (fed.length === 0) return [];
    const { id, title, tolerance, loss: lost } = circuit;
    const main = accounts.get(id)?.quantity ?? null;
    const parts = fed.map((one) => accounts.get(one.id)?.quantity ?? null);
    const subs = parts.some((part) => part === null)
      ? null
      : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
    const facts = { circuit: id, title, main, subs, tolerance };
    if (main === null || subs === null)
      return [{ ...facts, loss: null, difference: null, share: null, state: 'unknown' }];
    const loss = main * lost;
    const difference = main - subs - loss;
    const differs = Math.abs(difference) > tolerance * Math.max(Math.abs(main), Math.abs(subs));
    const share = main === 0 ? null : difference / main;
    return [{ ...facts, loss, difference, share, state: differs ? 'differs' : 'balanced' }];
  });
}

function coverageOf(
  total: NodeAccount,
  circuits: readonly Circuit[],
  accounts: readonly CircuitAccount[],
): Coverage {
  const { carrier } = total;
  const kind = `${CARRIER_CLASSES[carrier]}000`;
  const counted = new Set(
    itemCircuits(
      circuits.filter(({ code }) => code !== undefined),
      kind,
    ).map(({ id }) => id),
  );
  const own = accounts.filter(
    ({ id, code }) => counted.has(id) && code !== undefined && isWithin(code, kind),
  );
  const known = own.every(({ quantity }) => quantity !== null);
  const byItem = known ? own.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0) : null;
  const share =
    byItem === null || total.quantity === null || total.quantity <= 0
      ? null
      : Math.min(1, byItem / total.quantity);
  return { carrier, total: total.quantity, byItem, share };
}
