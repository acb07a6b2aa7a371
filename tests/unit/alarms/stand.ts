/** The real engine and hub in virtual time; what the hub commits is kept, as the log keeps it, with its marks. */
import { AlarmEngine, type EngineOptions } from '../../../agent/control/alarms/engine.ts';
import {
  type AlarmChange,
  type AlarmDefinition,
  type AlarmRequest,
  type AlarmStatus,
  type AlarmsConfig,
  DEFAULT_FLOOD,
} from '../../../agent/core/alarm/alarm.ts';
import { silent } from '../../../agent/core/log.ts';
import { type Mark, marksOf } from '../../../agent/core/mark.ts';
import { bad, good, type Reading, type Value } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const START = Date.parse('2027-03-04T09:00:00+08:00');

/** An alarm on `board input-1` that is true; everything else as a plain alarm has it. */
export function alarmOf(change: Partial<AlarmDefinition> & { readonly id: string }): AlarmDefinition {
  return {
    title: { en: change.id },
    priority: 'medium',
    device: 'board',
    condition: { kind: 'state', device: 'board', point: change.id, is: [true], not: false },
    onDelay: 0,
    offDelay: 0,
    latching: false,
    causes: [],
    acknowledgedBy: 'anyone',
    shelving: 8 * 60 * MINUTE,
    ...change,
  };
}

export function configOf(...definitions: readonly AlarmDefinition[]): AlarmsConfig {
  return { definitions, sos: [], flood: DEFAULT_FLOOD };
}

/** What outlives the agent: the clock, and the marks that were committed. */
export class Life {
  readonly clock: VirtualClock;
  readonly marks = new Map<string, Mark>();

  constructor(start = START) {
    this.clock = new VirtualClock(start);
  }

  get statuses(): readonly AlarmStatus[] {
    return [...this.marks.values()].filter((mark) => mark.mark === 'alarm');
  }
}

export interface Stand extends Disposable {
  readonly clock: VirtualClock;
  readonly hub: Hub;
  readonly engine: AlarmEngine;
  /** Alarm events as they were published. */
  readonly events: AgentEvent[];
  /** `change alarm state` of each. */
  readonly told: () => string[];
  set(point: string, value: Value, device?: string): void;
  lose(point: string, device?: string): void;
  state(alarm: string): string | undefined;
  act(request: Partial<AlarmRequest> & Pick<AlarmRequest, 'act' | 'alarm'>): ReturnType<AlarmEngine['act']>;
}

export function stand(
  config: AlarmsConfig,
  life = new Life(),
  options: Partial<EngineOptions> & { readonly restore?: false } = {},
): Stand {
  const { clock } = life;
  const hub = new Hub({
    clock,
    log: silent,
    window: 5000,
    lane: () => 'event',
    append: async (_, events) => {
      for (const mark of events.flatMap(marksOf)) life.marks.set(mark.id, mark);
    },
  });
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void (event.event === 'alarm' && events.push(event)));
  const engine = new AlarmEngine({ config, clock, hub, log: silent, ...options });
  if (options.restore !== false) engine.restore(life.statuses);
  const publish = (reading: Reading) => hub.readings([reading]);
  return {
    clock,
    hub,
    engine,
    events,
    told: () =>
      events.map(({ body }) =>
        body.what === 'together'
          ? `together ${(body.marks as unknown as readonly AlarmStatus[]).map((one) => `${one.alarm} ${one.state}`).join(', ')}`
          : `${body.what as AlarmChange} ${body.alarm} ${body.state}`,
      ),
    set: (point, value, device = 'board') => publish(good({ device, point, unit: '1' }, value, clock.mono())),
    lose: (point, device = 'board') => publish(bad({ device, point, unit: '1' }, 'timeout', clock.mono())),
    state: (alarm) => engine.status(alarm)?.state,
    act: (request) => engine.act({ by: 'console:technician', person: true, ...request }),
    [Symbol.dispose]: () => engine[Symbol.dispose](),
  };
}
