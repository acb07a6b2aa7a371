/** `kerbside energy`: the account of a building from its log: consumption, bills, completeness. The agent may run or not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EnergyBook } from '../control/energy/book.ts';
import type { Bill, BuildingAccount, Completeness, NodeAccount } from '../core/energy/account.ts';
import type { EnergyConfig } from '../core/energy/energy.ts';
import { AgentError } from '../core/errors.ts';
import type { Text } from '../core/point.ts';
import { UNITS } from '../core/unit.ts';
import { LOG_NAME } from '../store/aside.ts';
import { OpenRegisters } from '../store/open-registers.ts';
import { registerPeakLimit } from './energy-peak-limit.ts';
import { type OpenAccount, registerReports } from './energy-report.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';
import { columns } from './table.ts';

interface SpanOptions {
  readonly month?: string;
  readonly day?: string;
  readonly json?: true;
}

interface BillOptions extends Omit<SpanOptions, 'day'> {
  readonly account?: string;
}

export function register(program: Command): void {
  const energy = program.command('energy').description('the energy account of a building, from its log');
  const sub = (name: string, does: string) =>
    energy.command(name).description(does).argument('[site]', 'site file', 'site.yaml');
  const span = (command: Command) =>
    command
      .option('--month <month>', 'settlement period, as 2027-03; default: the one that runs')
      .option('--day <day>', 'a day, as 2027-03-15, instead of a month')
      .option('--json', 'answer in JSON');
  span(sub('account', 'consumption by carrier, item, circuit and meter; branches that do not add up')).action(
    account,
  );
  span(sub('completeness', 'readings due, received, valid and repaired, by building, item, meter and day'))
    .addHelpText('after', '\nExit code 0: the building reaches its line. 1: it does not.')
    .action(completeness);
  sub('bill', 'the bill of an account for a settlement period, with the registers it comes from')
    .option('--month <month>', 'settlement period, as 2027-03; default: the one that runs')
    .option('--account <id>', 'this account alone; default: all')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: all of them are final. 1: something is missing, or the period runs.',
    )
    .action(bill);
  registerReports(energy, open);
  registerPeakLimit(energy);
}

type Open = OpenAccount;

/** Undefined where there is no account to show, which is said. */
async function open(file: string): Promise<Open | undefined> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(result.problems));
    return undefined;
  }
  const { site } = result;
  if (site.energy === undefined) {
    process.exitCode = EXIT.no;
    process.stderr.write(`${file} keeps no energy account: add a section energy: (docs/energy.md)\n`);
    return undefined;
  }
  const log = join(site.state, LOG_NAME);
  if (!existsSync(log))
    throw new AgentError('store-failed', `opening of ${log} failed: there is no log yet`, {
      fix: 'run the site first, or name the site file whose state folder holds the log',
    });
  const registers = new OpenRegisters(log, site.timezone);
  const book = new EnergyBook({
    config: site.energy,
    timezone: site.timezone,
    settlementDay: site.meters?.settlementDay ?? 1,
    read: (...asked) => registers.read(...asked),
    dayMeans: (...asked) => registers.dayMeans(...asked),
  });
  return {
    site,
    config: site.energy,
    book,
    registers,
    now: Date.now(),
    [Symbol.dispose]: () => registers[Symbol.dispose](),
  };
}

