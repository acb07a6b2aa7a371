/**
 * `kerbside import <jsonl>`: past readings through the real store, with real numbers and rollups. Lines are
 * `{device, point, value, unit?, time, quality?, reason?}`, time in Unix epoch ms, in any order. Every line is checked
 * against the profiles first; one wrong line and nothing is imported. The agent must not run meanwhile.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { siteClock } from '../compose/clock.ts';
import { Directory } from '../compose/describe.ts';
import { siteLog } from '../compose/site-log.ts';
import { shown } from '../config/problem.ts';
import { AgentError } from '../core/errors.ts';
import { bad, good, type Quality, REASONS, type Reading, type Reason, uncertain } from '../core/reading.ts';
import { importReadings, monoOf } from '../store/import.ts';
import { EXIT } from './exit.ts';
import { LEVELS, type Level } from './level.ts';
import { createLog } from './log.ts';
import { load, problemLines } from './site.ts';

/** Readings of one commit. */
const PIECE = 2000;
/** Wrong lines that are told; the rest is counted. */
const MOST_TOLD = 20;

export function register(program: Command): void {
  program
    .command('import')
    .description('put past readings into the log; the agent must not run')
    .argument('<jsonl>', 'file of lines {"device","point","value","unit","time"}, time in Unix epoch ms')
    .option('--site <file>', 'site file', 'site.yaml')
    .addOption(
      new Option('--mark <reason>', 'reason given to readings that bring no quality; "none" leaves them good')
        .choices([...REASONS, 'none'])
        .default('simulated'),
    )
    .addOption(new Option('--log-level <level>', 'what is logged').choices(LEVELS).default('warn'))
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: all imported. 1: the site or a line is wrong, nothing was imported.',
    )
    .action(run);
}

interface Options {
  readonly site: string;
  readonly mark: Reason | 'none';
  readonly logLevel: Level;
  readonly json?: true;
}

interface Past {
  readonly time: number;
  readonly make: (mono: number) => Reading;
}

async function run(file: string, options: Options): Promise<void> {
  process.umask(0o077);
  const result = await load(options.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { site, facts } = result;
  const directory = new Directory(site);
  const past: Past[] = [];
  const wrong: string[] = [];
  let number = 0;
  const input = createReadStream(file, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() === '') continue;
      const read = parseLine(line, directory, options.mark);
      if (typeof read === 'string') wrong.push(`${file}:${number} ${read}\n`);
      else past.push(read);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AgentError('not-found', `import of ${file} failed: ${why}`, {
      cause: error,
      fix: 'Check the name.',
    });
  }
  if (wrong.length > 0) {
    const more = wrong.length > MOST_TOLD ? `and ${wrong.length - MOST_TOLD} more; ` : '';
    process.stderr.write(`${wrong.slice(0, MOST_TOLD).join('')}${more}nothing was imported\n`);
    process.exitCode = EXIT.no;
    return;
  }
  past.sort((a, b) => a.time - b.time);
  const clock = siteClock(site);
  const mapping = clock.mapping();
  const pieces = function* (): Generator<readonly Reading[]> {
    for (let at = 0; at < past.length; at += PIECE) {
      yield past.slice(at, at + PIECE).map(({ time, make }) => make(monoOf(mapping, time)));
    }
  };
  const log = createLog({ level: options.logLevel, secrets: facts.secrets });
  const count = await importReadings(siteLog(site, directory, clock, log), pieces());
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ imported: count })}\n` : `${count} readings imported\n`,
  );
}

/** A reading that waits for its monotonic time, or what is wrong with the line. */
function parseLine(line: string, directory: Directory, mark: Reason | 'none'): Past | string {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    return 'is no JSON';
  }
  if (typeof given !== 'object' || given === null) return 'is no object';
  const {
    device,
    point,
    value = null,
    unit,
    time,
    quality,
    reason,
  } = given as Readonly<Record<string, unknown>>;
  if (typeof device !== 'string' || typeof point !== 'string') return 'device or point is missing';
  if (typeof time !== 'number' || !Number.isFinite(time)) return 'time: expected Unix epoch ms';
  const plan = directory.plan(device, point);
  if (plan === undefined) return `there is no point ${device}/${point} in the site`;
  const { point: facts } = plan;
  if (unit !== undefined && unit !== facts.unit) return `unit: expected ${facts.unit}, got ${shown(unit)}`;
  if (value !== null && typeof value !== facts.type)
    return `value: expected a ${facts.type}, got ${shown(value)}`;
  const kind: Quality = isQuality(quality)
    ? quality
    : value === null
      ? 'bad'
      : mark === 'none'
        ? 'good'
        : 'uncertain';
  if (quality !== undefined && !isQuality(quality)) return `quality: expected good, uncertain or bad`;
  if ((kind === 'bad') !== (value === null)) return 'a bad reading has no value, any other has one';
  const because =
    reason === undefined ? (mark === 'none' ? 'not-available' : mark) : REASONS.find((one) => one === reason);
  if (because === undefined) return `reason: expected one of ${REASONS.join(', ')}`;
  const at = { device, point, unit: facts.unit };
  return {
    time,
    make: (mono) => {
      if (value === null || kind === 'bad') return bad(at, because, mono);
      const known = value as number | boolean | string;
      return kind === 'good' ? good(at, known, mono) : uncertain(at, known, because, mono);
    },
  };
}

function isQuality(quality: unknown): quality is Quality {
  return quality === 'good' || quality === 'uncertain' || quality === 'bad';
}
