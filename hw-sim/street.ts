/**
 * `npm start`: a whole street on one machine. Simulated devices, camera and city in this process, the agent as a child,
 * all of them talking over real ports. Prints one address.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { keepAgent, type Ready } from './agent-child.ts';
import { nameServerEnv } from './agent-launch.ts';
import { contentDesk } from './city/content-desk.ts';
import { freePort } from './free-port.ts';
import { fillHistory } from './history-import.ts';
import { scenarioNames } from './scenario.ts';
import { takeoversOf } from './scenario-story.ts';
import { type OpenShowOptions, openShow } from './show/open.ts';
import { type SignAddresses, type SiteAddresses, siteFile } from './site-file.ts';
import { soleStreet } from './sole-street.ts';
import { type StreetParts, startStreet } from './street-parts.ts';
import { startTransit } from './street-transit.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** What `npm start` plays. */
const USUAL = 'evening';

interface Options {
  readonly headless?: boolean;
  /** False: the site file is written and no agent started. */
  readonly agent: boolean;
  readonly speed?: number;
  readonly scenario: string;
  readonly broker?: string;
  readonly state?: string;
  readonly port: number;
  readonly tour?: true;
  readonly showroom?: true;
  readonly reset?: true;
  readonly ledger?: string;
}

const program = new Command('npm start --')
  .description('A simulated street with its agent: devices, camera, city and console on this machine.')
  .option('--headless', 'print one JSON line when everything is up, and nothing else')
  .option('--no-agent', 'only write the site file, for an agent started by hand')
  .option(
    '--speed <factor>',
    'the street runs so many times as fast as life: 1, 60, 600 …; default: as its scenario says',
    factor,
  )
  .option('--scenario <name>', `${(await scenarioNames()).join(', ')}, or the path of a YAML file`, USUAL)
  .option('--tour', 'the tour of three minutes begins with the first visitor of the street’s page')
  .option('--showroom', 'the tour again and again')
  .option('--reset', 'forget what earlier starts have left in the state folder')
  .option(
    '--broker <url>',
    'mqtt:// or mqtts:// of a city of your own; default: one in this process',
    brokerUrl,
  )
  .option('--state <folder>', 'the only folder written to; default .kerbside in the repository')
  .option('--port <number>', 'first port tried for the console', portNumber, 8080)
  .option('--ledger <file>', 'append every value the devices serve to this file, as JSON lines');

program.parse();
await run(program.opts<Options>());

