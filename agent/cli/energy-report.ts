/** `kerbside energy report` and `export`: a month on paper, and as a table for programs. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { EnergyBook } from '../control/energy/book.ts';
import { diagnoseLog } from '../control/energy/diagnosis/replay.ts';
import { sensesOf } from '../control/energy/diagnosis/senses.ts';
import { reportCsv } from '../control/energy/report/csv.ts';
import { type ReportData, reportData } from '../control/energy/report/data.ts';
import { reportHtml } from '../control/energy/report/html.ts';
import type { EnergyConfig } from '../core/energy/energy.ts';
import type { Site } from '../core/site.ts';
import type { OpenRegisters } from '../store/open-registers.ts';
import { EXIT } from './exit.ts';

export interface OpenAccount extends Disposable {
  readonly site: Site;
  readonly config: EnergyConfig;
  readonly book: EnergyBook;
  readonly registers: OpenRegisters;
  readonly now: number;
}

interface Options {
  readonly month?: string;
  readonly lang: string;
  readonly out?: string;
  readonly bom?: true;
}

/** `open`: the account of a site file; undefined where there is none, which is said. */
export function registerReports(
  energy: Command,
  open: (file: string) => Promise<OpenAccount | undefined>,
): void {
  const sub = (name: string, does: string) =>
    energy
      .command(name)
      .description(does)
      .argument('[site]', 'site file', 'site.yaml')
      .option('--month <month>', 'settlement period, as 2027-03; default: the one before the one that runs')
      .option('--lang <language>', 'en or zh', 'en')
      .option('--out <file>', 'write it there instead of to stdout');
  sub(
    'report',
    'a month on paper: consumption, completeness, bills, diagnosis, with charts; HTML that prints',
  ).action(async (file: string, options: Options) => {
    await told(file, options, open, (data, { site, now }, language) =>
      reportHtml(data, { language, timezone: site.timezone, made: now }),
    );
  });
  sub('export', 'days and circuits of a month as CSV (RFC 4180, UTF-8)')
    .option('--bom', 'begin with a byte order mark, for spreadsheets')
    .action(async (file: string, options: Options) => {
      await told(file, options, open, (data, _, language) =>
        reportCsv(data, { language, bom: options.bom === true }),
      );
    });
}

async function told(
  file: string,
  { month, lang, out }: Options,
  open: (file: string) => Promise<OpenAccount | undefined>,
  write: (data: ReportData, opened: OpenAccount, language: 'en' | 'zh') => string,
): Promise<void> {
  if (lang !== 'en' && lang !== 'zh') return usage(`expected --lang en or zh, got "${lang}"`);
  if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    return usage(`expected a month such as 2027-03, got "${month}"`);
  using opened = await open(file);
  if (opened === undefined) return;
  const { book, now } = opened;
  const running = book.calendar.period(book.calendar.monthOf(now));
  const asked = month ?? book.calendar.monthOf(running.from - 1);
  const { config } = opened;
  const { findings } = diagnoseAt(opened, Math.min(now, book.calendar.period(asked).to));
  const text = write(reportData(config, book, asked, now, findings), opened, lang);
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
}

/** Findings as they stood at a moment. */
function diagnoseAt({ site, config, book, registers }: OpenAccount, at: number) {
  const senses = Object.fromEntries(site.devices.map(({ id, profile }) => [id, sensesOf(profile.points)]));
  return diagnoseLog(
    {
      config,
      senses,
      days: (from, to) => book.calendar.days(from, to),
      grids: (from, to, now) => book.grids(from, to, now),
      hourMeans: (names, from, to) => registers.hourMeans(names, from, to),
      dayMeans: (name, days) => registers.dayMeans(name, days),
    },
    at,
  );
}

function usage(text: string): void {
  process.exitCode = EXIT.usage;
  process.stderr.write(`kerbside: ${text}\n`);
}
