/** The part of the site schema on the peak limit: what demand is held below, and which loads give way for it. */
import * as z from 'zod';
import type { PeakLimitConfig } from '../../core/energy/peak-limit.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { convertible } from '../../core/unit.ts';
import { definedOnly } from '../device/profile.ts';
import type { Path } from '../problem.ts';
import { duration, flag, id, integer, number, scalar } from '../values.ts';
import { share } from './values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const value = scalar<number | boolean | string>({
  expected: 'a number, true, false or text',
  json: { type: ['number', 'boolean', 'string'], examples: [false] },
  read: (raw) =>
    ['number', 'boolean', 'string'].includes(typeof raw) ? (raw as number | boolean | string) : undefined,
  write: () => 'false',
});

const load = z.strictObject({
  id: id('charger'),
  device: id('charger-1'),
  point: id('current-limit'),
  shed: value.describe('Value while it gives way'),
  normal: value.describe('Value that it has back'),
  kw: number(0.1, 1e5, 22).describe('What that saves, kW'),
  priority: integer(1, 100, 1).describe('1 gives way first and comes back last'),
  min_on: duration(0, 24 * HOUR, '10min')
    .prefault('10min')
    .describe('Back for at least this long'),
  min_off: duration(0, 24 * HOUR, '5min')
    .prefault('5min')
    .describe('Off for at least this long'),
  max_off: duration(MINUTE, 24 * HOUR, '1h')
    .optional()
    .describe('Back after this, whatever the demand is'),
});

export const peakLimit = z
  .strictObject({
    limit: number(1, 1e6, 800).describe('kW, mean of a window'),
    window: duration(5 * MINUTE, HOUR, '15min')
      .prefault('15min')
      .describe('Over which demand is a mean'),
    margin: share('3%').prefault('3%').describe('Share of the limit that is kept free'),
    power: z
      .strictObject({ device: id('feeder'), point: id('power-active-total') })
      .describe('Active power of the whole, W or kW, read at least every 30 s'),
    armed: flag().prefault(false).describe('false: nothing is commanded, and what would have been is shown'),
    restore_every: duration(0, HOUR, '2min').prefault('2min').describe('Between two loads that come back'),
    response: duration(SECOND, 10 * MINUTE, '30s')
      .prefault('30s')
      .describe('Until a command has its effect'),
    lease: duration(2 * MINUTE, 24 * HOUR, '15min')
      .prefault('15min')
      .describe('A load comes back by itself after this, should the agent die'),
    loads: z.array(load).min(1).max(64).describe('What is not listed is never touched'),
  })
  .describe('Loads that give way so that demand stays below a limit: docs/energy-diagnosis.md');

export type PeakLimitFile = z.output<typeof peakLimit>;

type Say = (path: Path, message: string, fix: string) => void;

/** References, units, types and times; and whether the plan can do anything at all. */
export function checkPeakLimit(
  file: PeakLimitFile,
  devices: readonly DeviceConfig[],
  written: readonly string[],
  kept: readonly { readonly device: string; readonly point: string; readonly by: string }[],
  say: Say,
): void {
  const at = (...path: Path): Path => ['peak_limit', ...path];
  const find = (device: string, name: string, path: Path) => {
    if (!written.includes(device)) {
      say(
        [...path, 'device'],
        `there is no device "${device}"`,
        `write one of ${written.slice(0, 12).join(', ')}`,
      );
      return undefined;
    }
    const found = devices.find((one) => one.id === device);
    const point = found?.profile.points.find((one) => one.id === name);
    if (found !== undefined && point === undefined) {
      const names = found.profile.points.map((one) => one.id).slice(0, 12);
      say([...path, 'point'], `${device} has no point "${name}"`, `write one of ${names.join(', ')}`);
    }
    return point;
  };
  const power = find(file.power.device, file.power.point, at('power'));
  if (power !== undefined && !convertible(power.unit, 'kW')) {
    say(
      at('power', 'point'),
      `${file.power.point} is in ${power.unit}, which is no power`,
      'name a point in W or kW',
    );
  }
  const ids = file.loads.map((one) => one.id);
  file.loads.forEach((one, i) => {
    const path = at('loads', i);
    if (ids.indexOf(one.id) !== i)
      say([...path, 'id'], `the id "${one.id}" is there twice`, 'give it another id');
    const point = find(one.device, one.point, path);
    if (point !== undefined && point.access === 'read') {
      say(
        [...path, 'point'],
        `${one.point} of ${one.device} is read-only`,
        'name a point that can be written',
      );
    }
    for (const key of ['shed', 'normal'] as const) {
      if (point === undefined || typeof one[key] === point.type) continue;
      say(
        [...path, key],
        `expected a ${point.type}, as ${one.point} is, got ${JSON.stringify(one[key])}`,
        `write a ${point.type}`,
      );
    }
    if (one.shed === one.normal) {
      say(
        [...path, 'shed'],
        'shed and normal are the same, so nothing would give way',
        'write another value',
      );
    }
    if (one.max_off !== undefined && one.max_off < one.min_off) {
      say([...path, 'max_off'], 'max_off is shorter than min_off', 'write a longer max_off');
    }
    const other = kept.find((all) => all.device === one.device && all.point === one.point);
    if (other !== undefined) {
      say(
        [...path, 'point'],
        `${one.point} of ${one.device} is run by ${other.by}`,
        'leave it to one of them',
      );
    }
  });
  if (file.lease < 2 * file.response) {
    say(at('lease'), 'a lease runs out before a command has its effect twice', 'write a longer lease');
  }
}

export function peakLimitOf({ restore_every: restoreEvery, loads, ...rest }: PeakLimitFile): PeakLimitConfig {
  return {
    ...rest,
    restoreEvery,
    loads: loads.map(({ min_on: minOn, min_off: minOff, max_off, ...one }) => ({
      ...one,
      minOn,
      minOff,
      ...definedOnly({ maxOff: max_off }),
    })),
  };
}