async function run(options: Options): Promise<void> {
  const stop = stopSignal();
  const say = (line: string): void => {
    if (options.headless !== true) process.stdout.write(`${line}\n`);
  };
  try {
    await using parts = new AsyncDisposableStack();
    const state = stateFolder(options);
    mkdirSync(state, { recursive: true });
    const sole = await soleStreet(state);
    if (sole === undefined)
      throw new Error(
        `start of the street failed: another one runs in ${state}; stop it first, or give this one a folder of its own: --state other`,
      );
    parts.use(sole);
    if (options.reset === true) {
      rmSync(state, { recursive: true, force: true });
      mkdirSync(state, { recursive: true });
    }
    const street = parts.use(
      await startStreet({
        scenario: options.scenario,
        ...(options.speed === undefined ? {} : { speed: options.speed }),
        ports: join(state, 'ports'),
        names: join(state, 'no-names'),
        broker: options.broker === undefined ? 1883 : false,
        say,
        ...(options.ledger === undefined ? {} : { ledger: resolve(options.ledger) }),
      }),
    );
    const console = await freePort(options.port);
    if (console !== options.port) say(`port ${options.port} is taken, the console takes ${console}`);
    const nodeRed = await freePort(1880);
    if (nodeRed !== 1880) say(`port 1880 is taken, Node-RED takes ${nodeRed}`);
    const site = join(state, 'site.yaml');
    const broker = options.broker ?? street.cityUrl ?? 'mqtt://127.0.0.1:1883';
    const sign = await signOf(street, state, parts, say, stop);
    const content = contentOf(street, state);
    const at = {
      broker,
      console,
      nodeRed,
      state: './agent',
      ...(sign === undefined ? {} : { sign }),
      ...(content === undefined ? {} : { content }),
    };
    const writeSite = (wall?: number): void =>
      writeFileSync(site, siteFile(street, wall === undefined ? at : { ...at, wall }));
    writeSite();

    if (!options.agent) {
      const text = `the street is up: npm run kerbside -- run --site ${site}`;
      process.stdout.write(
        `${options.headless === true ? JSON.stringify({ ready: true, site, broker }) : text}\n`,
      );
      await aborted(stop);
      return;
    }
    try {
      const count = await fillHistory(street, state, join(state, 'agent'), site, stop);
      if (count > 0) say(`a day of history is filled in: ${count} readings`);
    } catch (error) {
      if (!stop.aborted) say(sentence(error));
    }
    if (!stop.aborted) {
      let up: Ready | undefined;
      let print = (_ready: Ready): void => undefined;
      let turned = false;
      const begun = Promise.withResolvers<void>();
      const agent = parts.use(
        keepAgent({
          site,
          log: join(state, 'agent.log'),
          starting: () => {
            if (turned) writeSite();
            turned = false;
          },
          env: street.link === undefined ? {} : nameServerEnv(join(state, 'no-names')),
          say,
          ready: (ready) => {
            up = ready;
            begun.resolve();
            print(ready);
          },
        }),
      );
      await Promise.race([begun.promise, aborted(stop)]);
      parts.use(
        street.clock.onTurn(() => {
          // The one that runs is told: a site file that changes under it would have it begin anew.
          agent.turn(street.clock);
          turned = true;
        }),
      );
      const panel = sign === undefined ? undefined : panelAddress(sign.screen, state);
      const own = { street, agent, state: join(state, 'agent'), sign: panel, writeSite };
      const show = await showOf(own, options, parts, say);
      // Also after each further start: the link of the one before has gone with it.
      print = (ready) =>
        options.headless === true
          ? printJson(ready, site, broker, show)
          : printAddress(ready, nodeRed, panel, show);
      if (up !== undefined) print(up);
    }
    await aborted(stop);
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n`);
    process.exitCode = 1;
  }
}

/** The city's buses and the timetable of the sign; undefined where the scenario has none, or it cannot be brought up. */
async function signOf(
  street: StreetParts,
  state: string,
  parts: AsyncDisposableStack,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<SignAddresses | undefined> {
  if (street.scenario.sign === undefined) return undefined;
  try {
    const transit = parts.use(await startTransit(street, state, stop));
    return { ...transit.sign, screen: await freePort(8090) };
  } catch (error) {
    if (!stop.aborted) say(sentence(error));
    return undefined;
  }
}

/** What the city decides for the sign, signed and in its folder; undefined where it decides nothing. */
function contentOf({ scenario, clock }: StreetParts, state: string): SiteAddresses['content'] {
  if (scenario.takeovers.length === 0) return undefined;
  const desk = contentDesk();
  const now = clock.now();
  const folder = 'content';
  desk.takeOver(join(state, folder), scenario.site.id, now, takeoversOf(scenario.takeovers, now));
  return { key: desk.key, folder: `./${folder}` };
}

/** A street with another scenario or another speed has another past: it gets a folder of its own. */
function stateFolder({ state, scenario, speed }: Options): string {
  if (state !== undefined) return resolve(state);
  const base = join(REPOSITORY, '.kerbside');
  if (scenario === USUAL && (speed === undefined || speed === 1)) return base;
  const name = scenario.replace(/\.yaml$/, '').replace(/[^A-Za-z0-9_-]+/g, '-');
  return join(base, 'others', speed === undefined ? name : `${name}-x${speed}`);
}

/** Where the panel's browser goes: with the key by which the agent knows that it is the panel that tells what it shows. */
function panelAddress(port: number, state: string): string {
  const address = `http://127.0.0.1:${port}/`;
  const file = join(state, 'agent/sign/screen/key');
  // A screen that could not be started has none yet; the console says why.
  return existsSync(file) ? `${address}?key=${readFileSync(file, 'utf8')}` : address;
}

/** The page of the street; undefined where it cannot be shown. */
async function showOf(
  street: Omit<OpenShowOptions, 'tour'>,
  { tour, showroom }: Options,
  parts: AsyncDisposableStack,
  say: (line: string) => void,
): Promise<string | undefined> {
  const plan = showroom === true ? 'loop' : tour === true ? 'once' : undefined;
  try {
    const show = parts.use(await openShow({ ...street, ...(plan === undefined ? {} : { tour: plan }) }));
    return show.url;
  } catch (error) {
    say(sentence(error));
    return undefined;
  }
}

function printAddress(
  ready: Ready,
  nodeRed: number,
  screen: string | undefined,
  show: string | undefined,
): void {
  const lines = ['', `  Kerbside  ${ready.link}`, ''];
  if (show !== undefined) lines.push(`  The street, to look at and to break  ${show}`, '');
  if (screen !== undefined) lines.push(`  Stop sign  ${screen}`, '');
  const [, , server] = (process.env.SSH_CONNECTION ?? '').split(' ');
  if (server !== undefined) {
    const { port } = new URL(ready.console);
    // The link holds on the machine you sit at once these ports lead here.
    lines.push(
      `  first on your machine: ssh -L ${port}:127.0.0.1:${port} -L ${nodeRed}:127.0.0.1:${nodeRed} ${server}`,
      '',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function printJson(ready: Ready, site: string, broker: string, street: string | undefined): void {
  process.stdout.write(
    `${JSON.stringify({ ready: true, ...ready, site, broker, street, pid: process.pid })}\n`,
  );
}

/** Aborts at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(name));
    });
  }
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve: done } = Promise.withResolvers<void>();
  // The signal handlers alone do not keep a process alive; the street's ports and the agent do.
  signal.addEventListener('abort', () => done(), { once: true });
  return promise;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 3600)) throw new InvalidArgumentError('expected a number from 1 to 3600.');
  return value;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) {
    throw new InvalidArgumentError('expected a whole number from 1 to 65535.');
  }
  return value;
}

function brokerUrl(text: string): string {
  if (!URL.canParse(text) || !/^mqtts?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('expected mqtt://host:port or mqtts://host:port.');
  }
  return text;
}
