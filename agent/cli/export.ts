/**
 * `kerbside export`: readings or rollups of chosen points and time, out of the log into CSV or Parquet, beside a running
 * agent and in bounded memory.
 */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { AgentError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { LocalTime } from '../core/time/local-time.ts';
import { earlierLogs, logFile } from '../store/aside.ts';
import { logFacts } from '../store/copy.ts';
import {
  bucketsOf,
  loggedPoints,
  readingsOf,
  type StretchBucket,
  type StretchReading,
  spanOf,
} from '../store/stretch.ts';
import { durationLike } from './duration.ts';
import { EXIT } from './exit.ts';
import type { Column, Row, Sheet } from './export-files.ts';
import { progressBar } from './progress.ts';
import { load, problemLines, shownPath } from './site.ts';

const duration = durationLike('24h or 30d');

const BUCKETS = { '1min': 60_000, '15min': 900_000, '1h': 3_600_000, '1d': 86_400_000 } as const;

interface Options {
  readonly site: string;
  readonly from?: string;
  readonly to?: string;
  readonly last?: number;
  readonly bucket?: keyof typeof BUCKETS;
  readonly format?: 'csv' | 'parquet';
  readonly out?: string;
  readonly local?: true;
  readonly force?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('export')
    .description('write readings or rollups of chosen points and time to CSV or Parquet')
    .argument(
      '[points...]',
      'device/point, * stands for any text; a device alone means all its points; default: all',
    )
    .option('--site <file>', 'site file', 'site.yaml')
    .option(
      '--from <time>',
      'local time of the site, as 2027-01-31, 2027-01-31T08:00 or with a zone; inclusive',
    )
    .option('--to <time>', 'the same, exclusive')
    .option('--last <time>', 'instead of --from and --to: so far back from now, as 24h or 30d', duration)
    .addOption(
      new Option('--bucket <length>', 'rollups of this length; without it the readings').choices(
        Object.keys(BUCKETS),
      ),
    )
    .addOption(
      new Option('--format <format>', 'default: by the name of --out, else csv').choices(['csv', 'parquet']),
    )
    .option('--out <file>', 'where to; default for CSV: standard output')
    .option('--local', 'times of CSV in local time of the site with its offset; without it in UTC')
    .option('--force', 'replace a file that is there')
    .option('--json', 'with --out: say in JSON what was written')
    .addHelpText(
      'after',
      `
Readings: time, device, point, value (or text, flag), unit (UCUM), quality, reason, clock (where it was not to be trusted),
epoch, lane, seq; lane by lane in the order of their numbers, logs of earlier epochs first.
Rollups: time of the start, count, bad, min, mean, max, last, share of what there should be, revision; point by point.
A bad reading has no value. Parquet has times as timestamps in UTC, whatever --local says.

Examples:
  kerbside export meter-feeder/energy-import --last 30d --bucket 1h --out energy.parquet
  kerbside export 'meter-*' station/noise --from 2027-01-01 --to 2027-02-01 --local --out january.csv
  kerbside export --last 1h | head

Exit code 0: written. 1: no such point, or the site file has problems. 3: the log or the file cannot be used.`,
    )
    .action(run);
}

async function run(patterns: readonly string[], options: Options, command: Command): Promise<void> {
  const usage = (why: string) => command.error(`error: ${why}`, { exitCode: EXIT.usage });
  const format = options.format ?? (extname(options.out ?? '') === '.parquet' ? 'parquet' : 'csv');
  if (format === 'parquet' && options.out === undefined) usage('a Parquet file is no text: give --out');
  if (options.json === true && options.out === undefined)
    usage('--json needs --out: the rows go to standard output');
  if (options.last !== undefined && (options.from ?? options.to) !== undefined)
    usage('give --last, or --from and --to');
  const result = await load(options.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { site } = result;
  const local = new LocalTime(site.timezone);
  const from = options.last === undefined ? instant(options.from, local, usage) : Date.now() - options.last;
  const to = instant(options.to, local, usage) ?? Number.MAX_SAFE_INTEGER;
  const logs = logsOf(site);
  const wanted = wantedOf(patterns, logs);
  if (wanted === undefined) {
    process.exitCode = EXIT.no;
    return;
  }
  if (options.out !== undefined && options.force !== true && existsSync(options.out))
    throw new AgentError('store-failed', `writing of ${options.out} failed: it is there already`, {
      fix: 'Give another name, or --force.',
    });
  const what = options.bucket === undefined ? READINGS : ROLLUPS;
  const files = await import('./export-files.ts');
  const time =
    options.local === true
      ? (ms: number) => localText(ms, local)
      : (ms: number) => new Date(ms).toISOString();
  const about = {
    'kerbside.site': site.id,
    'kerbside.agent': site.agent.id,
    'kerbside.timezone': site.timezone,
    'kerbside.times': format === 'csv' && options.local === true ? 'local' : 'UTC',
    'kerbside.units': 'UCUM',
    'kerbside.bucket': options.bucket ?? 'readings',
  };
  const sheetOptions = { columns: what, time, about };
  const sheet =
    format === 'parquet'
      ? files.parquetSheet(options.out ?? '', sheetOptions)
      : files.csvSheet(options.out, sheetOptions);
  // Whoever reads the rows may have had enough.
  process.stdout.on('error', () => {});
  try {
    const rows = write(sheet, logs, site, { from, to, wanted }, options);
    await sheet.end();
    if (options.out === undefined) return;
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ file: options.out, format, rows, times: about['kerbside.times'], timezone: site.timezone })}\n`
        : `${rows} rows in ${shownPath(options.out)}\n`,
    );
  } catch (thrown) {
    sheet.drop();
    if ((thrown as NodeJS.ErrnoException).code === 'EPIPE') return;
    if (thrown instanceof AgentError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AgentError('store-failed', `writing of the export failed: ${why}`, {
      cause: thrown,
      fix: 'Name a folder that can be written and has room.',
    });
  }
}

const READINGS: readonly Column[] = [
  { name: 'time', type: 'time' },
  { name: 'device', type: 'text' },
  { name: 'point', type: 'text' },
  { name: 'value', type: 'number' },
  { name: 'text', type: 'text' },
  { name: 'flag', type: 'flag' },
  { name: 'unit', type: 'text' },
  { name: 'quality', type: 'text' },
  { name: 'reason', type: 'text' },
  { name: 'clock', type: 'text' },
  { name: 'epoch', type: 'text' },
  { name: 'lane', type: 'text' },
  { name: 'seq', type: 'number' },
];

function readingRow({
  time,
  device,
  point,
  value,
  unit,
  quality,
  reason,
  rank,
  epoch,
  lane,
  seq,
}: StretchReading): Row {
  return [
    time,
    device,
    point,
    typeof value === 'number' ? value : null,
    typeof value === 'string' ? value : null,
    typeof value === 'boolean' ? value : null,
    unit,
    quality,
    reason ?? null,
    rank === 'floor' || rank === 'none' ? rank : null,
    epoch,
    lane,
    seq,
  ];
}

const ROLLUPS: readonly Column[] = [
  { name: 'time', type: 'time' },
  { name: 'device', type: 'text' },
  { name: 'point', type: 'text' },
  { name: 'unit', type: 'text' },
  { name: 'count', type: 'number' },
  { name: 'bad', type: 'number' },
  { name: 'min', type: 'number' },
  { name: 'mean', type: 'number' },
  { name: 'max', type: 'number' },
  { name: 'last', type: 'number' },
  { name: 'share', type: 'number' },
  { name: 'revision', type: 'number' },
];

function rollupRow(one: StretchBucket): Row {
  const { time, device, point, unit, count, bad = 0, min, mean, max, last, share = null, revision = 0 } = one;
  return [time, device, point, unit, count, bad, min, mean, max, last, share, revision];
}

interface Wanted {
  readonly from: number | undefined;
  readonly to: number;
  readonly wanted: (device: string, point: string) => boolean;
}

function write(
  sheet: Sheet,
  logs: readonly string[],
  site: Site,
  { from, to, wanted }: Wanted,
  options: Options,
): number {
  using bar = progressBar('export');
  let rows = 0;
  for (const [done, file] of logs.entries()) {
    const span = spanOf(file);
    if (span === undefined) continue;
    const stretch = {
      from: Math.max(from ?? span.from, options.bucket === undefined ? span.from : 0),
      to: Math.min(to, span.to),
      wanted,
      progress: (share: number) => bar.at((done + share) / logs.length),
    };
    if (options.bucket === undefined)
      for (const one of readingsOf(file, stretch)) {
        sheet.row(readingRow(one));
        rows += 1;
      }
    else {
      const length = BUCKETS[options.bucket];
      const begin = from ?? span.from - KEPT[options.bucket];
      for (const one of bucketsOf(file, site.timezone, length, { ...stretch, from: begin })) {
        sheet.row(rollupRow(one));
        rows += 1;
      }
    }
  }
  return rows;
}

/** Rollups outlive their readings: how far back from these they are looked for where no time is given, ms. */
const KEPT = {
  '1min': 90 * 86_400_000,
  '15min': 2 * 366 * 86_400_000,
  '1h': 10 * 366 * 86_400_000,
  '1d': 20 * 366 * 86_400_000,
} as const;

/** Logs of this agent, the oldest first. */
function logsOf({ state, agent }: Site): readonly string[] {
  const present = logFile(state);
  if (!existsSync(present))
    throw new AgentError('not-found', `export failed: there is no log in ${state}`, {
      fix: 'Name the site file of an agent that has run.',
    });
  const earlier = earlierLogs(state).filter((file) => logFacts(file)?.agent === agent.id);
  const began = new Map(earlier.map((file) => [file, spanOf(file)?.from ?? 0]));
  return [...earlier.sort((a, b) => (began.get(a) ?? 0) - (began.get(b) ?? 0)), present];
}

/** Which points are meant; undefined, and said, where a pattern means none. */
function wantedOf(
  patterns: readonly string[],
  logs: readonly string[],
): ((device: string, point: string) => boolean) | undefined {
  if (patterns.length === 0) return () => true;
  const known = new Set(
    logs.flatMap((file) => loggedPoints(file).map(({ device, point }) => `${device}/${point}`)),
  );
  const chosen = new Set<string>();
  const missing: string[] = [];
  for (const pattern of patterns) {
    const whole = pattern.includes('/') ? pattern : `${pattern}/*`;
    const rule = new RegExp(
      `^${whole
        .split('*')
        .map((part) => part.replace(/[^\w/-]/g, '\\$&'))
        .join('.*')}$`,
    );
    const found = [...known].filter((name) => rule.test(name));
    if (found.length === 0) missing.push(pattern);
    for (const name of found) chosen.add(name);
  }
  if (missing.length === 0) return (device, point) => chosen.has(`${device}/${point}`);
  process.stderr.write(
    `export failed: the log knows no point ${missing.join(', ')}; it knows ${[...known].slice(0, 10).join(', ')}${known.size > 10 ? ` and ${known.size - 10} more` : ''}\n`,
  );
  return undefined;
}

/** `2027-01-31`, `2027-01-31T08:00[:00]`, local; or with a zone. */
function instant(
  text: string | undefined,
  local: LocalTime,
  usage: (why: string) => never,
): number | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  const time =
    parts === null
      ? Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : '')
      : local.parse(
          parts
            .slice(1, 7)
            .map((part) => part ?? '00')
            .join(''),
        );
  if (time === undefined || Number.isNaN(time))
    return usage(`a time is written 2027-01-31, 2027-01-31T08:00 or 2027-01-31T08:00:00+08:00, not ${text}`);
  return time;
}

function localText(ms: number, local: LocalTime): string {
  const offset = local.offset(ms);
  const minutes = Math.abs(Math.round(offset / 60_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${new Date(ms + offset).toISOString().slice(0, -1)}${zone}`;
}
