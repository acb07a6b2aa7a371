/** `kerbside energy peak-limit --dry-run`: what the plan would have done with the power that was logged. It commands nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { Directory } from '../compose/describe.ts';
import { dryRun, minutesOf } from '../control/energy/shedding/dry-run.ts';
import type { ShedPlan } from '../core/energy/peak-limit.ts';
import { AgentError } from '../core/errors.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { LOG_NAME } from '../store/aside.ts';
import { HistoryPages } from '../store/history-page.ts';
import { openForReading, storeError } from '../store/sqlite.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';
import { columns } from './table.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Options {
  readonly hours: number;
  readonly json?: true;
}

export function registerPeakLimit(energy: Command): void {
  energy
    .command('peak-limit')
    .description('what the peak limit would have done with the power in the log; nothing is commanded')
    .argument('[site]', 'site file', 'site.yaml')
    .requiredOption('--dry-run', 'show the plan: the limit is armed in the site file, never here')
    .option('--hours <hours>', 'of the past, 1 to 72', hours, 24)
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: no window would have been above the limit. 1: one would, or no power is logged.',
    )
    .action(show);
}

function hours(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 72)
    throw new InvalidArgumentError('expected a whole number from 1 to 72.');
  return value;
}

async function show(file: string, options: Options): Promise<void> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(result.problems));
    return;
  }
  const { site } = result;
  const { peakLimit } = site;
  if (peakLimit === undefined) {
    process.exitCode = EXIT.no;
    process.stderr.write(`${file} has no peak limit: add a section peak_limit: (docs/energy-diagnosis.md)\n`);
    return;
  }
  const log = join(site.state, LOG_NAME);
  if (!existsSync(log))
    throw new AgentError('store-failed', `opening of ${log} failed: there is no log yet`, {
      fix: 'run the site first, or name the site file whose state folder holds the log',
    });
  const { device, point } = peakLimit.power;
  const to = Math.floor(Date.now() / MINUTE) * MINUTE;
  const from = to - options.hours * HOUR;
  const unit = new Directory(site).plan(device, point)?.point.unit ?? 'kW';
  const power = minutesOf(meansOf(log, site.timezone, { device, point, from, to }), { from, to, unit });
  if (power.every(({ kw }) => kw === null)) {
    process.exitCode = EXIT.no;
    process.stderr.write(
      `no power is logged: ${device} ${point} has no reading in the last ${options.hours} h; run the site first, or ask for more --hours\n`,
    );
    return;
  }
  const plan = dryRun(peakLimit, power);
  process.stdout.write(options.json ? `${JSON.stringify(plan)}\n` : planText(plan));
  if (plan.plannedAbove > 0) process.exitCode = EXIT.no;
}

interface Asked {
  readonly device: string;
  readonly point: string;
  readonly from: number;
  readonly to: number;
}

/** Means of minutes, in the unit of the point. */
function meansOf(log: string, timezone: string, { device, point, from, to }: Asked) {
  const db = openForReading(log);
  try {
    const most = (to - from) / MINUTE;
    return new HistoryPages(db, new LocalDays(timezone)).page(device, point, from, to, MINUTE, most).buckets;
  } catch (thrown) {
    throw storeError(thrown, 'reading of history');
  } finally {
    db.close();
  }
}

function planText(plan: ShedPlan): string {
  const kw = (value: number | null) => (value === null ? 'not known' : `${value.toFixed(1)} kW`);
  const when = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  const rows = [
    ['', 'as it was', 'with the plan'],
    ['highest window', kw(plan.measured), kw(plan.planned)],
    ['minutes above the limit', String(plan.measuredAbove), String(plan.plannedAbove)],
  ];
  const loads = Object.entries(plan.loads).map(
    ([id, { minutes, kwh }]) => `${id}: ${minutes} min off, ${kwh.toFixed(1)} kWh not drawn\n`,
  );
  const actions = plan.actions.map(({ at, what, load: id, why }) => [when(at), what, id, why]);
  return [
    `limit ${plan.limit} kW, ${when(plan.from)} to ${when(plan.to)} UTC; nothing was commanded\n`,
    columns(rows),
    ...loads,
    actions.length === 0 ? 'nothing would have been shed\n' : columns(actions),
  ].join('');
}
