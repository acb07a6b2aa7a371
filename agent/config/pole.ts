/** The part of the site schema on a pole that carries more than a lamp: its feeder, and who else stands on it. */
import * as z from 'zod';
import type { FeederConfig, PoleConfig, TenantConfig } from '../core/pole.ts';
import type { DeviceConfig } from '../core/site.ts';
import { convertible } from '../core/unit.ts';
import type { Path } from './problem.ts';
import { definedOnly } from './profile.ts';
import { duration, id, number, text, title } from './values.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

const phase = z.union([z.literal(1), z.literal(2), z.literal(3)]);

const charger = z.strictObject({
  device: id('charger-1'),
  limit: id('current-limit').prefault('current-limit').describe('Point that takes its limit, A'),
  currents: z
    .array(id('current-l1'))
    .max(3)
    .prefault([])
    .describe('Its measured currents, A, in the order of phases; absent: nobody measures it'),
  phases: z.array(phase).min(1).max(3).prefault([1, 2, 3]).describe('Phases of the feeder it is wired to'),
  min: number(1, 100, 6).prefault(6).describe('Less than this it cannot charge with, A'),
  max: number(1, 1000, 32).prefault(32),
});

const feeder = z
  .strictObject({
    id: id('feeder'),
    rating: number(1, 5000, 32).describe('What the breaker carries for good, A per phase'),
    reserve: number(0, 1000, 1).prefault(1).describe('A that are kept free'),
    meter: z.strictObject({
      device: id('meter-feeder'),
      currents: z.array(id('current-l1')).min(1).max(3).describe('A, one point for each phase'),
    }),
    others: number(0, 5000, 10)
      .prefault(0)
      .describe('What lamp and tenants may draw while the meter is silent, A per phase'),
    stale: duration(SECOND, HOUR, '20s').prefault('20s'),
    raise_after: duration(0, HOUR, '30s').prefault('30s'),
    raise_step: number(0.5, 100, 4).prefault(4).describe('A that a limit rises at once'),
    chargers: z
      .array(charger)
      .min(1)
      .max(16)
      .describe('Where there is too little, the last one pauses first'),
  })
  .describe('Chargers are limited so that all that hangs on the feeder stays inside its rating');

const tenant = z
  .strictObject({
    id: id('cell-tower'),
    title: title().optional(),
    meters: z
      .array(
        z.strictObject({
          device: id('meter-tenant'),
          point: id('energy-import').describe('A register of energy'),
          share: number(0.001, 1, 1).prefault(1).describe('Part of it that the tenant pays'),
        }),
      )
      .min(1)
      .max(16),
    issuers: z
      .array(text('a pattern with * and ?', 'uplink:tower*'))
      .max(32)
      .prefault([])
      .describe('Who commands for it'),
    commands: z
      .array(
        z.strictObject({
          device: text('a pattern with * and ?', 'tower-*'),
          point: text('a pattern with * and ?', '*').prefault('*'),
        }),
      )
      .max(32)
      .prefault([])
      .describe('What these may command, and nobody else of the tenants'),
  })
  .describe('Somebody whose equipment stands on the pole');

export const pole = z
  .strictObject({ feeder: feeder.optional(), tenants: z.array(tenant).max(64).prefault([]) })
  .describe('A pole that carries more than a lamp: docs/pole.md');

export type PoleFile = z.output<typeof pole>;

type Say = (path: Path, message: string, fix: string) => void;

