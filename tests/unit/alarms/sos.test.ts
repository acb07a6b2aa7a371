/** A help button from the press to the cancel: outputs, reminders, who may what, self-test; in virtual time with a board that can be ill. */
import { describe, expect, test } from 'vitest';
import { Alarms } from '../../../agent/control/alarms/alarms.ts';
import type { AlarmsConfig, SosConfig } from '../../../agent/core/alarm/alarm.ts';
import { DEFAULT_FLOOD } from '../../../agent/core/alarm/alarm.ts';
import type { Command, CommandResult } from '../../../agent/core/command.ts';
import { silent } from '../../../agent/core/log.ts';
import { marksOf } from '../../../agent/core/mark.ts';
import { bad, good, type Value } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { alarmOf, Life, MINUTE, SECOND } from './stand.ts';

const HOUR = 60 * MINUTE;

const SOS: SosConfig = {
  id: 'sos',
  title: { en: 'Call for help' },
  device: 'board',
  point: 'button',
  pressed: true,
  outputs: [
    { device: 'io', point: 'beacon', on: true, off: false, tested: true },
    { device: 'io', point: 'sounder', on: true, off: false, acknowledged: false, tested: false },
  ],
  remind: 30 * SECOND,
  test: { minutes: 10 * 60, duration: 2 * SECOND },
};
const CONFIG: AlarmsConfig = {
  definitions: [
    alarmOf({
      id: 'sos',
      priority: 'critical',
      condition: { kind: 'state', device: 'board', point: 'button', is: [true], not: false, uncertain: true },
      latching: true,
      acknowledgedBy: 'person',
      shelving: 0,
      remind: 30 * SECOND,
    }),
    alarmOf({
      id: 'sos-test-failed',
      condition: { kind: 'state', device: 'alarms', point: 'sos-tested', is: [false], not: false },
    }),
  ],
  sos: [SOS],
  flood: DEFAULT_FLOOD,
};

/** One life of the agent at a pole whose outputs outlive it. */
function start(life = new Life(), outputs: Record<string, Value> = { beacon: false, sounder: false }) {
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
  hub.onEvent((event) => void events.push(event));
  const writes: string[] = [];
  const board = { alive: true };
  const steer = async ({ id, device, point, value }: Command): Promise<CommandResult> => {
    await clock.sleep(20);
    if (!board.alive)
      return { id, state: 'rejected', code: 'device-unreachable', reason: 'no answer', at: 0 };
    outputs[point] = value;
    writes.push(`${point} ${value}`);
    hub.readings([good({ device, point, unit: '1' }, value, clock.mono())]);
    return { id, state: 'done', readback: value, at: 0 };
  };
  const alarms = new Alarms({
    config: CONFIG,
    clock,
    hub,
    log: silent,
    days: new LocalDays('Asia/Shanghai'),
  });
  const button = (pressed: boolean) =>
    hub.readings([good({ device: 'board', point: 'button', unit: '1' }, pressed, clock.mono())]);
  return {
    clock,
    hub,
    alarms,
    outputs,
    writes,
    board,
    button,
    events,
    told: () => events.map(({ body }) => `${body.what} ${body.sos ?? body.alarm} ${body.state ?? body.ok}`),
    command: (point: string, value: string, issuer: string) => alarms.write(point, value, issuer),
    point: (id: string) => hub.latest('alarms', id)?.value,
    /** As the composition does it. */
    open: async () => {
      void alarms.remember({ marks: async () => [...life.marks.values()] });
      alarms.connect(steer);
      await clock.advance(100);
    },
    [Symbol.dispose]: () => alarms[Symbol.dispose](),
  };
}

