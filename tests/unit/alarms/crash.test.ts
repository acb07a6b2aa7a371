/**
 * The agent dies at each step of a day with alarms: before each commit, and right behind it. The next life knows
 * everything that was said to be done, loses no alarm whose condition is still met, and no call for help.
 */
import { describe, expect, test } from 'vitest';
import { AlarmEngine } from '../../../agent/control/alarms/engine.ts';
import type { AlarmAct, AlarmStatus } from '../../../agent/core/alarm/alarm.ts';
import { silent } from '../../../agent/core/log.ts';
import { type Mark, marksOf } from '../../../agent/core/mark.ts';
import { good } from '../../../agent/core/reading.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { alarmOf, configOf, MINUTE, SECOND, START } from './stand.ts';

const CONFIG = configOf(
  alarmOf({ id: 'door', offDelay: 2 * SECOND }),
  alarmOf({ id: 'smoke', priority: 'critical', remind: 30 * SECOND }),
  alarmOf({ id: 'sos', priority: 'critical', latching: true, acknowledgedBy: 'person', shelving: 0 }),
  alarmOf({ id: 'supply', priority: 'high' }),
  alarmOf({ id: 'meter', causes: ['supply'] }),
);

/** What a world outlives: the disk as it was when the agent died, contacts as they are. */
interface World {
  readonly clock: VirtualClock;
  readonly marks: Map<string, Mark>;
  readonly contacts: Map<string, boolean>;
  /** Acts that were tried, and those that were said to be done. */
  readonly tried: string[];
  readonly done: string[];
  commits: number;
}

type Death = { readonly commit: number; readonly when: 'before' | 'behind' } | undefined;

function start(world: World, death: Death) {
  const { clock, marks } = world;
  const dead = Promise.withResolvers<never>();
  dead.promise.catch(() => {});
  let alive = true;
  const hub = new Hub({
    clock,
    log: silent,
    window: 5000,
    lane: () => 'event',
    append: async (_, events) => {
      if (!alive) return dead.promise;
      world.commits += 1;
      const dies = death !== undefined && world.commits === death.commit;
      if (!(dies && death.when === 'before')) {
        for (const mark of events.flatMap(marksOf)) marks.set(mark.id, mark);
      }
      // Nobody hears of a commit that the agent did not survive.
      if (dies) {
        alive = false;
        return dead.promise;
      }
      return undefined;
    },
  });
  const engine = new AlarmEngine({ config: CONFIG, clock, hub, log: silent });
  engine.restore([...marks.values()].filter((mark) => mark.mark === 'alarm'));
  const set = (point: string, value: boolean) => {
    world.contacts.set(point, value);
    if (alive) hub.readings([good({ device: 'board', point, unit: '1' }, value, clock.mono())]);
  };
  for (const [point, value] of world.contacts) set(point, value);
  return {
    engine,
    set,
    get alive() {
      return alive;
    },
    act: async (act: AlarmAct, alarm: string, more: object = {}) => {
      world.tried.push(`${act} ${alarm}`);
      const answer = engine.act({ act, alarm, by: 'console:technician', person: true, ...more });
      void answer.then(({ ok }) => ok && alive && world.done.push(`${act} ${alarm}`));
      await clock.advance(1);
    },
    [Symbol.dispose]: () => engine[Symbol.dispose](),
  };
}

type Life = ReturnType<typeof start>;

/** A day: each line one step, as long as the agent lives. */
const DAY: readonly ((life: Life, clock: VirtualClock) => unknown)[] = [
  (life) => life.set('door', true),
  (life) => life.act('acknowledge', 'door'),
  (life) => life.set('smoke', true),
  (_, clock) => clock.advance(31 * SECOND),
  (life) => life.act('shelve', 'door', { note: 'works', duration: 10 * MINUTE }),
  (life) => life.set('sos', true),
  (life) => life.set('sos', false),
  (life) => life.act('acknowledge', 'sos', { name: 'Li Wei' }),
  (life) => life.set('supply', true),
  (life) => life.set('meter', true),
  (_, clock) => clock.advance(2 * SECOND),
  (life) => life.act('acknowledge', 'smoke'),
  (life) => life.act('unshelve', 'door'),
  (life) => life.set('smoke', false),
  (life) => life.act('reset', 'sos'),
  (life) => life.set('sos', true),
  (life) => life.set('sos', false),
  (life) => life.set('supply', false),
  (_, clock) => clock.advance(40 * SECOND),
  (life) => life.act('out-of-service', 'meter', { note: 'exchange' }),
];

async function live(death: Death): Promise<World & { readonly pressed: number }> {
  const world: World = {
    clock: new VirtualClock(START),
    marks: new Map(),
    contacts: new Map(),
    tried: [],
    done: [],
    commits: 0,
  };
  using life = start(world, death);
  let pressed = 0;
  for (const step of DAY) {
    if (!life.alive) break;
    const before = world.contacts.get('sos');
    await step(life, world.clock);
    await world.clock.advance(1);
    if (before !== true && world.contacts.get('sos') === true) pressed += 1;
  }
  return { ...world, pressed };
}

/** Commits of a day without a death. */
const { commits: COMMITS } = await live(undefined);

describe(`death at each of ${COMMITS} commits`, () => {
  test.each(
    Array.from(
      { length: COMMITS },
      (_, i) =>
        [
          { commit: i + 1, when: 'before' },
          { commit: i + 1, when: 'behind' },
        ] as const,
    ).flat(),
  )('%o', async (death) => {
    const world = await live(death);
    using next = start({ ...world, commits: 0 }, undefined);
    await world.clock.advance(2 * MINUTE);
    const status = (id: string): AlarmStatus => {
      const found = next.engine.status(id);
      if (found === undefined) throw new Error(id);
      return found;
    };
    // What was said to be done is done.
    for (const one of world.done) {
      const [act = '', alarm = ''] = one.split(' ');
      const { state, acknowledged, shelved, outOfService } = status(alarm);
      if (act === 'acknowledge' && alarm !== 'sos') expect(acknowledged).toBeDefined();
      if (act === 'acknowledge' && alarm === 'sos' && world.pressed < 2) {
        expect(['acknowledged', 'latched', 'normal']).toContain(state);
      }
      if (act === 'shelve' && !world.tried.includes(`unshelve ${alarm}`)) expect(shelved).toBeDefined();
      if (act === 'out-of-service') expect(outOfService).toMatchObject({ note: 'exchange' });
    }
    // What is still so stands.
    for (const id of ['door', 'smoke', 'supply']) {
      if (world.contacts.get(id) === true) expect(status(id).active).toBe(true);
      else expect(['normal', 'returned', 'shelved']).toContain(status(id).state);
    }
    if (world.contacts.get('meter') === true) {
      expect(['unacknowledged', 'suppressed', 'out-of-service']).toContain(status('meter').state);
    }
    // A call that was committed is never forgotten before a person has reset it.
    const kept = world.marks.get('alarm:sos') as AlarmStatus | undefined;
    if (kept?.state === 'unacknowledged') expect(status('sos').state).toBe('unacknowledged');
    if (kept?.state === 'latched') expect(status('sos').state).toBe('latched');
  });
});
