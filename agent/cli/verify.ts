/**
 * `kerbside verify`: an independent receiver. Follows the messages of agents and proves from them alone that nothing is
 * missing or doubled. Shares no code with the sending side.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { durationLike } from './duration.ts';
import { checkLog } from './evidence.ts';
import { EXIT } from './exit.ts';
import { ReceiverLedger } from './verify/ledger.ts';
import { type BrokerOptions, listen, readMessages } from './verify/receive.ts';
import { receiveHttp } from './verify/receive-http.ts';
import { reportText } from './verify/report.ts';

const duration = durationLike('60s or 5min');

/** ms */
const PROGRESS_EVERY = 5000;

interface Options {
  readonly broker?: string;
  readonly file?: string;
  readonly http?: number;
  readonly sparkplug?: string;
  readonly site: string;
  readonly agent: string;
  readonly for?: number;
  readonly complete?: true;
  readonly chain?: string;
  readonly json?: true;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export function register(program: Command): void {
  program
    .command('verify')
    .description('listen as an independent receiver and prove that no reading is missing or doubled')
    .option(
      '--broker <url>',
      'listen at this broker: mqtt:// or mqtts://; several of a cluster with commas between',
    )
    .option(
      '--file <path>',
      'read messages from a file of JSON lines {"topic", "payload"} or {"topic", "hex"} instead',
    )
    .option('--http <port>', 'be the receiver of HTTP uplinks on this port of 127.0.0.1', port)
    .option(
      '--chain <log>',
      'hold this log to the signatures of its device: what was altered, removed or put in; with --file also to what a receiver has kept',
    )
    .option(
      '--sparkplug <group>',
      'with --broker: follow the edge nodes of this Sparkplug group, --agent is the node',
    )
    .option('--site <id>', 'only this site (of a broker)', '+')
    .option('--agent <id>', 'only this agent', '+')
    .option('--for <time>', 'stop after this long, for example 60s; without it at Ctrl-C', duration)
    .option('--complete', 'ask for every number from 1: the receiver was there from the first message on')
    .option('--username <name>', 'user name at the broker')
    .option('--password-file <path>', 'file with the password')
    .option('--ca <path>', "certificate of the broker's authority, PEM")
    .option('--cert <path>', 'certificate of this receiver, PEM')
    .option('--key <path>', 'key of this receiver, PEM')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: the ledger balances. 1: it does not, or nothing was received.')
    .action(async (options: Options, command: Command) => {
      const { broker, file, http, chain, sparkplug } = options;
      const sources = [broker, file, http].filter((one) => one !== undefined);
      if (sparkplug !== undefined && broker === undefined) {
        command.error('error: --sparkplug needs --broker', { exitCode: EXIT.usage });
      }
      if (chain !== undefined ? broker !== undefined || http !== undefined : sources.length !== 1) {
        const what = 'error: give one of --broker, --http or --file; --chain alone or with --file';
        command.error(what, { exitCode: EXIT.usage });
      }
      if (chain !== undefined) return checkLog(chain, { received: file, json: options.json });
      await verify(options);
    });
}

async function verify(options: Options): Promise<void> {
  const ledger = new ReceiverLedger(options.complete === true ? { complete: true } : {});
  const interruptions =
    options.file === undefined
      ? await follow(options, ledger)
      : await readMessages(options.file, ledger).then(() => 0);
  const report = ledger.report();
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...report, interruptions }, undefined, 2)}\n`
      : reportText(report, interruptions),
  );
  process.exitCode = report.balanced && report.records > 0 ? EXIT.ok : EXIT.no;
}

/** Listens until the time is over or Ctrl-C; gives how often the own link was down. */
async function follow(options: Options, ledger: ReceiverLedger): Promise<number> {
  await using stack = new AsyncDisposableStack();
  let interruptions = () => 0;
  let by: string;
  if (options.http === undefined) {
    const listening = stack.use(await listen(await brokerOptions(options), ledger));
    ({ interruptions } = listening);
    by = listening.protocol;
  } else {
    const receiver = stack.use(await receiveHttp({ port: options.http, agent: options.agent }, ledger));
    by = `HTTP on http://127.0.0.1:${receiver.port}/`;
  }
  process.stderr.write(`listening by ${by}; ${options.for === undefined ? 'Ctrl-C ends it' : ''}\n`);
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const progress = setInterval(() => {
    const { records, missing, awaited, conflicts } = ledger.report();
    process.stderr.write(
      `${records} records, ${missing} missing, ${awaited} awaited, ${conflicts} conflicts\n`,
    );
  }, PROGRESS_EVERY);
  const timer = options.for === undefined ? undefined : setTimeout(resolve, options.for);
  const stop = () => resolve();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  await end;
  clearInterval(progress);
  clearTimeout(timer);
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return interruptions();
}

async function brokerOptions(options: Options): Promise<BrokerOptions> {
  const { broker = '', site, agent, username } = options;
  const pem = async (path: string | undefined) =>
    path === undefined ? undefined : await readFile(path, 'utf8');
  const [ca, cert, key, password] = await Promise.all(
    [options.ca, options.cert, options.key, options.passwordFile].map(pem),
  );
  return {
    broker,
    site,
    agent,
    ...(options.sparkplug === undefined ? {} : { sparkplug: options.sparkplug }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.trimEnd() }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number > 65_535)
    throw new InvalidArgumentError('Expected a port such as 8088.');
  return number;
}
