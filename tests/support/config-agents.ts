/**
 * An agent whose site file is changed from afar, with everything real but its lines: the transaction with its journal, check
 * and watch, the update's own state machine, and the uplink that its site file names, at a real broker. An uplink that
 * connects to nobody is a silent one, as in the field.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type MqttClient } from 'mqtt';
import { PROFILES, siteDeps } from '../../agent/cli/site.ts';
import { chooseRevision } from '../../agent/config/change/start.ts';
import { ConfigTransactions } from '../../agent/config/change/transactions.ts';
import type { SiteDeps } from '../../agent/config/deps.ts';
import type { ConfigChange } from '../../agent/core/config-change.ts';
import { silent } from '../../agent/core/log.ts';
import type { AgentEvent } from '../../agent/core/record.ts';
import type { Site } from '../../agent/core/site.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import { fleetWrite } from '../../agent/update/acts.ts';
import { AgentUpdates } from '../../agent/update/updates.ts';
import { writeQuick } from '../unit/config/change/stand.ts';
import { REMOTE } from './update-bundles.ts';

export interface ConfigAgent extends AsyncDisposable {
  /** `site/agent`. */
  readonly name: string;
  /** Site file on its disk. */
  readonly text: string;
  readonly history: readonly ConfigChange[];
  /** The site that runs. */
  readonly site: Site;
  /** Its folder, where its site file lies. */
  readonly dir: string;
  /** Its machine is switched off: its will is told, and nothing runs. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

/** What site files of a test are loaded with: a folder of the few profiles they name, which all agents share. */
export function fewProfiles(folder: string, ...names: readonly string[]): SiteDeps {
  mkdirSync(folder, { recursive: true });
  for (const name of names)
    cpSync(join(PROFILES, 'electricity-meter', `${name}.yaml`), join(folder, `${name}.yaml`));
  return { ...siteDeps(), env: {}, profiles: folder };
}

export interface ConfigAgentOptions {
  /** Folder of its own. */
  readonly dir: string;
  readonly files: Readonly<Record<string, string>>;
  readonly deps: SiteDeps;
  readonly clock: Clock;
}

export async function configAgent(options: ConfigAgentOptions): Promise<ConfigAgent> {
  const { dir, files } = options;
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  let life = await Life.begin(options);
  const { id, agent } = life.site;
  return {
    name: `${id}/${agent.id}`,
    dir,
    get text() {
      return readFileSync(join(dir, 'site.yaml'), 'utf8');
    },
    get history() {
      return life.changes.history();
    },
    get site() {
      return life.site;
    },
    leave: () => life.end(),
    async comeBack() {
      life = await Life.begin(options);
    },
    [Symbol.asyncDispose]: () => life.end(),
  };
}

/** From a start to its end. */
class Life {
  site: Site;
  readonly changes: ConfigTransactions;
  readonly #updates: AgentUpdates;
  readonly #clock: Clock;
  #client: MqttClient | undefined;
  #told = 0;
  #waiting: Omit<AgentEvent, 'time'>[] = [];
  #ended = false;

  static async begin({ dir, deps, clock }: ConfigAgentOptions): Promise<Life> {
    const file = join(dir, 'site.yaml');
    const now = () => Date.now();
    const chosen = await chooseRevision({ file, deps, now, env: {}, write: writeQuick });
    if (!chosen.ok) throw new Error(`${file} does not run: ${JSON.stringify(chosen.problems)}`);
    return new Life(dir, clock, chosen, deps);
  }