describe('a call', () => {
  test('switches beacon and sounder at once, is told at once and again every 30 s, until a person has acknowledged', async () => {
    using pole = start();
    pole.button(false);
    await pole.open();
    pole.writes.length = 0;
    pole.button(true);
    expect(pole.told()).toEqual(['raised sos unacknowledged']);
    await pole.clock.advance(20);
    expect(pole.outputs).toEqual({ beacon: true, sounder: true });
    expect(pole.point('sos-latency')).toBe(20);
    expect(pole.point('sos-calling')).toBe(true);
    pole.button(false);
    await pole.clock.advance(95 * SECOND);
    expect(pole.told().filter((one) => one.startsWith('reminder'))).toHaveLength(3);
    // Neither a flow nor a rule of the platform, nor somebody without a name.
    for (const issuer of ['flow:rule', 'api:bot', 'control:x', 'uplink:city']) {
      expect(await pole.command('acknowledge', 'sos', issuer)).toMatchObject({ kind: 'rejected' });
    }
    expect(
      await pole.command('acknowledge', '{"alarm":"sos","by":"Li Wei","note":"patrol sent"}', 'flow:x'),
    ).toMatchObject({
      kind: 'rejected',
    });
    expect(pole.point('sos')).toBe('unacknowledged');
    expect(
      await pole.command('acknowledge', '{"alarm":"sos","by":"Li Wei","note":"patrol sent"}', 'uplink:city'),
    ).toMatchObject({ kind: 'done' });
    await pole.clock.advance(MINUTE);
    // The sounder falls silent, the beacon stays.
    expect(pole.outputs).toEqual({ beacon: true, sounder: false });
    expect(pole.told().filter((one) => one.startsWith('reminder'))).toHaveLength(3);
    expect(pole.events.at(-1)?.body.acknowledged).toMatchObject({
      by: 'uplink:city',
      name: 'Li Wei',
      note: 'patrol sent',
    });
    expect(await pole.command('reset', 'sos', 'flow:rule')).toMatchObject({ kind: 'rejected' });
    expect(await pole.command('reset', 'sos', 'console:technician')).toMatchObject({ kind: 'done' });
    await pole.clock.advance(SECOND);
    expect(pole.outputs).toEqual({ beacon: false, sounder: false });
    expect(pole.point('sos-calling')).toBe(false);
  });

  test('cannot be cancelled while the button is held, cannot be shelved, and a second press is a call anew', async () => {
    using pole = start();
    await pole.open();
    pole.button(true);
    await pole.clock.advance(SECOND);
    expect(await pole.command('reset', 'sos', 'console:technician')).toMatchObject({ kind: 'rejected' });
    expect(
      await pole.command('shelve', '{"alarm":"sos","note":"x","for_s":60}', 'console:technician'),
    ).toMatchObject({
      kind: 'rejected',
      reason: 'sos must not be shelved',
    });
    pole.button(false);
    await pole.command('acknowledge', 'sos', 'console:technician');
    await pole.clock.advance(SECOND);
    expect(pole.outputs.sounder).toBe(false);
    pole.button(true);
    await pole.clock.advance(SECOND);
    expect(pole.point('sos')).toBe('unacknowledged');
    expect(pole.outputs.sounder).toBe(true);
  });

  test('is answered as soon as the board can, and again when the board was reset', async () => {
    using pole = start();
    await pole.open();
    pole.board.alive = false;
    pole.button(true);
    await pole.clock.advance(5 * SECOND);
    expect(pole.outputs.beacon).toBe(false);
    pole.board.alive = true;
    await pole.clock.advance(10 * SECOND);
    expect(pole.outputs.beacon).toBe(true);
    pole.outputs.beacon = false;
    pole.hub.readings([good({ device: 'io', point: 'beacon', unit: '1' }, false, pole.clock.mono())]);
    await pole.clock.advance(SECOND);
    expect(pole.outputs.beacon).toBe(true);
  });

  test('is believed while the board is in maintenance', async () => {
    using pole = start();
    await pole.open();
    pole.hub.readings([
      {
        device: 'board',
        point: 'button',
        unit: '1',
        value: true,
        quality: 'uncertain',
        reason: 'maintenance',
        time: pole.clock.mono(),
      },
    ]);
    expect(pole.point('sos')).toBe('unacknowledged');
  });
});

