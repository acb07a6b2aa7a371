/** Contacts: levels that have to stand, edges that are counted over restarts, outputs that fall back. */
import { describe, expect, it } from 'vitest';
import { Contacts } from '../../../agent/bus/contacts.ts';
import { openLine } from '../../../agent/bus/open.ts';
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import type { ContactRules, PulseConfig } from '../../../agent/core/contacts.ts';
import type { DeviceMemory } from '../../../agent/core/driver.ts';
import { silent } from '../../../agent/core/log.ts';
import { bad, good, type Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { Wire } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../drivers/load.ts';

const WATER: PulseConfig = {
  id: 'water',
  title: { en: 'Water' },
  of: 'input-1',
  edge: 'rising',
  unit: 'm3',
  perPulse: 0.1,
  start: 12.5,
  decimals: 1,
};
const rules = (more: Partial<ContactRules> = {}): ContactRules => ({
  debounce: {},
  pulses: [],
  failSafe: {},
  ...more,
});

class Memory implements DeviceMemory {
  text: string | undefined;
  saves = 0;
  read(): string | undefined {
    return this.text;
  }
  save(text: string): void {
    this.text = text;
    this.saves += 1;
  }
}

function bench(config: ContactRules, { asked = true, memory = new Memory() } = {}) {
  const clock = new VirtualClock();
  const late: Reading[] = [];
  const contacts = new Contacts({
    device: 'io',
    rules: config,
    asked,
    clock,
    emit: (readings) => late.push(...readings),
    memory,
  });
  const at = { device: 'io', point: 'input-1', unit: '1' } as const;
  const take = async (level: boolean | null, after = 100) => {
    await clock.advance(after);
    const reading = level === null ? bad(at, 'timeout', clock.mono()) : good(at, level, clock.mono());
    return contacts.take([reading]).map(({ point, value }) => `${point} ${value}`);
  };
  return { contacts, take, late, clock, memory };
}

describe('a level', () => {
  it('that is asked is believed when a later answer confirms it', async () => {
    const { take, clock } = bench(rules({ debounce: { 'input-1': 150 } }));
    expect(await take(false)).toEqual(['input-1 false']);
    expect(await take(true)).toEqual(['input-1 false']);
    expect(await take(false)).toEqual(['input-1 false']);
    expect(await take(true)).toEqual(['input-1 false']);
    await clock.advance(1000);
    expect(await take(true)).toEqual(['input-1 true']);
    expect(await take(false)).toEqual(['input-1 true']);
    expect(await take(null)).toEqual(['input-1 null']);
    expect(await take(false)).toEqual(['input-1 true']);
    expect(await take(false)).toEqual(['input-1 true']);
    expect(await take(false)).toEqual(['input-1 false']);
  });

  it('that is told stands when nothing else is told', async () => {
    const { take, late, clock } = bench(rules({ debounce: { 'input-1': 150 } }), { asked: false });
    await take(false);
    expect(await take(true)).toEqual(['input-1 false']);
    await take(false, 50);
    await clock.advance(1000);
    expect(late).toEqual([]);
    await take(true);
    await clock.advance(149);
    expect(late).toEqual([]);
    await clock.advance(1);
    expect(late).toMatchObject([{ point: 'input-1', value: true, quality: 'good', time: clock.mono() }]);
  });
});

describe('pulses', () => {
  it('are edges, told at once, and once a minute while nothing happens', async () => {
    const { take } = bench(rules({ pulses: [WATER] }));
    expect(await take(true)).toEqual(['input-1 true', 'water 12.5']);
    expect(await take(true)).toEqual(['input-1 true']);
    expect(await take(false)).toEqual(['input-1 false']);
    expect(await take(true)).toEqual(['input-1 true', 'water 12.6']);
    expect(await take(true, 60_000)).toEqual(['input-1 true', 'water 12.6']);
    expect(await take(null)).toEqual(['input-1 null', 'water null']);
    expect(await take(null)).toEqual(['input-1 null']);
    expect(await take(true)).toEqual(['input-1 true', 'water 12.6']);
    await take(false);
    // Ten times 0.1 is 1.
    for (let i = 0; i < 9; i++) {
      await take(true);
      await take(false);
    }
    expect(await take(true)).toEqual(['input-1 true', 'water 13.6']);
  });

  it('falling and both edges', async () => {
    const { take } = bench(
      rules({
        pulses: [
          { ...WATER, edge: 'both' },
          { ...WATER, id: 'gas', edge: 'falling', start: 0, perPulse: 1 },
        ],
      }),
    );
    await take(false);
    expect(await take(true)).toEqual(['input-1 true', 'water 12.6']);
    expect(await take(false)).toEqual(['input-1 false', 'water 12.7', 'gas 1']);
  });

  it('of a contact that bounces are counted once', async () => {
    const { take, late, clock } = bench(rules({ pulses: [WATER], debounce: { 'input-1': 50 } }), {
      asked: false,
    });
    await take(false);
    for (const level of [true, false, true, false, true]) await take(level, 3);
    await clock.advance(100);
    expect(late.map(({ point, value }) => `${point} ${value}`)).toEqual(['input-1 true', 'water 12.6']);
  });

  it('go on after a restart, with the edge that happened meanwhile', async () => {
    const memory = new Memory();
    const first = bench(rules({ pulses: [WATER] }), { memory });
    for (const level of [false, true, false, true, false]) await first.take(level);
    first.contacts[Symbol.dispose]();
    const second = bench(rules({ pulses: [WATER] }), { memory });
    expect(await second.take(true)).toEqual(['input-1 true', 'water 12.8']);
    second.contacts[Symbol.dispose]();
    // Another size of the pulse: what was counted stays; another start: the dial was read anew.
    const third = bench(rules({ pulses: [{ ...WATER, perPulse: 1 }] }), { memory });
    expect(await third.take(true)).toEqual(['input-1 true', 'water 12.8']);
    await third.take(false);
    expect(await third.take(true)).toEqual(['input-1 true', 'water 13.8']);
    third.contacts[Symbol.dispose]();
    const fourth = bench(rules({ pulses: [{ ...WATER, start: 40 }] }), { memory });
    expect(await fourth.take(true)).toEqual(['input-1 true', 'water 40']);
  });

  it('a power failure costs ten seconds of them, and a damaged memory all', async () => {
    const memory = new Memory();
    const { take, clock } = bench(rules({ pulses: [WATER] }), { memory });
    await take(false);
    for (let i = 0; i < 40; i++) {
      await take(true, 1000);
      await take(false, 1000);
    }
    await clock.advance(10_000);
    expect(memory.saves).toBeLessThan(10);
    const after = bench(rules({ pulses: [WATER] }), { memory });
    expect(await after.take(false)).toEqual(['input-1 false', 'water 16.5']);
    for (const text of ['{"wa', 'null', '7', '{"water":{"level":1}}', '{"water":null}']) {
      memory.text = text;
      const damaged = bench(rules({ pulses: [WATER] }), { memory });
      expect(await damaged.take(false)).toEqual(['input-1 false', 'water 12.5']);
    }
  });
});

const LINE: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyUSB0',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

/** An input and output module on a simulated RS-485 line, run as the agent runs it. */
function module(contacts: ContactRules, memory: Memory | undefined) {
  const model = MODBUS_MODELS.get('waveshare-modbus-rtu-io-8ch');
  if (model === undefined) throw new Error('no model');
  const clock = new VirtualClock();
  const start = Date.UTC(2026, 10, 22, 4);
  const world = createWorld({ seed: 5, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start });
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  const wire = new Wire({
    id: 'line',
    baud: 9600,
    format: '8N1',
    time: clock,
    ledger: new Ledger({ mono: () => clock.mono() }),
    deliver: (bytes) => listener?.(bytes, clock.mono()),
  });
  let level = false;
  const discretes = model.discretes?.map((one) => ({
    ...one,
    value: () => one.point === 'input-1' && level,
  }));
  const sim = new ModbusDevice({
    model: { ...model, ...(discretes === undefined ? {} : { discretes }) },
    unit: 1,
    world,
    clock: worldClock(start, 1, () => clock.mono()),
  });
  wire.attach(sim);
  const pipe = (): Pipe => {
    const closed = Promise.withResolvers<void>();
    return {
      closed: closed.promise,
      failure: undefined,
      onData(heard) {
        listener = heard;
        return {
          [Symbol.dispose]() {
            listener = undefined;
          },
        };
      },
      write: async (bytes) => wire.hear(bytes),
      [Symbol.asyncDispose]: async () => closed.resolve(),
    };
  };
  const port: Port = { name: 'sim', retry: 1000, open: async () => pipe() };
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  const base = device(profile('waveshare-modbus-rtu-io-8ch'), { every: 100, contacts });
  const made = contacts.pulses.map(({ id, title, unit }) => ({
    ...{ id, title, unit, type: 'number', access: 'read', aggregation: 'counter', lane: 'meter' },
    wire: undefined,
  })) as unknown as DeviceConfig['profile']['points'];
  const config = { ...base, profile: { ...base.profile, points: [...base.profile.points, ...made] } };
  const line = openLine({
    line: LINE,
    devices: [config],
    driver: driverFor,
    clock,
    log: silent,
    port,
    publisher: { readings: (more) => readings.push(...more), event: (event) => void events.push(event) },
    ...(memory === undefined ? {} : { memory: () => memory }),
  });
  const run = async (ms: number) => {
    for (let t = 0; t < ms; t += 50) await clock.advance(50);
  };
  const stopped = async () => {
    let over = false;
    const done = line[Symbol.asyncDispose]().then(() => {
      over = true;
    });
    for (let i = 0; i < 60 && !over; i++) await clock.advance(50);
    await done;
  };
  const last = (point: string) => readings.findLast((one) => one.point === point)?.value;
  const set = (on: boolean) => {
    level = on;
  };
  return { sim, run, last, set, line, events, stopped, readings };
}

describe('a module of inputs and outputs', () => {
  it('counts pulses of an input and sets outputs at start and stop', async () => {
    const memory = new Memory();
    const contacts = rules({
      pulses: [WATER],
      debounce: { 'input-1': 150 },
      failSafe: { 'output-1': true, 'output-2': false },
    });
    const { sim, run, last, set, line, events, stopped, readings } = module(contacts, memory);
    await run(2000);
    expect(Boolean(sim.settings.get('output-1'))).toBe(true);
    expect(sim.settings.has('output-2')).toBe(true);
    expect(events.filter(({ body }) => body.change === 'fail-safe')).toHaveLength(2);
    for (let i = 0; i < 5; i++) {
      set(true);
      await run(1000);
      set(false);
      await run(1000);
    }
    expect(last('water')).toBe(13);
    expect(readings.filter(({ point, quality }) => point === 'water' && quality === 'good').length).toBe(6);
    const outcome = line.write('dev', { point: 'output-1', value: false }, new AbortController().signal);
    await run(500);
    expect(await outcome).toMatchObject({ kind: 'done' });
    expect(Boolean(sim.settings.get('output-1'))).toBe(false);
    await stopped();
    expect(Boolean(sim.settings.get('output-1'))).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'device', body: { change: 'fail-safe', at: 'stop' } });
    expect(memory.text).toContain('"count":5');
  });

  it('in the hands of a technician switches and counts nothing by itself', async () => {
    const { sim, run, last, stopped, events } = module(
      rules({ pulses: [WATER], failSafe: { 'output-1': true } }),
      undefined,
    );
    await run(2000);
    await stopped();
    expect(sim.settings.size).toBe(0);
    expect(last('water')).toBeUndefined();
    expect(last('input-1')).toBe(false);
    expect(events.filter(({ body }) => body.change === 'fail-safe')).toEqual([]);
  });

  it('that a command reached first keeps what it was told', async () => {
    const { sim, run, line, stopped } = module(rules({ failSafe: { 'output-1': true } }), new Memory());
    const outcome = line.write('dev', { point: 'output-1', value: false }, new AbortController().signal);
    outcome.catch(() => {});
    await run(2000);
    expect(Boolean(sim.settings.get('output-1'))).toBe(false);
    await stopped();
    expect(Boolean(sim.settings.get('output-1'))).toBe(true);
  });
});
