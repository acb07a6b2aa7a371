/** A scenario with its real agent: street, buses, sign, city; what a test looks at while it passes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { nameServerEnv } from '../../../hw-sim/agent-launch.ts';
import { contentDesk } from '../../../hw-sim/city/content-desk.ts';
import { runFaultPlan } from '../../../hw-sim/fault-plan.ts';
import type { Scenario } from '../../../hw-sim/scenario.ts';
import { takeoversOf } from '../../../hw-sim/scenario-story.ts';
import { siteFile } from '../../../hw-sim/site-file.ts';
import { type StreetParts, startStreet } from '../../../hw-sim/street-parts.ts';
import { startTransit } from '../../../hw-sim/street-transit.ts';
import { type AgentProcess, startAgent } from '../../support/agent-process.ts';
import { type City, openCity } from '../city.ts';
import { logIn, type Person } from '../console-session.ts';

export interface Play extends AsyncDisposable {
  readonly street: StreetParts;
  readonly city: City;
  readonly agent: AgentProcess;
  readonly person: Person;
  /** Bodies of the city's events of a kind, with the device they are of. */
  events(
    kind: string,
  ): readonly { readonly device: string | undefined; readonly body: Readonly<Record<string, unknown>> }[];
  /** From now on the faults of the scenario come and go; gives how long the last one lasts, ms of what its times count in. */
  begin(): number;
  /** Street time as text, for people who read a failure. */
  time(): string;
}

export interface PlayOptions {
  /** Of the street once everything is up; until then it passes as in life. */
  readonly speed: number;
  /** Changes to the site file, by top-level key. */
  readonly change?: Readonly<Record<string, unknown>>;
}

/** Without a camera: these tests look at everything else, and drawing pictures costs what others need. */
export async function play(scenario: Scenario, { speed, change = {} }: PlayOptions): Promise<Play> {
  await using stack = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-scenario-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const names = join(dir, 'no-names');
  const street = stack.use(
    await startStreet({ scenario, speed: 1, names, ports: join(dir, 'ports'), camera: false, faults: false }),
  );
  const transit = stack.use(await startTransit(street, dir, AbortSignal.timeout(60_000)));
  const desk = contentDesk();
  const begun = street.clock.now();
  const takeovers = takeoversOf(scenario.takeovers, begun);
  if (takeovers.length > 0) desk.takeOver(join(dir, 'content'), scenario.site.id, begun, takeovers);
  const text = siteFile(street, {
    broker: street.cityUrl ?? '',
    console: 1,
    nodeRed: 2,
    state: './state',
    sign: { ...transit.sign, screen: 3 },
    ...(takeovers.length > 0 ? { content: { key: desk.key, folder: './content' } } : {}),
  });
  const site = parse(text);
  const file = join(dir, 'site.yaml');
  // Any free port: tests run beside each other.
  site.sign.screen.listen = '127.0.0.1:0';
  // As a street that runs so fast has it.
  for (const feed of site.sign.feeds) feed.http.every = '1s';
  const own = { console: { listen: '127.0.0.1:0' }, node_red: { enabled: false }, log: { window: '500ms' } };
  writeFileSync(file, stringify({ ...site, ...own, ...change }));
  const city = stack.use(await openCity(street.broker?.url ?? ''));
  const agent = stack.use(startAgent(file, nameServerEnv(names)));
  const person = await logIn((await agent.ready).link);
  stack.use(street.clock.onTurn(() => agent.turn(street.clock)));
  if (speed !== 1) street.clock.turn(speed);
  const faults = stack.use(new DisposableStack());
  const owned = stack.move();
  return {
    street,
    city,
    agent,
    person,
    events: (kind) =>
      [...city.records.values()].flatMap(({ event, device, body }) =>
        event === kind && body !== undefined ? [{ device, body }] : [],
      ),
    begin() {
      faults.use(runFaultPlan(scenario.faults, street, scenario.clock));
      return Math.max(0, ...scenario.faults.map((one) => one.at + (one.for ?? 0)));
    },
    time: () => new Date(street.clock.now()).toISOString(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
