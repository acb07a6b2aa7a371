/** The part of the site schema on a pole that carries more than a lamp: its feeder, and who else stands on it. */
import * as z from 'zod';
import { ARROWS, type FeederConfig, type PoleConfig, type TenantConfig } from '../core/pole.ts';
import { PANEL_CHARSETS, PANEL_POINTS } from '../core/sign/text-panel.ts';
import type { DeviceConfig } from '../core/site.ts';
import { convertible } from '../core/unit.ts';
import { definedOnly } from './device/profile.ts';
import type { Path } from './problem.ts';
import { duration, id, integer, number, oneOf, text, title } from './values.ts';

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
  max: number(1, 1000, 32).prefault(32).describe('More than this it is never told, A'),
});

const feeder = z
  .strictObject({
    id: id('feeder'),
    rating: number(1, 5000, 32).describe('What the breaker carries for good, A per phase'),
    reserve: number(0, 1000, 1).prefault(1).describe('A that are kept free'),
    meter: z
      .strictObject({
        device: id('meter-feeder'),
        currents: z.array(id('current-l1')).min(1).max(3).describe('A, one point for each phase'),
      })
      .describe('Measures the feeder'),
    others: number(0, 5000, 10)
      .prefault(0)
      .describe('What lamp and tenants may draw while the meter is silent, A per phase'),
    stale: duration(SECOND, HOUR, '20s')
      .prefault('20s')
      .describe('A meter that said nothing for so long is silent'),
    raise_after: duration(0, HOUR, '30s')
      .prefault('30s')
      .describe('So long there has to be room before a limit rises'),
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
      .max(16)
      .describe('What it is billed by'),
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

const lot = z.strictObject({
  id: id('lot-east'),
  title: title().optional(),
  places: z
    .array(z.strictObject({ device: id('camera-1'), point: id('bay-1-occupied') }))
    .min(1)
    .max(256)
    .describe('Points that tell how many places are free, or whether one is taken; they are summed'),
  arrow: oneOf(ARROWS, 'right').optional().describe('Where it lies, seen from the screen'),
  reopen: integer(1, 1000, 1).prefault(1).describe('So many have to be free before a full one is free again'),
});

const screen = z.strictObject({
  device: id('led-1').describe('A text panel'),
  rows: integer(1, 16, 4).prefault(4).describe('Lines of text'),
  columns: integer(4, 256, 24).prefault(24).describe('Cells of a row; a Chinese character takes two'),
  charset: oneOf(PANEL_CHARSETS, 'gb2312').prefault('gb2312').describe('What its font holds'),
  lots: z.array(id('lot-east')).max(64).prefault([]).describe('Ids of the lots it guides to'),
  default: id('welcome').optional().describe('Template of signed content that is shown when nothing else is'),
  loss: id('no-data')
    .optional()
    .describe('Template that the panel shows when it hears nothing; absent: nothing'),
  power_up: id('starting').optional().describe('Template that it shows after power-up; absent: nothing'),
  loss_after: duration(10_000, 3600_000, '2min')
    .prefault('2min')
    .describe('Silence after which the panel shows loss by itself'),
  brightness: z
    .strictObject({
      day: number(0, 100, 90).prefault(90).describe('By day, %'),
      night: number(0, 100, 20).prefault(20).describe('By night, %'),
    })
    .prefault({})
    .describe('By day and by night, %'),
});

const speaker = z.strictObject({
  device: id('speaker-1'),
  point: id('clip').prefault('clip').describe('Takes the number of a clip; 0 is silence'),
  clips: z
    .record(z.string(), z.int().min(1).max(65_535))
    .describe('Number of the clip of each signed template'),
  every: duration(5000, 3600_000, '30s')
    .prefault('30s')
    .describe('A message that holds is said again after this'),
});

export const pole = z
  .strictObject({
    feeder: feeder.optional(),
    tenants: z
      .array(tenant)
      .max(64)
      .prefault([])
      .describe('Whose equipment stands on the pole, with statements of energy'),
    lots: z.array(lot).max(64).prefault([]).describe('Parking that screens guide to'),
    screens: z.array(screen).max(8).prefault([]).describe('LED text panels'),
    speakers: z.array(speaker).max(8).prefault([]).describe('Loudspeakers that play recorded clips'),
  })
  .describe('A pole that carries more than a lamp: docs/pole.md');

export type PoleFile = z.output<typeof pole>;

type Say = (path: Path, message: string, fix: string) => void;

/** References, units, and whether the feeder can carry what it has to. */
export function checkPole(
  { feeder: file, tenants, lots, screens, speakers }: PoleFile,
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
  const panelPoints = Object.values(PANEL_POINTS);
  screens.forEach((one, i) => {
    const path: Path = ['pole', 'screens', i];
    const found = find(one.device, [...path, 'device']);
    const missing = panelPoints.filter((name) => !found?.profile.points.some(({ id: at }) => at === name));
    if (found !== undefined && missing.length > 0) {
      say(
        [...path, 'device'],
        `${one.device} is no text panel: it has no ${missing.join(', ')}`,
        'name a text panel',
      );
    }
    for (const [n, name] of one.lots.entries()) {
      if (lots.some(({ id: at }) => at === name)) continue;
      say(
        [...path, 'lots', n],
        `there is no lot "${name}"`,
        `write one of ${lots.map(({ id: at }) => at).join(', ')}`,
      );
    }
  });
  speakers.forEach((one, i) => {
    const path: Path = ['pole', 'speakers', i];
    const found = find(one.device, [...path, 'device']);
    const at = found?.profile.points.find(({ id: name }) => name === one.point);
    if (found !== undefined && (at === undefined || at.type !== 'number' || at.access === 'read')) {
      say(
        [...path, 'point'],
        `${one.device} has no point "${one.point}" that takes a number`,
        'name the point that plays',
      );
    }
  });
  lots.forEach((one, i) => {
    const path: Path = ['pole', 'lots', i];
    if (taken.includes(one.id) || lots.findIndex(({ id: at }) => at === one.id) !== i) {
      say([...path, 'id'], `the id "${one.id}" is taken`, 'give the lot another id');
    }
    for (const [n, place] of one.places.entries()) {
      // Cameras have points of their own, which are known when they are set up.
      if (taken.includes(place.device)) continue;
      say(
        [...path, 'places', n, 'device'],
        `there is no device or camera "${place.device}"`,
        'name one of the site',
      );
    }
  });
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

export function poleOf(
  { feeder: file, tenants, lots, screens, speakers }: PoleFile,
  devices: readonly DeviceConfig[],
): PoleConfig {
  return definedOnly({
    feeder: file && feederOf(file),
    tenants: tenants.map((one) => tenantOf(one, devices)),
    lots: lots.map((one) => definedOnly({ ...one, title: one.title ?? { en: one.id } })),
    screens: screens.map(({ rows, columns, charset, power_up: powerUp, loss_after: lossAfter, ...rest }) =>
      definedOnly({
        ...rest,
        geometry: { rows, columns, charset },
        powerUp,
        lossAfter: Math.round(lossAfter / SECOND),
      }),
    ),
    speakers,
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