describe('the agent dies', () => {
  test('during a call: the next one goes on with it, acknowledged or not', async () => {
    const life = new Life();
    const outputs = { beacon: false, sounder: false };
    {
      using pole = start(life, outputs);
      await pole.open();
      pole.button(true);
      pole.button(false);
      await pole.clock.advance(SECOND);
    }
    outputs.beacon = false;
    {
      using pole = start(life, outputs);
      pole.button(false);
      await pole.open();
      expect(pole.point('sos')).toBe('unacknowledged');
      expect(outputs.beacon).toBe(true);
      await pole.clock.advance(31 * SECOND);
      expect(pole.told()).toContain('reminder sos unacknowledged');
      await pole.command('acknowledge', 'sos', 'console:technician');
    }
    using pole = start(life, outputs);
    pole.button(false);
    await pole.open();
    expect(pole.point('sos')).toBe('latched');
    await pole.clock.advance(5 * MINUTE);
    expect(pole.told().filter((one) => one.startsWith('reminder'))).toEqual([]);
    expect(outputs).toEqual({ beacon: true, sounder: false });
  });

  test('a press while the log is still being opened is a call, also with a disk that says nothing', async () => {
    using pole = start();
    void pole.alarms.remember({ marks: () => new Promise(() => {}) });
    pole.button(true);
    pole.button(false);
    await pole.clock.advance(2900);
    expect(pole.told()).toEqual([]);
    await pole.clock.advance(200);
    expect(pole.told()).toEqual(['raised sos unacknowledged']);
  });
});

describe('the self-test', () => {
  test('runs once a day at its time, switches what may be switched, and says so', async () => {
    using pole = start(); // 09:00
    pole.button(false);
    await pole.open();
    pole.writes.length = 0;
    await pole.clock.advance(HOUR + 2 * MINUTE);
    expect(pole.writes).toEqual(['beacon true', 'beacon false']);
    expect(pole.point('sos-tested')).toBe(true);
    await pole.clock.advance(22 * HOUR);
    expect(pole.writes).toHaveLength(2);
    await pole.clock.advance(2 * HOUR);
    expect(pole.writes).toHaveLength(4);
    expect(pole.told().filter((one) => one === 'sos-test sos true')).toHaveLength(2);
  });

  test('is made up for after a start, and not made twice', async () => {
    const life = new Life(Date.parse('2027-03-04T11:30:00+08:00'));
    {
      using pole = start(life);
      pole.button(false);
      await pole.open();
      await pole.clock.advance(2 * MINUTE);
      expect(pole.told()).toContain('sos-test sos true');
    }
    using pole = start(life);
    pole.button(false);
    await pole.open();
    await pole.clock.advance(HOUR);
    expect(pole.told()).toEqual([]);
    expect(pole.point('sos-tested')).toBe(true);
  });

  test('that fails is an alarm with its reasons, and over when one succeeds', async () => {
    using pole = start();
    pole.hub.readings([bad({ device: 'board', point: 'button', unit: '1' }, 'communication-failure', 0)]);
    await pole.open();
    pole.board.alive = false;
    const test = pole.alarms.test('sos', 'console:technician');
    await pole.clock.advance(3 * SECOND);
    expect(await test).toMatchObject({
      ok: false,
      failed: ['button: communication-failure', 'io beacon: no answer'],
      by: 'console:technician',
    });
    expect(pole.point('sos-test-failed')).toBe('unacknowledged');
    pole.board.alive = true;
    pole.button(false);
    const again = pole.command('test', 'sos', 'console:technician');
    await pole.clock.advance(3 * SECOND);
    expect(await again).toMatchObject({ kind: 'done' });
    expect(pole.point('sos-test-failed')).toBe('returned');
  });

  test('gives way to a call', async () => {
    using pole = start();
    pole.button(false);
    await pole.open();
    const test = pole.alarms.test('sos', 'console:technician');
    await pole.clock.advance(SECOND);
    pole.button(true);
    await pole.clock.advance(5 * SECOND);
    await test;
    expect(pole.outputs).toEqual({ beacon: true, sounder: true });
    expect(await pole.alarms.test('sos', 'console:technician')).toMatchObject({ failed: ['a call stands'] });
    expect(await pole.alarms.test('none', 'x')).toBeUndefined();
  });
});
