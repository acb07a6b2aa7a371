/** The agent as console and API see it: put together from the parts, each asked when somebody looks. */

import type { AcceptanceActs } from '../core/acceptance.ts';
import type { AlarmActs } from '../core/alarm/alarm.ts';
import type { CommandJournal, Submit } from '../core/command.ts';
import type { Commissioning } from '../core/commissioning.ts';
import type { ConfigChanges } from '../core/config-change.ts';
import type { Template } from '../core/content/content.ts';
import type { PeakLimitView } from '../core/energy/peak-limit.ts';
import type { EnergyView } from '../core/energy/view.ts';
import { AgentError } from '../core/errors.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import type { SenseActs } from '../core/sense.ts';
import type { ArrivalBoard } from '../core/sign/arrival.ts';
import type { ScreenView } from '../core/sign/screen.ts';
import type { Site } from '../core/site.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { Updates } from '../core/update.ts';
import type { AgentView, FoundInFrame, Ledger, Preview } from '../core/view.ts';
import type { VirtualActs } from '../core/virtual.ts';
import type { Directory } from './describe.ts';
import type { HealthBoard } from './health.ts';

/** Parts that come up after the console has; until then their questions get an empty answer. */
export interface LateParts {
  history?: AgentView['history'];
  ledgers?: () => readonly Ledger[];
  preview?: (camera: string, blur?: boolean) => Promise<Preview | undefined>;
  boxes?: (camera: string) => Promise<FoundInFrame | undefined>;
  nodeRedTicket?: (by: string) => string | undefined;
  arrivals?: () => ArrivalBoard;
  screen?: () => ScreenView | undefined;
  events?: NonNullable<AgentView['events']>;
  acceptance?: AcceptanceActs;
  updates?: Updates;
  diagnose?: NonNullable<AgentView['diagnose']>;
}

export interface ViewParts {
  /** The site that runs now. */
  readonly site: () => Site;
  readonly config?: ConfigChanges;
  readonly clock: Clock;
  readonly hub: Subscription & Publisher;
  readonly directory: Directory;
  readonly board: HealthBoard;
  readonly journal: CommandJournal;
  readonly submit: Submit;
  readonly sense: SenseActs;
  readonly virtual: VirtualActs;
  readonly templates?: () => readonly Template[];
  readonly alarms?: AlarmActs | undefined;
  readonly energy?: EnergyView;
  readonly peakLimit?: PeakLimitView;
  readonly commissioning?: Commissioning;
  readonly lamps: NonNullable<AgentView['lamps']>;
  readonly refusals: NonNullable<AgentView['refusals']>;
  readonly frames: NonNullable<AgentView['frames']>;
  readonly late: LateParts;
}

export function agentView({
  site,
  clock,
  hub,
  directory,
  board,
  journal,
  submit,
  sense,
  virtual,
  templates,
  alarms,
  energy,
  peakLimit,
  config,
  commissioning,
  lamps,
  refusals,
  frames,
  late,
}: ViewParts): AgentView {
  return {
    get site() {
      return site();
    },
    ...(config === undefined ? {} : { config }),
    ...(commissioning === undefined ? {} : { commissioning }),
    hub,
    now: () => wallAt(clock.mapping(), clock.mono()).time,
    wall: (mono) => wallAt(clock.mapping(), mono).time,
    descriptions: () => directory.descriptions,
    health: () => board.all(),
    onHealth: (listener) => board.onHealth(listener),
    ledgers: () => late.ledgers?.() ?? [],
    history: (device, point, from, to, bucket, signal) => {
      if (late.history === undefined) {
        return Promise.reject(
          new AgentError('timeout', 'history is not open yet: the agent is starting', {
            fix: 'ask again in a moment',
          }),
        );
      }
      return late.history(device, point, from, to, bucket, signal);
    },
    submit,
    sense,
    virtual,
    ...(templates === undefined ? {} : { templates }),
    ...(alarms === undefined ? {} : { alarms }),
    ...(energy === undefined ? {} : { energy }),
    ...(peakLimit === undefined ? {} : { peakLimit }),
    arrivals: () => late.arrivals?.(),
    screen: () => late.screen?.(),
    get updates() {
      return late.updates;
    },
    lamps,
    refusals,
    frames,
    events: async (...asked) => (await late.events?.(...asked)) ?? [],
    acceptance: () => late.acceptance,
    diagnose: async (why) => {
      if (late.diagnose !== undefined) return late.diagnose(why);
      throw new AgentError('timeout', 'diagnostics cannot be made yet: the agent is starting');
    },
    recentCommands: (limit) => journal.recent(limit),
    preview: async (camera, blur) => late.preview?.(camera, blur),
    boxes: async (camera) => late.boxes?.(camera),
    audit: (body, device) =>
      hub.event({
        event: 'audit',
        severity: 'info',
        time: clock.mono(),
        body,
        ...(device === undefined ? {} : { device }),
      }),
    nodeRedTicket: async (by) => late.nodeRedTicket?.(by),
  };
}
