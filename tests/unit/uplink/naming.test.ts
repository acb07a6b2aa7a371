/** Names and units of a platform: of records, descriptions and commands; the books balance all the same. */
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../agent/core/command.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LoggedReading } from '../../../agent/core/record.ts';
import type { NamingRule } from '../../../agent/core/site.ts';
import type { Message, UplinkContext, UplinkSession } from '../../../agent/core/uplink.ts';
import { NamedSession, Naming, namedContext } from '../../../agent/uplink/naming.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { MemoryLog, reading } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { City } from './city.ts';
import { LAMP, METER } from './sparkplug/street.ts';

const RULES: readonly NamingRule[] = [
  { device: 'meter-1', deviceAs: 'EM-01' },
  { class: 'lamp-*', deviceAs: 'L-{device}' },
  { device: 'meter-*', point: 'voltage', pointAs: 'Voltage/L1', unit: 'kV' },
  { device: 'meter-*', point: 'energy', unit: 'MW.h' },
  { class: 'lamp-controller', point: 'level', pointAs: '{device}-{point}', unit: '1' },
];
const classOf = (device: string) => [METER, LAMP].find((one) => one.device === device)?.class;
const naming = () => new Naming(RULES, classOf);
const read = (more: Partial<LoggedReading>): LoggedReading => ({ ...reading(1), seq: 7, ...more });

describe('names of a platform', () => {
  it('say readings in its names and units, and keep their numbers', () => {
    const named = naming();
    expect(named.reading(read({ point: 'voltage', value: 230.1, unit: 'V' }))).toMatchObject({
      seq: 7,
      device: 'EM-01',
      point: 'Voltage/L1',
      value: 0.2301,
      unit: 'kV',
    });
    expect(named.reading(read({ point: 'energy', value: 1234.5, unit: 'kW.h' }))).toMatchObject({
      point: 'energy',
      value: 1.2345,
      unit: 'MW.h',
    });
    expect(named.reading(read({ device: 'lamp-1', point: 'door', value: true, unit: '1' }))).toMatchObject({
      device: 'L-lamp-1',
      point: 'door',
      value: true,
    });
    // A bad reading has no value in any unit; a unit of another kind changes nothing.
    expect(
      named.reading(read({ point: 'voltage', value: null, quality: 'bad', unit: 'V' })).value,
    ).toBeNull();
    expect(named.reading(read({ point: 'voltage', value: 5, unit: 'A' }))).toMatchObject({
      value: 5,
      unit: 'A',
    });
    const event = {
      kind: 'event',
      seq: 1,
      event: 'device',
      severity: 'info',
      time: 1,
      rank: 'ntp',
      body: {},
    } as const;
    expect(named.record({ ...event, device: 'meter-1' })).toMatchObject({ device: 'EM-01' });
    expect(named.record(event)).toBe(event);
  });

  it('say descriptions too, under a hash of their own', () => {
    const named = naming();
    const described = [METER, LAMP].map((description, i) => ({ hash: `h${i}`, description }));
    const [meter, lamp] = named.descriptions(described);
    expect(meter?.description).toMatchObject({ device: 'EM-01', title: METER.title });
    expect(meter?.description.points[0]).toMatchObject({ id: 'Voltage/L1', unit: 'kV', range: [0, 0.5] });
    expect(meter?.description.points[0]).not.toHaveProperty('decimals');
    expect(meter?.hash).not.toBe('h0');
    expect(lamp?.description.points.map(({ id }) => id)).toEqual(['lamp-1-level', 'door', 'text']);
    expect(named.descriptions(described)).toBe(named.descriptions(described));
    const plain = new Naming([{ device: 'x', deviceAs: 'y' }], classOf).descriptions(described);
    expect(plain.map(({ hash }) => hash)).toEqual(['h0', 'h1']);
  });

  it('take commands in them, and give back what was read back', async () => {
    const commands: Command[] = [];
    const described = [METER, LAMP].map((description, i) => ({ hash: `h${i}`, description }));
    const context: UplinkContext = {
      site: 's',
      agent: 'a',
      clock: new VirtualClock(),
      log: silent,
      descriptions: () => described,
      newest: () => [read({ point: 'voltage', value: 230, unit: 'V' })],
      submit: async (command) => {
        commands.push(command);
        return { id: command.id, state: 'done', readback: command.value, at: 0 };
      },
    };
    const named = namedContext(context, naming());
    named.descriptions();
    expect(named.newest?.()[0]).toMatchObject({ device: 'EM-01', value: 0.23 });
    const command = {
      id: '1',
      device: 'L-lamp-1',
      point: 'lamp-1-level',
      issuer: 'x',
      issued: 0,
      expires: 1,
    };
    expect(await named.submit({ ...command, value: 0.57 })).toMatchObject({ readback: 0.57 });
    expect(commands.at(-1)).toMatchObject({ device: 'lamp-1', point: 'level', value: 57 });
    expect(
      await named.submit({ ...command, device: 'EM-01', point: 'Voltage/L1', value: 0.2 }),
    ).toMatchObject({
      readback: 0.2,
    });
    expect(commands.at(-1)).toMatchObject({ device: 'meter-1', point: 'voltage', value: 200 });
    await named.submit({ ...command, device: 'nobody', point: 'nothing', value: true });
    expect(commands.at(-1)).toMatchObject({ device: 'nobody', point: 'nothing', value: true });
  });

  it('leave the books as they are', async () => {
    const clock = new VirtualClock();
    const city = new City(clock);
    const log = new MemoryLog();
    log.readings('meter', 300);
    let inner: UplinkSession | undefined;
    await using pump = startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: async () => {
        inner = await city.connect();
        return new NamedSession(inner, naming());
      },
      clock,
      log: silent,
      inFlight: 4,
      replayRate: 0,
      settle: (lane, cursor) => log.store('city', lane, cursor),
    });
    await clock.advance(5000);
    expect(pump.tally().settled).toBe(300);
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 300 });
    const [first] = city.messages[0]?.records ?? [];
    expect(first).toMatchObject({ device: 'EM-01', point: 'energy', value: 0.001, unit: 'MW.h' });
    expect(inner?.maxBytes).toBe(city.maxBytes);
  });

  it('give the same message for the same one', () => {
    const named = naming();
    const message: Message = {
      envelope: {
        v: 1,
        agent: 'a',
        epoch: 'e',
        lane: 'meter',
        stream: 'live',
        first: 1,
        last: 1,
        count: 1,
        prev: 0,
        omitted: [],
      },
      records: [read({})],
    };
    expect(named.message(message)).toBe(named.message(message));
    expect(named.message(message).envelope).toBe(message.envelope);
  });
});
