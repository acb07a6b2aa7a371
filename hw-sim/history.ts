/**
 * A day of past readings from the world, as JSON lines for `kerbside import`: one each five minutes for every point, as
 * the devices would have shown them. `{device, point, value, unit, time}`, time in Unix epoch ms.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { countsBothWays, meterOf, registerOf } from './building/plan.ts';
import { truthOf } from './camera/scene.ts';
import { CJT188_MODELS } from './devices/cjt188-models.ts';
import { MBUS_MODELS } from './devices/mbus-models.ts';
import { encodeRegister, type ModbusModel } from './devices/modbus-model.ts';
import { MODBUS_MODELS } from './devices/modbus-models.ts';
import { electricity, weather } from './devices/quantities.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world/world.ts';

/** A reading of every point each five minutes fills a chart of a day, and a first start waits a second for it. */
const MINUTE = 60_000;
const STEP = 5 * MINUTE;
/** Lines handed to the file at once. */
const CHUNK = 500;

export interface HistoryOptions {
  readonly scenario: Scenario;
  readonly world: World;
  /** Devices that see another part of it. */
  readonly seenBy?: ReadonlyMap<string, World>;
  /** Epoch ms; the last reading lies before it. Default: the street's opening. */
  readonly until?: number;
  /** Default 24. */
  readonly hours?: number;
  readonly signal?: AbortSignal;
}

/** `after`: ms after the moment that was asked for. Default 0. */
type Past = readonly [point: string, value: number | string | boolean, unit: string, after?: number];

/** Writes the file and gives the number of lines. Rejects with the file system's error, or when aborted. */
export async function writeHistory(file: string, options: HistoryOptions): Promise<number> {
  const { scenario, world, seenBy = new Map(), until = world.start, hours = 24 } = options;
  const from = until - hours * 3_600_000;
  const stream = createWriteStream(file);
  const failed = once(stream, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  let lines: string[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    count += lines.length;
    const more = stream.write(lines.join(''));
    lines = [];
    // A drained or a broken file; never longer than the disk takes.
    if (!more) await Promise.race([once(stream, 'drain'), failed]);
  };
  for (let time = Math.ceil(from / STEP) * STEP; time < until; time += STEP) {
    options.signal?.throwIfAborted();
    for (const [device, past] of momentOf(scenario, world, seenBy, time)) {
      for (const [point, value, unit, after = 0] of past) {
        if (time + after >= until) continue;
        lines.push(`${JSON.stringify({ device, point, value, unit, time: time + after })}\n`);
      }
    }
    if (lines.length >= CHUNK) await flush();
  }
  await flush();
  stream.end();
  await Promise.race([once(stream, 'close'), failed]);
  return count;
}

/** What every device of the street showed at a moment. */
function* momentOf(
  scenario: Scenario,
  world: World,
  seenBy: ReadonlyMap<string, World>,
  time: number,
): Generator<readonly [string, readonly Past[]]> {
  for (const { model: stem, id } of scenario.lines.flatMap((line) => line.devices)) {
    const model = MODBUS_MODELS.get(stem);
    const seen = seenBy.get(id);
    if (seen !== undefined) yield [id, countersAt(id, seen, time)];
    else if (model !== undefined) yield [id, registersAt(model, world, time)];
    else if (stem === 'plantower-pms5003') yield [id, particlesAt(world, time)];
    else if (stem === 'arduino-firmata') yield [id, boardAt(world, time)];
  }
  for (const { id } of scenario.cameras) yield [id, cameraAt(world, time)];
}

/** The registers of a meter of the building, and its power: the rest would be half a million readings a day. */
function countersAt(id: string, seen: World, time: number): Past[] {
  const { kind, step } = meterOf(id);
  // Cut off, not rounded: what the meter then shows itself must never be less.
  const shown = (value: number): number => Number((Math.floor(value / step) * step).toFixed(6));
  if (kind === 'electricity') {
    const minutes = [0, 1, 2, 3, 4].map((minute) => minute * MINUTE);
    const register = (point: string): Past[] =>
      // Each minute, as they are read afterwards: fewer would be readings that are missing.
      minutes.map((after) => [
        point,
        shown(electricity(point, seen.load('feeder', time + after))),
        'kW.h',
        after,
      ]);
    const watts = electricity('power-active-total', seen.load('feeder', time));
    return [
      ...register('energy-import'),
      ...(countsBothWays(meterOf(id)) ? register('energy-export') : []),
      ['power-active-total', Math.round(watts), 'W'],
    ];
  }
  const models: readonly { readonly point?: string; truth: Truth; readonly uom: string }[] =
    CJT188_MODELS.get(meterOf(id).model)?.cells ?? MBUS_MODELS.get(meterOf(id).model)?.records ?? [];
  return models.flatMap(({ point, uom, truth }): Past[] => {
    if (point !== registerOf(meterOf(id))) return [];
    const value = truth(seen, time);
    return typeof value === 'number' ? [[point, shown(value), uom]] : [];
  });
}

type Truth = (world: World, time: number) => number | string | null;

function registersAt(model: ModbusModel, world: World, time: number): Past[] {
  const past: Past[] = [];
  const settings = new Map<string, number>();
  for (const register of model.registers) {
    if (register.access === 'write') continue;
    const truth =
      register.value?.(world, time, settings) ?? model.value(register.point, world, time, settings);
    const { value } = encodeRegister(model, register, truth);
    if (value !== null) past.push([register.point, value, register.uom]);
  }
  return past;
}

function particlesAt(world: World, time: number): Past[] {
  const air = world.weather(time);
  return (['pm1-0', 'pm2-5', 'pm10'] as const).map((point) => [
    point,
    Math.round(weather(point, air)),
    'ug/m3',
  ]);
}

/** What was to be counted; the passages are those since the moment before. */
function cameraAt(world: World, time: number): Past[] {
  const { vehicles, vehicleCount, faces } = truthOf(world.trafficAt(time));
  return [
    ['vehicles', vehicleCount, '1'],
    ['vehicles-passed', world.passages(time - STEP, time).length, '1'],
    ['bus-present', (vehicles.bus ?? 0) > 0, '1'],
    ['faces', faces, '1'],
  ];
}

function boardAt(world: World, time: number): Past[] {
  return [
    ['lamp-level', Math.round(world.lampLevel(time) * 100), '%'],
    ['photocell', Math.round(Math.min(1000, world.weather(time).lux)), 'lx'],
    ['cabinet-door', false, '1'],
    ['sos-button', false, '1'],
  ];
}
