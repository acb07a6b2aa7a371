/** `kerbside watch [devices…]`: the real scheduler on the real lines, and a live table instead of a log. */
import type { Command } from 'commander';
import { driverFor } from '../../drivers/index.ts';
import { openLines } from '../bus/lines.ts';
import { findDevice } from '../compose/device-access.ts';
import { parseDuration } from '../config/values.ts';
import { AgentError } from '../core/errors.ts';
import { silent } from '../core/log.ts';
import type { Point } from '../core/point.ts';
import type { Reading } from '../core/reading.ts';
import type { Site } from '../core/site.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { load, problemLines } from './site.ts';
import { columns, qualityText, valueText } from './table.ts';

/** ms */
const REDRAW = 500;

export function register(program: Command): void {
  program
    .command('watch')
    .description('poll devices as the agent would and show a live table; the agent must not have their lines')
    .argument('[devices...]', 'only these devices; default all of the site')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--for <time>', 'stop after this long, for example 30s; default at Ctrl-C')
    .option('--json', 'one JSON line a reading')
    .addHelpText('after', '\nExit code 0: every line and device answered at the end. 1: one was down.')
    .action(watch);
}

interface Options {
  readonly site: string;
  readonly for?: string;
  readonly json?: true;
}

async function watch(ids: readonly string[], options: Options): Promise<void> {
  const result = await load(options.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const limit = options.for === undefined ? undefined : parseDuration(options.for);
  if (options.for !== undefined && limit === undefined) {
    throw new AgentError('config-invalid', `--for ${options.for} is no time`, { fix: 'write --for 30s' });
  }
  const { site } = result;
  const devices = ids.length === 0 ? site.devices : ids.map((id) => findDevice(site, id).device);
  const clock = new SystemClock();
  const latest = new Map<string, Reading>();
  const live = options.json !== true && process.stdout.isTTY;
  using interrupt = interruptible();
  await using lines = openLines({
    lines: site.lines.filter((line) => devices.some((device) => device.line === line.id)),
    devices,
    driver: driverFor,
    clock,
    log: silent,
    publisher: {
      readings: (readings) => {
        for (const reading of readings) {
          latest.set(`${reading.device}/${reading.point}`, reading);
          if (options.json === true) process.stdout.write(`${JSON.stringify(reading)}\n`);
        }
      },
      event() {},
    },
  });
  const end = clock.mono() + (limit ?? Number.POSITIVE_INFINITY);
  while (clock.mono() < end && !interrupt.signal.aborted) {
    await clock.sleep(Math.min(REDRAW, Math.max(0, end - clock.mono())), interrupt.signal).catch(() => {});
    // Home, and clear to the end: no flicker (ECMA-48 CUP, ED).
    if (live) process.stdout.write(`\x1b[H\x1b[J${table(site, latest, clock.mono(), process.stdout.rows)}`);
  }
  if (options.json !== true && !live) process.stdout.write(table(site, latest, clock.mono()));
  const down = lines.health().filter((part) => part.state === 'down');
  for (const { message = '', fix } of down)
    process.stderr.write(`${message}${fix === undefined ? '' : `; ${fix}`}\n`);
  process.exitCode = down.length === 0 ? EXIT.ok : EXIT.no;
}

function table(
  site: Site,
  latest: ReadonlyMap<string, Reading>,
  now: number,
  height = Number.POSITIVE_INFINITY,
): string {
  const facts = new Map<string, Point>(
    site.devices.flatMap(({ id, profile }) =>
      profile.points.map((point) => [`${id}/${point.id}`, point] as const),
    ),
  );
  const rows = [...latest.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, reading]) => [
      reading.device,
      reading.point,
      valueText(reading, facts.get(key)?.decimals),
      `${((now - reading.time) / 1000).toFixed(0)} s`,
      qualityText(reading),
    ]);
  const fits = rows.slice(0, Math.max(1, height - 3));
  const more =
    rows.length > fits.length
      ? `… and ${rows.length - fits.length} more; name the devices to see them\n`
      : '';
  return columns([['DEVICE', 'POINT', 'VALUE', 'AGE', 'QUALITY'], ...fits]) + more;
}
