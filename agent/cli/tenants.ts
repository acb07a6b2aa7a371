/** `kerbside tenants`: what those who stand on the pole have taken. Reads the log; the agent may run meanwhile. */
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  monthOf,
  registersOf,
  type TenantMeter,
  type TenantStatement,
  tenantStatement,
} from '../control/tenants/statement.ts';
import { AgentError } from '../core/errors.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { LOG_NAME } from '../store/aside.ts';
import { Registers } from '../store/registers.ts';
import { openForReading, storeError } from '../store/sqlite.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';
import { columns } from './table.ts';

interface Options {
  readonly month: string;
  readonly site: string;
  readonly tenant?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  const tenants = program.command('tenants').description('energy of those who stand on the pole');
  tenants
    .command('statement')
    .description('kWh of each tenant in a month, with the registers at both ends and what lies between')
    .requiredOption('--month <month>', 'month of the site, as 2027-03')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--tenant <id>', 'this tenant alone')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nmeasured: registers at both ends. repaired: over an exchange or a reset. estimated: an end lies in a silence.' +
        '\nExit code 0: every quantity is known. 1: one is missing, or there are no tenants.',
    )
    .action(statement);
}

async function statement(options: Options): Promise<void> {
  const loaded = await load(options.site, 'skip');
  if (!loaded.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(loaded.problems));
    return;
  }
  const { site } = loaded;
  const days = new LocalDays(site.timezone);
  let span: { readonly from: number; readonly to: number };
  try {
    span = monthOf(options.month, days);
  } catch (error) {
    process.exitCode = EXIT.usage;
    process.stderr.write(`kerbside: ${error instanceof Error ? error.message : String(error)}\n`);
    return;
  }
  const tenants = (site.pole?.tenants ?? []).filter(({ id }) => id === (options.tenant ?? id));
  if (tenants.length === 0) {
    process.exitCode = EXIT.no;
    const known = (site.pole?.tenants ?? []).map(({ id }) => id).join(', ');
    process.stderr.write(
      known === '' ? 'the site has no tenants: see docs/pole.md\n' : `no such tenant; there is ${known}\n`,
    );
    return;
  }
  const series = read(join(site.state, LOG_NAME), days, registersOf(tenants), span);
  const now = Date.now();
  const statements = tenants.map((tenant) => tenantStatement(tenant, options.month, days, now, series));
  if (statements.some(({ quantity }) => quantity === null)) process.exitCode = EXIT.no;
  if (options.json) process.stdout.write(`${JSON.stringify(statements)}\n`);
  else process.stdout.write(statements.map((one) => text(one, site.timezone)).join('\n'));
}

function read(
  file: string,
  days: LocalDays,
  names: ReturnType<typeof registersOf>,
  { from, to }: { readonly from: number; readonly to: number },
) {
  try {
    const db = openForReading(file);
    try {
      return new Registers(db, days).read(names, from, to);
    } finally {
      db.close();
    }
  } catch (thrown) {
    const error = storeError(thrown, `reading of ${file}`);
    throw new AgentError(error.code, error.message, {
      cause: thrown,
      fix: 'Give --site of an agent that has run here.',
    });
  }
}

function text(
  { title, month, meters, quantity, quality, closed, from, to }: TenantStatement,
  zone: string,
): string {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const end = (one: TenantMeter['opening']) =>
    one === null ? '-' : `${one.value} at ${clock.format(one.time)}`;
  const rows = meters.flatMap((meter) => [
    [
      `  ${meter.device} ${meter.point}`,
      end(meter.opening),
      end(meter.closing),
      meter.share === 1 ? '' : `${Math.round(meter.share * 1000) / 10} %`,
      meter.quantity === null ? `at least ${meter.atLeast} kWh` : `${meter.quantity} kWh`,
      meter.quality,
    ],
    ...meter.breaks.map((one) => [
      `    ${one.kind} ${clock.format(one.time)}`,
      `closed at ${one.closing}`,
      `opened at ${one.opening}`,
      '',
      '',
      '',
    ]),
  ]);
  const whole = quantity === null ? 'not known' : `${quantity} kWh`;
  return [
    `${title.en}, ${month}${closed ? '' : ' (running)'}: ${whole}, ${quality}`,
    `  from ${clock.format(from)} to ${clock.format(to)}`,
    columns([['  register', 'opening', 'closing', 'share', 'quantity', ''], ...rows]),
    '',
  ].join('\n');
}