  constructor(
    dir: string,
    clock: Clock,
    chosen: Extract<Awaited<ReturnType<typeof chooseRevision>>, { ok: true }>,
    deps: SiteDeps,
  ) {
    this.#clock = clock;
    this.site = chosen.run.site;
    const health = () => [
      {
        part: 'uplink:city',
        state: this.#client?.connected === true ? ('ok' as const) : ('down' as const),
        since: 0,
        facts: {},
      },
    ];
    const record = async (events: readonly Omit<AgentEvent, 'time'>[]) => {
      this.#waiting.push(...events);
      this.#flush();
    };
    this.changes = new ConfigTransactions({
      book: chosen.book,
      run: chosen.run,
      deps,
      clock,
      log: silent,
      agent: {
        follow: async (site) => this.#follow(site),
        stops: () => [],
        try: async (to, devices) =>
          to.devices
            .filter(({ id }) => devices.includes(id))
            .map(({ id, title }) => ({ device: id, title, result: 'answered', readings: [] })),
        health,
        pulse: async () => {},
        record,
        show: () => {},
      },
      onLost: (error) => {
        throw error;
      },
    });
    this.#updates = new AgentUpdates({
      dir: join(dir, 'releases'),
      config: REMOTE,
      factory: '0.1.0',
      clock,
      log: silent,
      here: {
        site: this.site.id,
        agent: this.site.agent.id,
        architecture: 'arm64',
        running: '0.1.0',
        logSchema: 3,
        switchable: true,
      },
      hub: { readings() {}, event: (event) => void record([event]), record },
      look: { health, ledgers: () => [], pulse: async () => {}, lineOf: () => undefined },
      restart: () => {},
      changes: this.changes,
    });
    this.#connect();
    this.changes.begin();
    this.#updates.start();
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // Without a word, so that the broker tells its will.
    this.#client?.stream.destroy();
    await this.#client?.endAsync(true);
    await this.#updates[Symbol.asyncDispose]();
    await this.changes[Symbol.asyncDispose]();
  }

  get #root(): string {
    return `kerbside/v1/${this.site.id}/${this.site.agent.id}`;
  }

  get #url(): string {
    const [uplink] = this.site.uplinks;
    return uplink?.kind === 'mqtt' ? String(uplink.url) : '';
  }

  async #follow(site: Site): Promise<void> {
    const before = this.#url;
    this.site = site;
    if (this.#url === before || this.#ended) return;
    await this.#client?.endAsync(true);
    this.#connect();
  }

  #connect(): void {
    const state = (now: string) => JSON.stringify({ v: 1, state: now, agent: this.site.agent.id });
    const client = connect(this.#url, {
      protocolVersion: 4,
      clientId: this.site.agent.id,
      reconnectPeriod: 200,
      will: { topic: `${this.#root}/state`, payload: Buffer.from(state('offline')), retain: true, qos: 1 },
    });
    this.#client = client;
    client.on('error', () => {});
    client.on('connect', () => {
      client.publish(`${this.#root}/state`, state('online'), { retain: true, qos: 1 });
      client.subscribe(`${this.#root}/cmd/agent/+`, { qos: 1 });
      this.#flush();
    });
    client.on('message', (topic, bytes) => void this.#command(topic, bytes));
  }

  async #command(topic: string, bytes: Uint8Array): Promise<void> {
    const { id, value, issuer } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, string>;
    const acts = {
      updates: this.#updates,
      restart: async () => undefined,
      trace: async () => undefined,
      diagnose() {},
    };
    const point = topic.split('/').at(-1) ?? '';
    const wish = { point, value: value ?? '', issuer: issuer ?? '' };
    const outcome = await fleetWrite(acts, this.#clock, wish);
    const result =
      outcome.kind === 'done'
        ? { state: 'done' }
        : { state: 'rejected', code: 'device-refused', reason: outcome.reason };
    this.#send(`cmd/${id}/result`, { v: 1, id, ...result });
  }

  /** What nobody could be told waits, as in the log of an agent. */
  #flush(): void {
    if (this.#client?.connected !== true) return;
    for (const { event, severity, body } of this.#waiting) {
      this.#told += 1;
      const seq = this.#told;
      const records = [{ seq, event, severity, time: new Date().toISOString(), body }];
      const envelope = { v: 1, agent: this.site.agent.id, lane: 'event', stream: 'live' };
      this.#send('data/event', { ...envelope, first: seq, last: seq, count: 1, records });
    }
    this.#waiting = [];
  }

  #send(topic: string, payload: object): void {
    this.#client?.publish(`${this.#root}/${topic}`, JSON.stringify(payload), { qos: 1 });
  }
}
