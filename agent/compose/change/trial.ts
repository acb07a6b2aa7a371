/**
 * Devices of a site file that is not in force yet are asked once, before it is: on a line that runs by visiting it between
 * its own turns, on one that does not by opening its port for the moment.
 */

import { isDeepStrictEqual } from 'node:util';
import type { LineHandle } from '../../bus/open.ts';
import type { DeviceTrial } from '../../core/config-change.ts';
import type { Driver } from '../../core/driver.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import { silent } from '../../core/log.ts';
import type { Reading } from '../../core/reading.ts';
import { bareDevice, type DeviceConfig, type LineConfig, lineOfDevice, type Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { openDevice, type ReadResult } from '../device-access.ts';

/** Readings told of a device. */
const TOLD = 8;

export interface TrialOptions {
  /** The site that runs, and the one that is to. */
  readonly running: Site;
  readonly to: Site;
  readonly devices: readonly string[];
  readonly lines: readonly LineHandle[];
  readonly driver: (protocol: string) => Driver | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One after the other on each line, lines beside each other. Never rejects: what could not be tried says why. */
export async function tryDevices(options: TrialOptions): Promise<readonly DeviceTrial[]> {
  const { to, devices } = options;
  const tried = to.devices.filter(({ id }) => devices.includes(id));
  const byLine = Map.groupBy(tried, ({ line }) => line);
  const trials = await Promise.all(
    Array.from(byLine, async ([line, on]) => {
      const told: DeviceTrial[] = [];
      for (const device of on) told.push(await tryDevice(device, line, options));
      return told;
    }),
  );
  const order = new Map(tried.map(({ id }, index) => [id, index] as const));
  return trials.flat().sort((a, b) => (order.get(a.device) ?? 0) - (order.get(b.device) ?? 0));
}

async function tryDevice(device: DeviceConfig, id: string, options: TrialOptions): Promise<DeviceTrial> {
  const { running, to, lines, driver, signal } = options;
  const untried = (message: string): DeviceTrial => ({
    device: device.id,
    title: device.title,
    result: 'untried',
    message,
    readings: [],
  });
  const line = to.lines.find((one) => one.id === id);
  if (line === undefined) return untried('it has no line');
  const before = running.lines.find((one) => one.id === id);
  const known = driver(device.profile.protocol);
  try {
    if (before !== undefined && isDeepStrictEqual(before, line)) {
      const handle = lines.find((one) => one.id === id);
      if (handle === undefined) return untried('its line does not run yet');
      if (known?.kind !== 'polled') return untried('it talks by itself: it is heard once the change is made');
      return verdict(device, await visited(device, line, handle, options));
    }
    if (before !== undefined) return untried('its line changes too: it is asked once the change is made');
    const holder = running.lines.find((one) => samePlace(one, line));
    if (holder !== undefined) return untried(`line ${holder.id} has its port now`);
    if (line.kind === 'http' || line.kind === 'ocpp' || line.kind === 'dial-in' || line.kind === 'caller')
      return untried('it calls by itself: it is heard once the change is made');
    await using opened = await openDevice(line, device, options.clock, signal);
    return verdict(device, await opened.read(signal));
  } catch (thrown) {
    const error = asAgentError(thrown);
    if (signal.aborted) return untried('there was no time left to ask it');
    return verdict(device, { readings: [], errors: [{ points: [], error }] });
  }
}

/** Each of its polls once, each a turn of its own, so that those who live on the line keep their periods. */
async function visited(
  device: DeviceConfig,
  line: LineConfig,
  handle: LineHandle,
  { driver, clock, signal }: TrialOptions,
): Promise<ReadResult> {
  const known = driver(device.profile.protocol);
  if (known?.kind !== 'polled') throw new AgentError('unsupported', `${device.id} is not asked`);
  const context = { device: bareDevice(device), clock, log: silent };
  const session = known.open(context, lineOfDevice(line, device));
  const readings: Reading[] = [];
  const errors: { points: readonly string[]; error: AgentError }[] = [];
  for (const poll of [...session.polls]) {
    try {
      readings.push(
        ...(await handle.visit(device, (exchange, limit) => poll.execute(exchange, limit), signal)),
      );
    } catch (thrown) {
      const error = asAgentError(thrown);
      errors.push({ points: poll.points, error });
      // One that says nothing at all is not asked for the rest of its map.
      if (readings.length === 0 && error.code !== 'device-exception') break;
    }
  }
  return { readings, errors };
}

function verdict({ id, title }: DeviceConfig, { readings, errors }: ReadResult): DeviceTrial {
  const good = readings.filter(({ quality }) => quality !== 'bad');
  const [error] = errors;
  const result =
    good.length === 0 ? 'silent' : errors.length > 0 || good.length < readings.length ? 'partly' : 'answered';
  return {
    device: id,
    title,
    result,
    ...(error === undefined ? {} : { message: error.error.message }),
    ...(error?.error.fix === undefined ? {} : { fix: error.error.fix }),
    readings: [...good, ...readings.filter((one) => !good.includes(one))]
      .slice(0, TOLD)
      .map(({ point, value, unit }) => ({ point, value, unit })),
  };
}

/** Two lines that cannot both be open. */
function samePlace(a: LineConfig, b: LineConfig): boolean {
  if (a.kind === 'serial' && b.kind === 'serial') return a.port === b.port;
  return 'host' in a && 'host' in b && a.host === b.host && a.port === b.port && a.kind === b.kind;
}
