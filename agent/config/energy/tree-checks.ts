/** The tree of circuits and the sums of meters have no cycles, nothing in them is counted twice, and codes fit. */

import { energyCode, energyCodeParts } from '../../core/energy/codes.ts';
import { CARRIER_CLASSES } from '../../core/energy/energy.ts';
import { type Say, unknownName } from '../checks.ts';
import type { Path } from '../problem.ts';
import type { EnergyFile, EnergyMeterFile } from './schema.ts';

export function checkTree(file: EnergyFile, say: Say): void {
  checkSums(file, say);
  checkCircuits(file, say);
}

/** A sum that leads back to itself. */
function checkSums({ meters }: EnergyFile, say: Say): void {
  const parts = new Map(meters.map(({ id, plus = [], minus = [] }) => [id, [...plus, ...minus]]));
  const told = new Set<string>();
  meters.forEach(({ id, plus }, m) => {
    const cycle = cycleFrom(id, (one) => parts.get(one) ?? []);
    if (cycle === undefined || cycle.some((one) => told.has(one))) return;
    for (const one of cycle) told.add(one);
    const key = plus?.includes(cycle[1] ?? '') === true ? 'plus' : 'minus';
    say(
      ['energy', 'meters', m, key],
      `the sum leads back to itself: ${[...cycle, id].join(' → ')}`,
      `remove ${cycle.at(-1) === id ? id : cycle[1]} from it`,
    );
  });
}

/** The way from `start` back to it, without the end; undefined where there is none. */
function cycleFrom(start: string, next: (id: string) => readonly string[]): readonly string[] | undefined {
  const seen = new Set<string>();
  const way: string[] = [];
  const walk = (id: string): boolean => {
    if (id === start && way.length > 0) return true;
    if (seen.has(id)) return false;
    seen.add(id);
    way.push(id);
    if (next(id).some(walk)) return true;
    way.pop();
    return false;
  };
  return walk(start) ? way : undefined;
}

function checkCircuits(file: EnergyFile, say: Say): void {
  const { circuits, meters } = file;
  const byId = new Map(circuits.map((one) => [one.id, one]));
  const taken = new Map<string, number>();
  const metered = new Map<string, string>();
  const told = new Set<string>();
  circuits.forEach((circuit, c) => {
    const { id, meter, code, fed_by: above, heated_by: heat } = circuit;
    const at = (...path: Path): Path => ['energy', 'circuits', c, ...path];
    if (heat !== undefined && !byId.has(heat))
      unknownName(say, at('heated_by'), 'circuit', heat, [...byId.keys()]);
    const first = taken.get(id);
    if (first !== undefined)
      say(at('id'), `the id "${id}" is taken by circuits[${first}]`, 'write another id');
    else taken.set(id, c);
    const own = meters.find((one) => one.id === meter);
    if (own === undefined)
      unknownName(
        say,
        at('meter'),
        'meter of the account',
        meter,
        meters.map((one) => one.id),
      );
    const owner = metered.get(meter);
    if (owner !== undefined)
      say(
        at('meter'),
        `the meter "${meter}" is that of the circuit "${owner}" already`,
        'name another meter',
      );
    else metered.set(meter, id);
    if (code !== undefined) {
      const wrong = codeProblem(file, code, own?.carrier);
      if (wrong !== undefined) say(at('code'), wrong.message, wrong.fix);
    }
    if (above === undefined) return;
    const feeding = byId.get(above);
    if (feeding === undefined) {
      unknownName(say, at('fed_by'), 'circuit', above, [...byId.keys()]);
      return;
    }
    const cycle = cycleFrom(id, (one) => [byId.get(one)?.fed_by ?? []].flat());
    if (cycle !== undefined) {
      if (cycle.some((one) => told.has(one))) return;
      for (const one of cycle) told.add(one);
      say(
        at('fed_by'),
        `circuits feed each other: ${[...cycle, id].join(' → ')}`,
        'name the circuit nearer to the supply',
      );
      return;
    }
    const other = meters.find((one) => one.id === feeding.meter)?.carrier;
    if (own !== undefined && other !== undefined && own.carrier !== other)
      say(at('fed_by'), `${above} is ${other}, ${id} is ${own.carrier}`, `name a circuit of ${own.carrier}`);
    const clash = otherItem(feeding.code, code);
    if (clash !== undefined)
      say(
        at('code'),
        `${above} is all of item ${feeding.code}, and feeds ${id} of item ${code}`,
        `remove the code of ${above}, or write one within ${feeding.code}`,
      );
  });
}

/** Something of one item is no part of another: it would be counted in both. */
function otherItem(above: string | undefined, code: string | undefined): string | undefined {
  if (above === undefined || code === undefined) return undefined;
  if (typeof energyCodeParts(above) === 'string' || typeof energyCodeParts(code) === 'string')
    return undefined;
  const stem = above.slice(0, 2) + above.slice(2).replace(/0+$/, '');
  return code.startsWith(stem) ? undefined : code;
}

/** Codes of circuits: there are such, of the carrier of their meter. */
function codeProblem(
  { codes, more_codes: more }: Pick<EnergyFile, 'codes' | 'more_codes'>,
  code: string,
  carrier: EnergyMeterFile['carrier'] | undefined,
): { readonly message: string; readonly fix: string } | undefined {
  const parts = energyCodeParts(code);
  if (typeof parts === 'string')
    return { message: `${parts}, got "${code}"`, fix: 'write a code such as "01A10"' };
  if (energyCode(code, codes) === undefined && more[code] === undefined)
    return {
      message: `the code ${code} is not in the ${codes} tree`,
      fix: `write codes: local, or more_codes: { "${code}": its name }`,
    };
  if (carrier !== undefined && parts.class !== CARRIER_CLASSES[carrier])
    return {
      message: `the code ${code} is of class ${parts.class}, its meter is ${carrier} (${CARRIER_CLASSES[carrier]})`,
      fix: `write a code of class ${CARRIER_CLASSES[carrier]}`,
    };
  return undefined;
}
