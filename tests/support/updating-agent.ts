/**
 * A device that is updated, with everything real but what a release does: the launcher's choice from the files on the disk,
 * the update's own state machine, its bundles. What a release does is the word in its file `agent/behaviour`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../agent/core/errors.ts';
import { silent } from '../../agent/core/log.ts';
import type { AgentEvent } from '../../agent/core/record.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import type { FleetConfig } from '../../agent/core/update.ts';
import type { Ledger, PartHealth } from '../../agent/core/view.ts';
import { FACTORY } from '../../agent/update/boot-state.ts';
import { choose } from '../../agent/update/launch.ts';
import { AgentUpdates, type UpdatesOptions } from '../../agent/update/updates.ts';
import { REMOTE } from './update-bundles.ts';

/** `dies`: ends at once. `silent`: its uplink connects to nobody. `deaf`: its devices answer no more. */
export type Behaviour = 'good' | 'dies' | 'silent' | 'deaf';

export interface UpdatingAgentOptions {
  readonly dir: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly factory?: string;
  readonly config?: FleetConfig;
  readonly more?: Partial<UpdatesOptions>;
  /** Told of each event that is durable. */
  readonly onEvent?: (event: AgentEvent) => void;
}

export interface UpdatingAgent extends AsyncDisposable {
  /** Version that runs. */
  readonly version: string;
  /** Versions of all starts, in order. */
  readonly starts: readonly string[];
  readonly events: readonly AgentEvent[];
  readonly updates: AgentUpdates;
  /** Resolves when the next start has come up. */
  next(): Promise<void>;
}

/** Starts the device; it starts again by itself whenever what runs ends, as under a service manager. */
export function updatingAgent(options: UpdatingAgentOptions): UpdatingAgent {
  const { dir, agent, clock, factory = '0.1.0', config = REMOTE, onEvent = () => {} } = options;
  const starts: string[] = [];
  const events: AgentEvent[] = [];
  let updates: AgentUpdates | undefined;
  let version = '';
  let ended = false;
  let waiting: (() => void)[] = [];
  let ending: Promise<void> = Promise.resolve();

  const up = () => {
    for (;;) {
      const chosen = choose(dir, factory, true);
      version = chosen === FACTORY ? factory : chosen;
      starts.push(version);
      const behaviour = chosen === FACTORY ? 'good' : behaviourOf(dir, chosen);
      if (behaviour === 'dies') continue;
      updates = new AgentUpdates({
        dir,
        config,
        factory,
        clock,
        log: silent,
        here: {
          site: 'street',
          agent,
          architecture: 'arm64',
          running: version,
          logSchema: 3,
          switchable: true,
        },
        hub: {
          readings() {},
          event: (event) => events.push(event),
          record: async (recorded) => {
            events.push(...recorded);
            for (const event of recorded) onEvent(event);
          },
        },
        look: lookOf(behaviour),
        restart: () => {
          const old = updates;
          ending = Promise.resolve()
            .then(() => old?.[Symbol.asyncDispose]())
            .then(() => {
              if (!ended) up();
            });
        },
        ...options.more,
      });
      updates.start();
      break;
    }
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  up();
  return {
    get version() {
      return version;
    },
    starts,
    events,
    get updates() {
      if (updates === undefined) throw new Error('it is not up');
      return updates;
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      ended = true;
      await ending;
      await updates?.[Symbol.asyncDispose]();
    },
  };
}

function behaviourOf(dir: string, version: string): Behaviour {
  return readFileSync(join(dir, version, 'agent/behaviour'), 'utf8').trim() as Behaviour;
}

function lookOf(behaviour: Behaviour): UpdatesOptions['look'] {
  const part = (name: string, well: boolean): PartHealth => ({
    part: name,
    state: well ? 'ok' : 'down',
    since: 0,
    facts: {},
  });
  let acknowledged = 10;
  return {
    health: () => [
      part('line:rs485-1', true),
      part('device:meter-1', behaviour !== 'deaf'),
      part('device:meter-2', behaviour !== 'deaf'),
      part('device:lamp', true),
    ],
    ledgers: () => {
      if (behaviour !== 'silent') acknowledged += 1;
      const ledger = { uplink: 'city', connected: behaviour !== 'silent', acknowledged, backlog: 0 };
      return [ledger as Ledger];
    },
    pulse: async () => {
      if (behaviour === 'dies') throw new AgentError('internal', 'it is dead');
    },
    lineOf: (device) => (device === 'lamp' ? 'board' : 'rs485-1'),
  };
}
