/** What has to fit together in the part on energy: registers, units, codes, cycles, nothing twice. Each with place, rule and fix. */

import { buildingCode, energyCodeParts } from '../../core/energy/codes.ts';
import { CARRIER_UNITS } from '../../core/energy/energy.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { convertible, UNITS } from '../../core/unit.ts';
import { type Say, unknownName } from '../checks.ts';
import type { Path } from '../problem.ts';
import type { EnergyFile, EnergyMeterFile } from './schema.ts';
import { checkFactors, checkTariffs } from './tariff-checks.ts';
import { checkTree } from './tree-checks.ts';

export interface EnergyKnown {
  readonly devices: readonly DeviceConfig[];
  /** Also of devices that are wrong otherwise: those are told of there. */
  readonly deviceIds: readonly string[];
  /** Ids that are taken by devices, cameras, lamps, figures, the sign. */
  readonly taken: readonly string[];
}

export function checkEnergy(file: EnergyFile, known: EnergyKnown, say: Say): void {
  if (known.taken.includes(file.id))
    say(['energy', 'id'], `the id "${file.id}" is taken by a device`, 'write another id');
  if (file.building !== undefined) {
    const code = buildingCode(file.building);
    if (typeof code === 'string')
      say(['energy', 'building'], `${code}, got "${file.building}"`, 'write the code that the city gave');
  }
  checkMoreCodes(file, say);
  checkMeters(file, known, say);
  checkTree(file, say);
  checkTariffs(file, say);
  checkFactors(file, say);
  checkAccounts(file, say);
  const { degree_days: degrees, demand_limit: limit } = file;
  if (degrees !== undefined)
    checkPoint(['energy', 'degree_days'], degrees, 'Cel', 'a temperature', known, say);
  if (limit !== undefined) {
    const at: Path = ['energy', 'demand_limit', 'meter'];
    const meter = file.meters.find(({ id }) => id === limit.meter);
    if (meter === undefined) unknownName(say, at, 'meter of the account', limit.meter, ids(file.meters));
    else if (meter.carrier !== 'electricity')
      say(at, `demand is one of electricity, ${meter.id} is ${meter.carrier}`, 'name a meter of electricity');
    else if (meter.device === undefined)
      say(
        at,
        `demand is watched at a register, ${meter.id} is a sum`,
        'name a meter with device: and point:',
      );
  }
}

function ids(list: readonly { readonly id: string }[]): readonly string[] {
  return list.map(({ id }) => id);
}

function checkMoreCodes({ more_codes: codes }: EnergyFile, say: Say): void {
  for (const code of Object.keys(codes)) {
    const parts = energyCodeParts(code);
    if (typeof parts === 'string')
      say(['energy', 'more_codes', code], `${parts}, got "${code}"`, 'write a code such as "01C40"');
  }
}

function checkMeters({ meters }: EnergyFile, known: EnergyKnown, say: Say): void {
  const taken = new Map<string, number>();
  const registers = new Map<string, string>();
  meters.forEach((meter, m) => {
    const at = (...path: Path): Path => ['energy', 'meters', m, ...path];
    const first = taken.get(meter.id);
    if (first !== undefined)
      say(at('id'), `the id "${meter.id}" is taken by meters[${first}]`, 'write another id');
    else taken.set(meter.id, m);
    const virtual = meter.plus !== undefined || meter.minus !== undefined;
    const register = meter.device !== undefined || meter.point !== undefined;
    if (virtual === register) {
      const what = virtual ? 'a register or a sum, got both' : 'a register or a sum, got neither';
      say(at(), `a meter is ${what}`, 'write device: and point:, or plus: [main]');
      return;
    }
    if (virtual) {
      checkVirtual(meter, at(), meters, say);
      return;
    }
    if (meter.device === undefined || meter.point === undefined) {
      const [missing, given] = meter.device === undefined ? ['device', 'point'] : ['point', 'device'];
      say(at(missing), `missing: ${given} needs ${missing}`, `write ${missing}: …`);
      return;
    }
    const name = `${meter.device}/${meter.point}`;
    const owner = registers.get(name);
    if (owner !== undefined)
      say(
        at('point'),
        `the register ${meter.point} of ${meter.device} is the meter "${owner}" already`,
        `name "${owner}" where it is wanted twice`,
      );
    else registers.set(name, meter.id);
    checkRegister(meter, at(), known, say);
  });
}

const VIRTUAL_KEYS = ['ratios', 'power', 'reactive', 'rated'] as const;

function checkVirtual(
  { id, carrier, plus = [], minus = [], ...meter }: EnergyMeterFile,
  at: Path,
  meters: readonly EnergyMeterFile[],
  say: Say,
): void {
  if (plus.length === 0)
    say([...at, 'plus'], 'missing: minus needs something to take from', 'write plus: [main]');
  const used = new Set<string>();
  for (const [key, list] of [
    ['plus', plus],
    ['minus', minus],
  ] as const)
    list.forEach((name, i) => {
      const place = [...at, key, i];
      const part = meters.find((one) => one.id === name);
      if (part === undefined) unknownName(say, place, 'meter of the account', name, ids(meters));
      else if (part.carrier !== carrier)
        say(place, `${name} is ${part.carrier}, ${id} is ${carrier}`, 'sum meters of one carrier');
      if (used.has(name)) say(place, `${name} is in the sum already`, 'remove it here');
      used.add(name);
    });
  for (const key of VIRTUAL_KEYS)
    if (meter[key] !== undefined)
      say([...at, key], `a sum has no ${key}`, 'write it at the meters that it is the sum of');
}

