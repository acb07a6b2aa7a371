/** `npm run hw-sim -- fleet`: many agents at real brokers, with a blackout if wanted, and what `kerbside verify` says of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type City, openCity } from './city.ts';

interface Options {
  readonly agents: number;
  readonly rate: number;
  readonly broker: readonly string[];
  readonly seed: number;
  readonly site: string;
  readonly for: number;
  readonly blackout?: number;
  readonly clones: number;
  readonly wrongClocks: number;
  readonly workers: number;
  readonly payload: 'json' | 'columns';
  readonly state?: string;
}

/** ms */
const PROGRESS_EVERY = 5000;
const SETTLE = 300_000;

export function register(program: Command): void {
  program
    .command('fleet')
    .description(
      'play many agents (real log, real uplink, simulated readings) at MQTT brokers, and prove that all arrived',
    )
    .option('--agents <n>', 'how many', whole(1, 100_000), 100)
    .option('--rate <n>', 'readings a second of each', positive, 1)
    .requiredOption('--broker <url,url>', 'mqtt:// of one broker, or of all nodes of a cluster', urls)
    .option('--seed <n>', 'the same seed plays the same city', whole(0, 2 ** 31), 1)
    .option('--site <id>', 'site id in the topics', 'city')
    .option('--for <seconds>', 'how long readings are made', positive, 60)
    .option(
      '--blackout <seconds>',
      'cut all links for so long, a fifth of the time after the start; all come back at once',
      positive,
    )
    .option('--clones <n>', 'second machines with the id of another one', whole(0, 10_000), 0)
    .option(
      '--wrong-clocks <n>',
      'agents whose clock shows 1970, jumps, or is put forward an hour',
      whole(0, 100_000),
      0,
    )
    .option('--workers <n>', 'processes that hold the agents', whole(1, 64), 2)
    .option('--payload <kind>', 'json or columns', payload, 'columns')
    .option('--state <folder>', 'where the logs go and stay; default: a temporary folder')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { agents, rate, broker, seed, site, clones, wrongClocks, workers, payload, state } = options;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  await using city = await openCity({
    agents,
    rate,
    brokers: broker,
    seed,
    site,
    clones,
    wrongClocks,
    workers,
    payload,
    ...(state === undefined ? {} : { state }),
  });
  const progress = setInterval(
    () => process.stderr.write(`${JSON.stringify(city.facts())}\n`),
    PROGRESS_EVERY,
  );
  try {
    const pass = (seconds: number) =>
      sleep(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
    if (options.blackout === undefined) await pass(options.for);
    else {
      await pass(options.for / 5);
      city.carrier.cut();
      await pass(options.blackout);
      city.mark();
      city.carrier.restore();
      await pass((options.for * 4) / 5);
    }
    await city.settle(SETTLE);
    process.stdout.write(`${JSON.stringify(await summary(city), undefined, 1)}\n`);
  } finally {
    clearInterval(progress);
  }
}

async function summary(city: City): Promise<object> {
  const { rivals, ...facts } = city.facts();
  const verdict = await city.verdict();
  process.exitCode = verdict.ownBalance ? 0 : 1;
  const { epochs, lanes: _, ...said } = verdict;
  return {
    ...facts,
    held_back: rivals,
    verify: { ...said, epochs: epochs.length },
    returned: city.returns().filter(({ replayed }) => replayed !== undefined).length,
  };
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    return value;
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number above 0.');
  return value;
}

function urls(text: string): readonly string[] {
  const all = text.split(',').map((url) => url.trim());
  for (const url of all)
    if (!URL.canParse(url) || new URL(url).protocol !== 'mqtt:')
      throw new InvalidArgumentError('expected mqtt://host:port, several with commas between.');
  return all;
}

function payload(text: string): 'json' | 'columns' {
  if (text !== 'json' && text !== 'columns') throw new InvalidArgumentError('expected json or columns.');
  return text;
}
