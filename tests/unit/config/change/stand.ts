/** A site file with its state folder, changes of it, and an agent that follows as the test says. Time is virtual, files are real. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROFILES, siteDeps } from '../../../../agent/cli/site.ts';
import type { FollowingAgent } from '../../../../agent/config/change/contract.ts';
import { type Chosen, chooseRevision } from '../../../../agent/config/change/start.ts';
import { ConfigTransactions } from '../../../../agent/config/change/transactions.ts';
import type { WriteWhole } from '../../../../agent/config/change/whole-file.ts';
import type { ConfigProposal, DeviceTrial } from '../../../../agent/core/config-change.ts';
import { silent } from '../../../../agent/core/log.ts';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import type { Site } from '../../../../agent/core/site.ts';
import type { HealthState, PartHealth } from '../../../../agent/core/view.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { STREET as PLAIN } from '../site-folder.ts';

/** With a short watch: what takes minutes takes no more looks. */
export const STREET = `changes: { watch: 20s }\n${PLAIN}`;
export const SECOND = `${STREET}  - { id: meter-2, line: rs485-1, profile: eastron-sdm120, address: 2 }\n`;
/** The same with its second meter in a template. */
export const EXTENDED = `extends: ./second.yaml\n${STREET}`;
export const TEMPLATES = {
  'second.yaml': 'devices:\n  - { id: meter-2, line: rs485-1, profile: eastron-sdm120, address: 2 }\n',
};
export const WRONG = STREET.replace('eastron-sdm630', 'eastron-sdm6300');

/** As `writeWhole` does it, without waiting for the disk: a kill is no power cut. */
export const writeQuick: WriteWhole = async (file, text) => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
};

export class FakeAgent implements FollowingAgent {
  readonly followed: string[][] = [];
  readonly events: Omit<AgentEvent, 'time'>[] = [];
  readonly shown: Omit<PartHealth, 'since'>[] = [];
  site: Site | undefined;
  /** Devices it does not start with. */
  crashesWith: string | undefined;
  /** States of parts, by the devices that are there. */
  state: (part: string, site: Site | undefined) => HealthState = () => 'ok';
  trial: DeviceTrial['result'] = 'answered';
  standstill: string | undefined;

  async follow(site: Site, changes: Parameters<FollowingAgent['follow']>[1]): Promise<void> {
    this.followed.push(changes.map(({ part, id, change }) => `${change} ${part} ${id ?? ''}`.trim()));
    if (site.devices.some(({ id }) => id === this.crashesWith)) throw new Error('port 8080 is taken');
    this.site = site;
  }

  stops(): ReturnType<FollowingAgent['stops']> {
    return [];
  }

  async try(to: Site, devices: readonly string[]): Promise<readonly DeviceTrial[]> {
    return to.devices
      .filter(({ id }) => devices.includes(id))
      .map(({ id, title }) => ({ device: id, title, result: this.trial, readings: [] }));
  }

  health(): readonly PartHealth[] {
    const parts = ['line:rs485-1', 'device:meter-1', 'uplink:city'];
    return parts.map((part) => ({ part, state: this.state(part, this.site), since: 0, facts: {} }));
  }

  async pulse(): Promise<void> {
    if (this.standstill !== undefined) throw new Error(this.standstill);
  }

  async record(events: readonly Omit<AgentEvent, 'time'>[]): Promise<void> {
    this.events.push(...events);
  }

  show(part: Omit<PartHealth, 'since'>): void {
    this.shown.push(part);
  }

  /** States that events told of changes. */
  get told(): readonly string[] {
    return this.events.map(({ body }) => `${body.change} ${body.state}`);
  }
}

export class Stand implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'kerbside-change-'));
  readonly file = join(this.dir, 'site.yaml');
  readonly clock = new VirtualClock();
  readonly agent = new FakeAgent();
  readonly lost: string[] = [];
  /** With the two profiles that the site names: reading all of them is another test's work. */
  readonly #deps = { ...siteDeps(), env: {}, profiles: join(this.dir, 'profiles') };
  #changes: ConfigTransactions | undefined;

  constructor(text = STREET) {
    writeFileSync(this.file, text);
    mkdirSync(this.#deps.profiles);
    for (const name of ['eastron-sdm630', 'eastron-sdm120'])
      cpSync(join(PROFILES, 'electricity-meter', `${name}.yaml`), join(this.#deps.profiles, `${name}.yaml`));
  }

  get text(): string {
    return readFileSync(this.file, 'utf8');
  }

  get changes(): ConfigTransactions {
    if (this.#changes === undefined) throw new Error('not started');
    return this.#changes;
  }

  edit(text: string): void {
    writeFileSync(this.file, text);
  }

  choose(write: WriteWhole = writeQuick): Promise<Chosen> {
    const deps = this.#deps;
    return chooseRevision({ file: this.file, deps, now: () => this.clock.mapping().wall, env: {}, write });
  }

  /** As a start of the process does: chooses, runs, begins to watch. */
  async start(write: WriteWhole = writeQuick): Promise<Chosen> {
    const chosen = await this.choose(write);
    if (!chosen.ok) return chosen;
    this.agent.site = chosen.run.site;
    this.#changes = new ConfigTransactions({
      book: chosen.book,
      run: chosen.run,
      ...(chosen.wrong === undefined ? {} : { wrong: chosen.wrong }),
      deps: this.#deps,
      clock: this.clock,
      log: silent,
      agent: this.agent,
      onLost: (error) => this.lost.push(error.message),
    });
    if (chosen.run.site.devices.some(({ id }) => id === this.agent.crashesWith)) {
      const good = await this.#changes.failed(new Error('port 8080 is taken'));
      if (good === undefined) throw new Error('port 8080 is taken');
      this.agent.site = good.site;
    }
    this.#changes.begin();
    return chosen;
  }

  /** A clean stop. */
  async stop(): Promise<void> {
    await this.#changes?.[Symbol.asyncDispose]();
    this.#changes = undefined;
  }

  /** The process is gone: what it had begun is nobody's any more. */
  abandon(): void {
    this.#changes = undefined;
  }

  apply(text: string, more: Pick<ConfigProposal, 'watch' | 'base' | 'anyway' | 'templates'> = {}) {
    const signal = new AbortController().signal;
    return this.changes.apply(
      { text, by: 'console:administrator', name: 'Li Na', why: 'a test', ...more },
      signal,
    );
  }

  /** States of the changes, newest first. */
  states(): readonly string[] {
    return this.changes.history().map(({ state }) => state);
  }

  /** Waits until the newest change is in `state`. */
  settled(state: string): Promise<void> {
    return this.until(() => this.states()[0] === state, 1000);
  }

  /** Waits for files, and lets virtual time run in steps of `step` ms meanwhile. */
  async until(holds: () => boolean, step = 0): Promise<void> {
    const patience = performance.now() + 30_000;
    while (performance.now() < patience) {
      if (holds()) return;
      await this.clock.advance(step);
      // Files are real: the disk gets its time.
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`it never came: ${JSON.stringify(this.#changes?.history().slice(0, 2))}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