function checkRegister(meter: EnergyMeterFile, at: Path, known: EnergyKnown, say: Say): void {
  const { device, point, carrier, power, reactive, ratios } = meter;
  if (device === undefined || point === undefined) return;
  const unit = CARRIER_UNITS[carrier];
  const kind = `a register of ${carrier}, in ${UNITS[unit].symbol} or what converts`;
  const found = checkPoint(at, { device, point }, unit, kind, known, say);
  if (found !== undefined && found.aggregation !== 'counter')
    say(
      [...at, 'point'],
      `${point} is no register that only rises (aggregation ${found.aggregation})`,
      'name the register',
    );
  if (power !== undefined)
    checkPoint(at, { device, point: power }, 'kW', 'an active power', known, say, ['power']);
  reactive?.forEach((one, i) => {
    checkPoint(at, { device, point: one }, 'kvar.h', 'a register of reactive energy', known, say, [
      'reactive',
      i,
    ]);
  });
  if (carrier !== 'electricity')
    for (const key of ['ratios', 'power', 'reactive', 'rated'] as const)
      if (meter[key] !== undefined)
        say([...at, key], `${key} is of electricity, not of ${carrier}`, 'remove it');
  let last = '';
  ratios?.forEach(({ from, ct, pt }, i) => {
    const when = `${from.day} ${from.minutes}`.padEnd(16, '0');
    const time = `${from.day}T${String(from.minutes).padStart(4, '0')}`;
    if (time <= last)
      say(
        [...at, 'ratios', i, 'from'],
        `it begins no later than the one before (${when.slice(0, 10)})`,
        'put them in order',
      );
    last = time;
    if (ct === undefined && pt === undefined)
      say([...at, 'ratios', i, 'ct'], 'missing: expected ct: or pt:', 'write ct: 400/5');
  });
}

/** The point, where it is there and measures in `unit`; what is wrong otherwise is said. */
function checkPoint(
  at: Path,
  { device, point }: { readonly device: string; readonly point: string },
  unit: (typeof CARRIER_UNITS)[keyof typeof CARRIER_UNITS] | 'Cel' | 'kW' | 'kvar.h',
  what: string,
  { devices, deviceIds }: EnergyKnown,
  say: Say,
  key: Path = ['point'],
) {
  const found = devices.find(({ id }) => id === device);
  if (found === undefined) {
    // A device that is written but wrong otherwise is told of there.
    if (!deviceIds.includes(device)) unknownName(say, [...at, 'device'], 'device', device, deviceIds);
    return undefined;
  }
  const { points } = found.profile;
  const known = points.find(({ id }) => id === point);
  if (known === undefined) {
    const fit = points.filter((one) => convertible(one.unit, unit));
    unknownName(say, [...at, ...key], `point of ${device}`, point, ids(fit.length === 0 ? points : fit));
    return undefined;
  }
  if (convertible(known.unit, unit)) return known;
  const better = points.filter((one) => convertible(one.unit, unit)).map(({ id }) => id);
  say(
    [...at, ...key],
    `expected ${what}, ${point} of ${device} is in ${known.unit}`,
    better.length === 0 ? 'name another device' : `write one of ${better.slice(0, 6).join(', ')}`,
  );
  return undefined;
}

function checkAccounts({ accounts, meters, tariffs }: EnergyFile, say: Say): void {
  const taken = new Set<string>();
  const paid = new Map<string, number>();
  accounts.forEach(({ id, kind, lines }, a) => {
    const at = (...path: Path): Path => ['energy', 'accounts', a, ...path];
    if (taken.has(id)) say(at('id'), `the id "${id}" is taken by another account`, 'write another id');
    taken.add(id);
    const used = new Set<string>();
    lines.forEach(({ meter, tariff, share }, l) => {
      const own = meters.find((one) => one.id === meter);
      const plan = tariffs.find((one) => one.id === tariff);
      if (own === undefined)
        unknownName(say, at('lines', l, 'meter'), 'meter of the account', meter, ids(meters));
      if (plan === undefined) unknownName(say, at('lines', l, 'tariff'), 'tariff', tariff, ids(tariffs));
      if (own !== undefined && plan !== undefined && own.carrier !== plan.carrier)
        say(
          at('lines', l, 'tariff'),
          `${tariff} is a tariff of ${plan.carrier}, ${meter} is ${own.carrier}`,
          `name a tariff of ${own.carrier}`,
        );
      if (used.has(meter))
        say(at('lines', l, 'meter'), `${id} pays for ${meter} already`, 'remove one of them');
      used.add(meter);
      if (kind === 'supply') return;
      const before = paid.get(meter) ?? 0;
      paid.set(meter, before + share);
      if (before + share > 1 + 1e-9)
        say(
          at('lines', l, 'share'),
          `tenants and dwellings pay ${Math.round((before + share) * 1000) / 10} % of ${meter} together`,
          `write share: ${Math.round((1 - before) * 1000) / 10}%`,
        );
    });
  });
}
