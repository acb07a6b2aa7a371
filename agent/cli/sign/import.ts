/** `kerbside sign import <gtfs.zip> --stop <id…>`: the timetable of a sign out of a GTFS feed. */
import type { Command } from 'commander';
import { AgentError } from '../../core/errors.ts';
import type { StopExtract } from '../../core/sign/timetable.ts';
import { readExtract, writeExtract } from '../../sign/timetable/extract-file.ts';
import { importFeed } from '../../sign/timetable/import.ts';
import { problemText } from '../../sign/timetable/problem.ts';
import { EXIT } from '../exit.ts';
import { load, problemLines } from '../site.ts';

/** Days before the end of a timetable at which to say so. */
const ENDS_SOON = 14;
const DAY = 86_400_000;

interface Options {
  readonly stop?: readonly string[];
  readonly out?: string;
  readonly site?: string;
  readonly translations?: string;
  readonly force?: true;
  readonly strict?: true;
  readonly json?: true;
}

export function registerImport(sign: Command): void {
  sign
    .command('import')
    .description('cut the timetable of a stop out of a GTFS feed')
    .argument('<gtfs.zip>', 'the feed of the agency')
    .option(
      '--stop <id...>',
      'stop_id or stop_code of the stops this sign stands for; a station means all of its platforms',
    )
    .option('--out <file>', 'where to write it; default: timetable.json, or where the site looks for it')
    .option('--site <file>', 'take stops and place from the sign of this site file')
    .option('--translations <file>', 'further names, in the form of translations.txt')
    .option('--force', 'also replace a timetable that is valid for longer')
    .option('--strict', 'write nothing if a single row had to be left out')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nThe file before stays until the new one is on the disk. Exit code 0: written. 1: the feed is wrong, or older than\nwhat is there; nothing was written.',
    )
    .action(run);
}

async function run(zip: string, options: Options): Promise<void> {
  const { translations } = options;
  const place = await placeOf(options);
  if (place === undefined) return;
  const { stops, out } = place;
  const request = { zip, stops, now: Date.now(), ...(translations === undefined ? {} : { translations }) };
  let imported: Awaited<ReturnType<typeof importFeed>>;
  try {
    imported = await importFeed(request);
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || thrown.code !== 'source-failed') throw thrown;
    return no(options, thrown.message, thrown.fix ?? '');
  }
  const { extract, problems, problemCount } = imported;
  if (options.json !== true) {
    for (const problem of problems) process.stderr.write(`${problemText(problem)}\n`);
    if (problemCount > problems.length) process.stderr.write(`and ${problemCount - problems.length} more\n`);
  }
  if (options.strict === true && problemCount > 0) {
    return no(options, `${problemCount} rows are wrong, nothing was written`, 'Import without --strict.');
  }
  const before = await present(out);
  if (before !== undefined && options.force !== true && older(extract, before)) {
    const why = `${out} is valid until ${before.feed.to}, this feed until ${extract.feed.to}: nothing was written`;
    return no(options, why, 'Take the newer feed, or say --force.');
  }
  await writeExtract(out, extract);
  const left = daysLeft(extract.feed.to);
  const facts = {
    out,
    stops: extract.here,
    name: extract.name.text,
    lines: extract.lines.map(({ name }) => name.text),
    trips: extract.trips.length,
    patterns: extract.patterns.length,
    from: extract.feed.from,
    to: extract.feed.to,
    daysLeft: left,
    bytes: JSON.stringify(extract).length,
    problems: problemCount,
  };
  process.stdout.write(options.json === true ? `${JSON.stringify(facts)}\n` : sentence(facts));
  if (options.json === true) return;
  if (left < 0) process.stderr.write('this timetable has ended: the sign will say so; import a newer feed\n');
  else if (left <= ENDS_SOON) process.stderr.write(`this timetable ends in ${left} days\n`);
}

/** Stops and file, as told or as the site has them; undefined: neither, which has been said. */
async function placeOf(
  options: Options,
): Promise<{ readonly stops: readonly string[]; readonly out: string } | undefined> {
  const { stop, out, site: file } = options;
  if (file === undefined) {
    if (stop !== undefined) return { stops: stop, out: out ?? 'timetable.json' };
    process.stderr.write('kerbside: which stop is missing; say --stop <id>, or --site <file>\n');
    process.exitCode = EXIT.usage;
    return undefined;
  }
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return undefined;
  }
  const { sign } = result.site;
  if (sign === undefined) {
    no(options, `${file} has no sign`, 'Write sign: { id: …, stops: […] }, or say --stop <id>.');
    return undefined;
  }
  return { stops: stop ?? sign.stops, out: out ?? sign.extract };
}

function sentence(facts: {
  readonly out: string;
  readonly name: string;
  readonly stops: readonly string[];
  readonly lines: readonly string[];
  readonly trips: number;
  readonly from: string;
  readonly to: string;
}): string {
  const { out, name, stops, lines, trips, from, to } = facts;
  const platforms = stops.length === 1 ? `stop ${stops[0]}` : `${stops.length} platforms`;
  return `${name} (${platforms}): ${trips} trips of ${lines.length} lines (${lines.slice(0, 12).join(', ')}), valid ${from} to ${to}, written to ${out}\n`;
}

/** What is there already; what is damaged counts as nothing. */
async function present(file: string): Promise<StopExtract | undefined> {
  try {
    return await readExtract(file);
  } catch {
    return undefined;
  }
}

/** Of the same agency and stops, and ends sooner than what is there. */
function older(fresh: StopExtract, before: StopExtract): boolean {
  const same = before.here.some((stop) => fresh.here.includes(stop));
  return same && fresh.feed.to < before.feed.to;
}

function daysLeft(date: string): number {
  const end = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T24:00:00Z`);
  return Math.floor((end - Date.now()) / DAY);
}

function no({ json }: Options, why: string, fix: string): void {
  if (json === true) process.stdout.write(`${JSON.stringify({ error: why, fix })}\n`);
  else process.stderr.write(`kerbside: ${why}; ${fix}\n`);
  process.exitCode = EXIT.no;
}
