/**
 * `kerbside logs`: the agent's own lines, from the journal where it runs as a service, from a file or standard input
 * otherwise; filtered, and for people or as the JSON they are.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/values.ts';
import { AgentError } from '../core/errors.ts';
import { interruptible } from './interrupt.ts';

const SHOWN = ['debug', 'info', 'warn', 'error'] as const;
type Shown = (typeof SHOWN)[number];
/** A file that grows is looked at this often, ms. */
const LOOK_EVERY = 300;

interface Options {
  readonly follow?: true;
  readonly area: readonly string[];
  readonly level: Shown;
  readonly since?: number;
  readonly unit: string;
  readonly json?: true;
}

export interface Filter {
  /** First parts of the names of events: `part`, `uplink`, `part.changed`. Empty: all. */
  readonly areas: readonly string[];
  readonly level: Shown;
  /** Unix epoch ms. */
  readonly since: number;
}

export function register(program: Command): void {
  program
    .command('logs')
    .description('show the log of the agent: from the journal, or from a file')
    .argument(
      '[file]',
      'file that its standard error went to, - for standard input; default: the journal of the service',
    )
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option(
      '--area <name>',
      'only events of this area or name, as uplink or part.changed; may be given more than once',
      more,
      [],
    )
    .addOption(new Option('--level <level>', 'only from this level on').choices(SHOWN).default('info'))
    .option('--since <time>', 'only what came since: 10min, 2h, or a time in ISO 8601', since)
    .option('--unit <name>', 'service whose journal is read', 'kerbside')
    .option('--json', 'the JSON lines as they are')
    .addHelpText(
      'after',
      `
Names of events are area.verb: part (health), store, uplink, agent, identity, node-red, access, commands …

Examples:
  kerbside logs --since 1h --level warn
  kerbside logs -f --area uplink --area part.changed
  kerbside run --site site.yaml 2>> agent.log;  kerbside logs agent.log --json

Exit code 0: shown. 3: there is no journal, or the file cannot be read.`,
    )
    .action(run);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  using interruption = interruptible();
  const { signal } = interruption;
  const filter: Filter = { areas: options.area, level: options.level, since: options.since ?? 0 };
  process.stdout.on('error', () => process.exit(0));
  const lines =
    file === undefined
      ? journal(options, signal)
      : file === '-'
        ? createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
        : fileLines(file, options.follow === true, signal);
  for await (const line of lines) {
    const shown = showLine(line, filter, options.json === true);
    if (shown !== undefined) process.stdout.write(`${shown}\n`);
  }
}

/** A line as it is shown; undefined where the filter leaves it out. What is no line of the agent's passes only unfiltered, for people. */
export function showLine(line: string, { areas, level, since }: Filter, json: boolean): string | undefined {
  let entry: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) throw new TypeError('no object');
    entry = parsed as Record<string, unknown>;
  } catch {
    const plain = !json && areas.length === 0 && level !== 'warn' && level !== 'error' && since === 0;
    return plain && line.trim() !== '' ? line : undefined;
  }
  const { event, time, level: of, ...facts } = entry;
  if (typeof event !== 'string' || typeof time !== 'string') return undefined;
  const rank = (SHOWN as readonly unknown[]).indexOf(of);
  if (rank < SHOWN.indexOf(level) || Date.parse(time) < since) return undefined;
  if (areas.length > 0 && !areas.some((area) => event === area || event.startsWith(`${area}.`)))
    return undefined;
  if (json) return line;
  const { message, fix, error, ...rest } = facts;
  const words = [message ?? error, fix].filter((one) => typeof one === 'string').join('; ');
  const others = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const what = [words, others.join(' ')].filter((one) => one !== '').join('  ');
  return `${time.slice(0, 19).replace('T', ' ')}Z ${String(of).toUpperCase().padEnd(5)} ${event}${what === '' ? '' : `  ${oneLine(what)}`}`;
}

/** Nothing that a device or a broker said moves the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}

async function* journal({ unit, follow, since }: Options, signal: AbortSignal): AsyncGenerator<string> {
  const args = ['--unit', unit, '--output', 'cat', '--no-pager', '--quiet'];
  if (since !== undefined) args.push('--since', `@${Math.floor(since / 1000)}`);
  if (follow === true) args.push('--follow');
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-1000);
  });
  const ended = new Promise<number | Error>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code) => resolve(code ?? 0));
  });
  yield* createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  const outcome = await ended;
  if (signal.aborted || outcome === 0) return;
  const why =
    outcome instanceof Error
      ? outcome.message
      : said.trim().split('\n')[0] || `journalctl ended with ${outcome}`;
  throw new AgentError('not-found', `reading of the journal of ${unit} failed: ${why}`, {
    ...(outcome instanceof Error ? { cause: outcome } : {}),
    fix: 'Where the agent is no service, name the file its standard error goes to; else use sudo, or join the group systemd-journal.',
  });
}

async function* fileLines(file: string, follow: boolean, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  let at = 0;
  for (;;) {
    const { size } = await stat(file);
    // Cut off or begun anew by whoever keeps logs small.
    if (size < at) [at, rest] = [0, ''];
    if (size > at) {
      for await (const text of createReadStream(file, {
        start: at,
        end: size - 1,
        encoding: 'utf8',
      }) as AsyncIterable<string>) {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
      at = size;
    }
    if (!follow || signal.aborted) break;
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
  }
  if (rest !== '') yield rest;
}

async function stat(file: string): Promise<{ readonly size: number }> {
  try {
    await using handle = await open(file);
    return await handle.stat();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('not-found', `reading of ${file} failed: ${why}`, {
      cause,
      fix: 'Check the name and the rights.',
    });
  }
}

function more(one: string, all: readonly string[]): readonly string[] {
  return [...all, one];
}

function since(text: string): number {
  const ago = parseDuration(text);
  const time = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Expected 10min, 2h, or a time such as 2027-01-31T08:00:00Z.');
  return time;
}
