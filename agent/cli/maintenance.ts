/** `kerbside maintenance`: marks the readings of a device while somebody works on it. */
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { AgentError } from '../core/errors.ts';
import type { Maintenance } from '../core/mark.ts';
import { refused, withActs } from './acts/acts.ts';
import { durationLike } from './duration.ts';
import { timeText } from './meter/text.ts';

const duration = durationLike('2h or 45min');

interface Common {
  readonly site: string;
  readonly json?: true;
}

const SITE = ['--site <file>', 'site file', 'site.yaml'] as const;
const BY = ['--by <name>', 'who; default: the user of this shell', userInfo().username] as const;

export function register(program: Command): void {
  const maintenance = program
    .command('maintenance')
    .description('mark the readings of a device while somebody works on it');
  maintenance
    .command('begin')
    .description('from now on, until a time; replaces a window that is open')
    .argument('<device>', 'id of the device in the site file')
    .requiredOption('--why <text>', 'what is done')
    .option('--for <time>', 'how long, as 2h or 45min', duration)
    .option('--until <time>', 'instead of --for: until when, ISO 8601', moment)
    .option(...BY)
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(begin);
  maintenance
    .command('end')
    .description('before its time')
    .argument('<device>', 'id of the device')
    .option(...BY)
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(end);
  maintenance
    .command('list')
    .description('windows that are open')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(list);
}

function text({ device, by, why, since, until, ended, endedBy }: Maintenance): string {
  const last = ended === undefined ? `until ${timeText(until)}` : `ended ${timeText(ended)} by ${endedBy}`;
  return `${device}: since ${timeText(since)} by ${by}, ${last}: ${why}\n`;
}

function answer(json: true | undefined, value: unknown, lines: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : lines);
}

interface BeginFlags extends Common {
  readonly why: string;
  readonly for?: number;
  readonly until?: number;
  readonly by: string;
}

async function begin(device: string, { site, json, why, by, ...flags }: BeginFlags): Promise<void> {
  if ((flags.for === undefined) === (flags.until === undefined))
    throw new AgentError('config-invalid', 'maintenance not begun: its end is not known', {
      fix: 'give one of --for 2h and --until 2027-01-31T18:00:00+08:00',
    });
  await withActs(site, async (acts) => {
    const end = flags.until === undefined ? { lasts: flags.for ?? 0 } : { until: flags.until };
    const window = await refused(acts.beginMaintenance({ device, by, why, ...end }));
    if (window !== undefined) answer(json, window, text(window));
  });
}

async function end(device: string, { site, json, by }: Common & { readonly by: string }): Promise<void> {
  await withActs(site, async (acts) => {
    const window = await refused(acts.endMaintenance(device, by));
    if (window !== undefined) answer(json, window, text(window));
  });
}

async function list({ site, json }: Common): Promise<void> {
  await withActs(site, async (acts) => {
    const windows = await acts.maintenance();
    answer(
      json,
      windows,
      windows.length === 0 ? 'no device is in maintenance\n' : windows.map(text).join(''),
    );
  });
}

function moment(given: string): number {
  const at = Date.parse(given);
  if (Number.isNaN(at)) throw new InvalidArgumentError('Expected a time like 2027-01-31T12:00:00+08:00.');
  return at;
}