/** References, units, and whether the feeder can carry what it has to. */
export function checkPole(
  { feeder: file, tenants }: PoleFile,
  devices: readonly DeviceConfig[],
  written: readonly string[],
  taken: readonly string[],
  say: Say,
): void {
  const find = (device: string, path: Path) => {
    if (!written.includes(device))
      say(path, `there is no device "${device}"`, `write one of ${written.join(', ')}`);
    return devices.find(({ id: one }) => one === device);
  };
  const point = (device: string, name: string, unit: 'A' | 'kW.h', access: 'read' | 'write', path: Path) => {
    const found = find(device, [...path, 'device']);
    if (found === undefined) return;
    const one = found.profile.points.find(({ id: at }) => at === name);
    if (one === undefined) {
      const names = found.profile.points.map(({ id: at }) => at).slice(0, 12);
      say(path, `${device} has no point "${name}"`, `write one of ${names.join(', ')}`);
    } else if (!convertible(one.unit, unit)) {
      say(path, `${name} of ${device} is in ${one.unit}, which is no ${unit}`, `name a point in ${unit}`);
    } else if (access === 'write' && one.access === 'read') {
      say(path, `${name} of ${device} is read-only`, 'name the point that takes the limit');
    } else if (unit === 'A' && one.unit !== 'A') {
      say(path, `expected a point in A, got ${one.unit}`, 'name a point in A');
    }
  };
  if (file !== undefined) {
    const at: Path = ['pole', 'feeder'];
    if (taken.includes(file.id))
      say([...at, 'id'], `the id "${file.id}" is taken`, 'give the feeder another id');
    const { meter, chargers, rating, reserve, others } = file;
    for (const name of meter.currents) point(meter.device, name, 'A', 'read', [...at, 'meter']);
    chargers.forEach((one, i) => {
      const path = [...at, 'chargers', i];
      point(one.device, one.limit, 'A', 'write', path);
      for (const name of one.currents) point(one.device, name, 'A', 'read', path);
      if (one.currents.length > 0 && one.currents.length !== one.phases.length) {
        say(
          [...path, 'currents'],
          `expected one current for each of ${one.phases.length} phases`,
          'name one for each phase',
        );
      }
      if (one.phases.some((each) => each > meter.currents.length)) {
        say(
          [...path, 'phases'],
          `the feeder is metered on ${meter.currents.length} phases`,
          'name phases that are metered',
        );
      }
      if (one.max < one.min)
        say([...path, 'max'], `expected at least min, got ${one.max}`, `write max: ${one.min}`);
      if (rating - reserve - others < one.min) {
        say(
          [...path, 'min'],
          `${one.device} can never charge while the meter is silent: ${rating} − ${reserve} − ${others} A are less than ${one.min} A`,
          'lower others or reserve',
        );
      }
    });
  }
  const ids = tenants.map(({ id: one }) => one);
  tenants.forEach((one, i) => {
    const path: Path = ['pole', 'tenants', i];
    if (ids.indexOf(one.id) !== i)
      say([...path, 'id'], `the id "${one.id}" is there twice`, 'give it another id');
    for (const [n, meter] of one.meters.entries()) {
      point(meter.device, meter.point, 'kW.h', 'read', [...path, 'meters', n]);
    }
    if (one.commands.length > 0 && one.issuers.length === 0) {
      say([...path, 'issuers'], 'missing: commands needs issuers', 'write issuers: ["uplink:tower*"]');
    }
  });
}

export function poleOf({ feeder: file, tenants }: PoleFile, devices: readonly DeviceConfig[]): PoleConfig {
  return definedOnly({
    feeder: file && feederOf(file),
    tenants: tenants.map((one) => tenantOf(one, devices)),
  });
}

function feederOf({
  raise_after: raiseAfter,
  raise_step: raiseStep,
  ...rest
}: z.output<typeof feeder>): FeederConfig {
  return { ...rest, raiseAfter, raiseStep };
}

function tenantOf(file: z.output<typeof tenant>, devices: readonly DeviceConfig[]): TenantConfig {
  return {
    ...file,
    title: file.title ?? { en: file.id },
    meters: file.meters.map((meter) => {
      const device = devices.find(({ id: one }) => one === meter.device);
      const point = device?.profile.points.find(({ id: one }) => one === meter.point);
      return { ...meter, every: device?.every ?? point?.every ?? device?.profile.every ?? 60_000 };
    }),
  };
}
