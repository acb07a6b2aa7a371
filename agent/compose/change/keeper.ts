/**
 * Keeps the agent of a site file running while the file changes: follows part by part where that is clean, restarts the
 * agent inside its process where not. What is outside of an agent (log, who is logged in, changes of the file) stays.
 */
import { driverFor } from '../../../drivers/index.ts';
import type { FollowingAgent } from '../../config/change/contract.ts';
import type { Chosen, Right } from '../../config/change/start.ts';
import { ConfigTransactions } from '../../config/change/transactions.ts';
import type { SiteDeps } from '../../config/deps.ts';
import type { SiteFacts } from '../../config/load.ts';
import { type ConsoleMemory, consoleMemory } from '../../console/server.ts';
import type { ConfigStop, DeviceTrial, PartChange } from '../../core/config-change.ts';
import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { AgentEvent } from '../../core/record.ts';
import type { Site } from '../../core/site.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { SystemClock } from '../../core/time/system-clock.ts';
import type { PartHealth } from '../../core/view.ts';
import { type RunningAgent, runAgent } from '../agent.ts';
import { isLive, stopsOf } from './live.ts';
import { tryDevices } from './trial.ts';

export interface KeeperOptions {
  readonly chosen: Extract<Chosen, { ok: true }>;
  readonly deps: SiteDeps;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Who is logged in already; absent: nobody. */
  readonly memory?: ConsoleMemory;
  /** Secrets of a changed file, for the log to mask. */
  readonly mask: (secrets: readonly string[]) => void;
  /** Nothing runs and nothing can be started. */
  readonly onLost: (error: Error) => void;
}

export type KeptAgent = AsyncDisposable &
  Pick<RunningAgent, 'console' | 'link' | 'code' | 'remote' | 'pulse'>;

/** What answers a request that asks for a restart has this long to leave, ms. */
const ANSWERS_LEAVE = 250;

/** Rejects as `runAgent` does, where there is no good revision to fall back to. */
export async function keepAgent(options: KeeperOptions): Promise<KeptAgent> {
  const keeper = new Keeper(options);
  await keeper.start();
  return keeper;
}

class Keeper implements FollowingAgent, KeptAgent {
  readonly #options: KeeperOptions;
  readonly #clock: Clock = new SystemClock();
  readonly #memory: ConsoleMemory;
  readonly #config: ConfigTransactions;
  #site: Site;
  #agent: RunningAgent | undefined;
  #shown: Omit<PartHealth, 'since'> | undefined;

  constructor(options: KeeperOptions) {
    const { chosen, deps, log, onLost } = options;
    this.#options = options;
    this.#memory = options.memory ?? consoleMemory(this.#clock);
    this.#site = chosen.run.site;
    this.#config = new ConfigTransactions({
      book: chosen.book,
      run: chosen.run,
      ...(chosen.wrong === undefined ? {} : { wrong: chosen.wrong }),
      deps,
      clock: this.#clock,
      log,
      agent: this,
      onLost,
    });
  }

  async start(): Promise<void> {
    const { signal, log } = this.#options;
    try {
      await this.#run(this.#site);
    } catch (error) {
      if (signal.aborted) throw error;
      log.error('agent.start-failed', { error: (error as Error).message });
      const good: Right | undefined = await this.#config.failed(error);
      if (good === undefined) throw error;
      this.#options.mask(good.facts.secrets);
      await this.#run(good.site);
    }
    this.#config.begin();
  }

  get console(): string {
    return this.#agent?.console ?? '';
  }

  get link(): string {
    return this.#agent?.link ?? '';
  }

  get code(): string {
    return this.#agent?.code ?? '';
  }

  get remote(): string | undefined {
    return this.#agent?.remote;
  }

  /** While the agent restarts it is not asked: its start has a limit of its own. */
  readonly pulse = async (): Promise<void> => {
    await this.#agent?.pulse();
  };

  async follow(site: Site, changes: readonly PartChange[], facts: SiteFacts): Promise<void> {
    const { log, mask, signal } = this.#options;
    mask(facts.secrets);
    const from = this.#site;
    const agent = this.#agent;
    if (agent !== undefined && isLive(from, site, changes)) {
      log.info('config.following', { changes: changes.length, restart: false });
      this.#site = site;
      await agent.change(site, changes);
      return;
    }
    log.info('config.following', { changes: changes.length, restart: true });
    await this.#clock.sleep(ANSWERS_LEAVE, signal);
    this.#agent = undefined;
    await agent?.[Symbol.asyncDispose]();
    await this.#run(site);
  }

  stops(from: Site, to: Site, changes: readonly PartChange[]): readonly ConfigStop[] {
    return stopsOf(from, to, changes);
  }

  async try(to: Site, devices: readonly string[], signal: AbortSignal): Promise<readonly DeviceTrial[]> {
    return tryDevices({
      running: this.#site,
      to,
      devices,
      lines: this.#agent?.lines.lines ?? [],
      driver: driverFor,
      clock: this.#clock,
      signal,
    });
  }

  health(): readonly PartHealth[] {
    return this.#agent?.health() ?? [];
  }

  async record(events: readonly Omit<AgentEvent, 'time'>[]): Promise<void> {
    await this.#agent?.record(events.map((event) => ({ ...event, time: this.#clock.mono() })));
  }

  show(part: Omit<PartHealth, 'since'>): void {
    this.#shown = part;
    const since = wallAt(this.#clock.mapping(), this.#clock.mono()).time;
    this.#agent?.onHealth({ ...part, since });
  }

  async #run(site: Site): Promise<void> {
    const { log, signal } = this.#options;
    if (signal.aborted) throw new AgentError('aborted', 'the agent is stopping');
    this.#site = site;
    this.#agent = await runAgent(site, { log, signal, config: this.#config, access: this.#memory });
    if (this.#shown !== undefined && this.#shown.state !== 'ok') this.show(this.#shown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#config[Symbol.asyncDispose]();
    await this.#agent?.[Symbol.asyncDispose]();
  }
}