/** The stretch of time that was asked for; undefined where it is none, which is said. */
function spanOf({ book, now }: Open, { month, day }: SpanOptions) {
  const wrong = (what: string) => {
    process.exitCode = EXIT.usage;
    process.stderr.write(`kerbside: ${what}\n`);
    return undefined;
  };
  if (month !== undefined && day !== undefined) return wrong('expected --month or --day, got both');
  if (day !== undefined) {
    const real = /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00:00Z`));
    return real ? book.calendar.day(day) : wrong(`expected a day such as 2027-03-15, got "${day}"`);
  }
  const asked = month ?? book.calendar.monthOf(now);
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(asked))
    return wrong(`expected a month such as 2027-03, got "${asked}"`);
  return book.calendar.period(asked);
}

async function account(file: string, options: SpanOptions): Promise<void> {
  using opened = await open(file);
  const span = opened && spanOf(opened, options);
  if (opened === undefined || span === undefined) return;
  const found = opened.book.account(span.from, span.to, opened.now);
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : accountText(opened.config, found));
}

async function completeness(file: string, options: SpanOptions): Promise<void> {
  using opened = await open(file);
  const span = opened && spanOf(opened, options);
  if (opened === undefined || span === undefined) return;
  const found = opened.book.completeness(span.from, span.to, opened.now);
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : completenessText(found));
  if ((found.rows[0]?.share ?? 0) < found.line) process.exitCode = EXIT.no;
}

async function bill(file: string, options: BillOptions): Promise<void> {
  using opened = await open(file);
  const period = opened && spanOf(opened, options);
  if (opened === undefined || period === undefined) return;
  const { book, config, now } = opened;
  const month = options.month ?? book.calendar.monthOf(now);
  const ids = options.account === undefined ? config.accounts.map(({ id }) => id) : [options.account];
  if (ids.length === 0) {
    process.exitCode = EXIT.no;
    process.stderr.write(
      `${file} names no accounts: add accounts: to its section energy: (docs/energy.md)\n`,
    );
    return;
  }
  const bills = ids.map((id) => book.bill(id, month, now));
  process.stdout.write(options.json ? `${JSON.stringify(bills)}\n` : bills.map(billText).join('\n'));
  if (bills.some(({ final }) => !final)) process.exitCode = EXIT.no;
}

const titled = ({ en, zh }: Text) => (zh === undefined ? en : `${en} ${zh}`);
const percent = (share: number | null) => (share === null ? '—' : `${(100 * share).toFixed(1)} %`);

function amount({ quantity, atLeast, unit }: NodeAccount): string {
  const { symbol } = UNITS[unit];
  return quantity === null ? `≥ ${atLeast.toFixed(2)} ${symbol}` : `${quantity.toFixed(2)} ${symbol}`;
}

function accountText({ circuits }: EnergyConfig, found: BuildingAccount): string {
  const depth = (id: string): number => {
    const above = circuits.find((one) => one.id === id)?.fedBy;
    return above === undefined ? 0 : 1 + depth(above);
  };
  const row = (node: NodeAccount, name: string) => [
    name,
    amount(node),
    node.quality,
    percent(node.completeness),
  ];
  const rows = [
    ['', 'quantity', 'quality', 'readings'],
    ...found.carriers.map((node) => row(node, titled(node.title))),
    ...found.items.map((node) => row(node, `  ${node.id} ${titled(node.title)}`)),
    ...found.circuits.map((node) => row(node, `  ${'  '.repeat(depth(node.id))}${node.id}`)),
    ...found.meters.map((node) => row(node, `meter ${node.id}`)),
  ];
  const branches = found.branches.map(
    ({ circuit, state, difference, share }) =>
      `branch ${circuit}: ${state}${difference === null ? '' : `, ${difference.toFixed(2)} (${percent(share)}) unaccounted for`}\n`,
  );
  const coverage = found.coverage.map(
    ({ carrier, share }) => `${carrier} metered by item: ${percent(share)}\n`,
  );
  return `${columns(rows)}\n${branches.join('')}${coverage.join('')}`;
}

function completenessText({ rows, days, line }: Completeness): string {
  const all = rows.map(({ id, kind, due, received, valid, repaired, share }) => [
    `${kind} ${id}`,
    String(due),
    String(received),
    String(valid),
    String(repaired),
    percent(share),
    share !== null && share < line ? 'below the line' : '',
  ]);
  const byDay = days.map(({ date, rows: [building] }) => {
    const share = building?.share ?? null;
    return [date, percent(share), share !== null && share < line ? 'below the line' : ''];
  });
  const head = ['', 'due', 'received', 'valid', 'repaired', 'share', `line ${percent(line)}`];
  return `${columns([head, ...all])}\n${columns([['day', 'share', ''], ...byDay])}`;
}

function billText(one: Bill): string {
  const {
    account: id,
    title,
    month,
    final,
    quality,
    lines,
    total,
    carriers,
    statement,
    demand,
    powerFactor,
  } = one;
  const rows = lines.map(
    ({ what, rate, meter, from, to, quantity, unit, price, amount: sum, quality: worth }) => [
      `${what}${rate === undefined ? '' : ` ${rate}`}`,
      meter,
      `${from}..${to}`,
      `${quantity} ${unit}`,
      `× ${price}`,
      sum,
      worth,
    ],
  );
  const head = `${id} (${titled(title)}) ${month}: ${total} yuan, ${final ? 'final' : 'so far'}, ${quality}\n`;
  const sums = carriers.map(
    ({ carrier, quantity, unit, amount: sum, kgce, kgco2 }) =>
      `${carrier}: ${quantity} ${UNITS[unit].symbol}, ${sum} yuan${kgce === null ? '' : `, ${kgce} kgce`}${kgco2 === null ? '' : `, ${kgco2} kgCO2`}\n`,
  );
  const peaks = demand.map(
    ({ meter, kw, at, method }) =>
      `maximum demand of ${meter}: ${kw === null || at === null ? 'not known' : `${kw} kW at ${new Date(at).toISOString()} (${method})`}\n`,
  );
  const factors = powerFactor.map(
    ({ meter, factor, standard, adjustment }) =>
      `power factor of ${meter}: ${factor ?? 'not known'} against ${standard}, ${adjustment ?? '—'} %\n`,
  );
  const registers = statement.map(({ meter, opening, closing, breaks }) => [
    `register ${meter}`,
    opening === null ? '—' : String(opening.value),
    closing === null ? '—' : String(closing.value),
    breaks.map(({ kind, closing: end, opening: begin }) => `${kind} ${end} → ${begin}`).join(', '),
  ]);
  return [
    head,
    columns(rows),
    ...sums,
    ...peaks,
    ...factors,
    columns([['', 'opening', 'closing', ''], ...registers]),
  ].join('');
}
