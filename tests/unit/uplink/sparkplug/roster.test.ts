/** What a node remembers of its metrics: aliases that stay, values, and which devices can be reached. */
import { describe, expect, it } from 'vitest';
import type { LoggedReading } from '../../../../agent/core/record.ts';
import { Roster } from '../../../../agent/uplink/sparkplug/roster.ts';
import { embeddedBroker } from '../../../support/brokers.ts';
import { reading } from '../../../support/memory-log.ts';
import { until } from '../../../support/mqtt-receiver.ts';
import { agent, configOf, LAMP, METER } from './street.ts';

const read = (more: Partial<LoggedReading>): LoggedReading => ({ ...reading(1), seq: 1, ...more });
const bad = { value: null, quality: 'bad', reason: 'timeout' } as const;

describe('the roster of a node', () => {
  it('keeps the alias of a metric, whatever else comes', () => {
    const roster = new Roster({ Text: 'x' });
    roster.describe([{ hash: '1', description: METER }]);
    const alias = roster.device('meter-1').metrics.get('voltage')?.alias;
    roster.describe([{ hash: '2', description: LAMP }]);
    roster.describe([{ hash: '3', description: { ...METER, title: { en: 'New' } } }]);
    expect(roster.device('meter-1').metrics.get('voltage')?.alias).toBe(alias);
    const all = [roster.node, ...[...roster.devices.values()].map(({ metrics }) => metrics)].flatMap(
      (metrics) => [...metrics.values()].map((metric) => metric.alias),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('learns points that nobody described, and another type under the same alias', () => {
    const roster = new Roster({});
    const device = roster.device('x');
    const first = roster.metricOf(device, read({ device: 'x', point: 'p', ...bad }));
    expect(first.type).toBe('Double');
    const { version } = roster;
    expect(roster.metricOf(device, read({ device: 'x', point: 'p', value: 5 }))).toBe(first);
    expect(roster.version).toBe(version);
    const second = roster.metricOf(device, read({ device: 'x', point: 'p', value: 'text', unit: '1' }));
    expect(second).toMatchObject({ type: 'String', alias: first.alias });
    expect(roster.version).toBeGreaterThan(version);
    expect(device.stale).toBe(true);
  });

  it('takes a device for unreached when all that is known of it says so', () => {
    const roster = new Roster({});
    const device = roster.device('meter-1');
    expect(roster.unreached(device)).toBe(false);
    roster.see(read({ point: 'a', ...bad, time: 1 }));
    expect(roster.unreached(device)).toBe(true);
    roster.see(read({ point: 'b', value: 5, time: 1 }));
    expect(roster.unreached(device)).toBe(false);
    roster.see(read({ point: 'b', ...bad, reason: 'sensor-fault', time: 2 }));
    expect(roster.unreached(device)).toBe(false);
    roster.see(read({ point: 'b', ...bad, time: 3 }));
    expect(roster.unreached(device)).toBe(true);
    // What is older than the newest changes nothing.
    roster.see(read({ point: 'b', value: 5, time: 2 }));
    expect(roster.unreached(device)).toBe(true);
  });

  it('tells of names that differ only by their case', async () => {
    const [voltage] = METER.points;
    if (voltage === undefined) throw new Error('the meter has no point');
    const twice = { ...METER, points: [...METER.points, { ...voltage, id: 'Voltage' }] };
    const roster = new Roster({});
    roster.describe([{ hash: '1', description: twice }]);
    expect(roster.alike()).toEqual([{ device: 'meter-1', names: ['voltage', 'Voltage'] }]);
    await using broker = await embeddedBroker();
    await using one = agent(configOf(broker.port), { descriptions: [twice] });
    await until(() => one.said.some(({ event }) => event === 'uplink.names-alike'), 'the warning');
    await using other = agent(configOf(broker.port, { clientId: 'other', node: 'other' }));
    await until(() => other.pump.tally().connected, 'the other');
    expect(other.said.some(({ event }) => event === 'uplink.names-alike')).toBe(false);
  });

  it('finds a metric by name or alias, of the right device alone', () => {
    const roster = new Roster({});
    roster.describe([METER, LAMP].map((description, i) => ({ hash: `${i}`, description })));
    const level = roster.find('lamp-1', 'level', undefined);
    expect(level?.writable).toBe(true);
    expect(roster.find('lamp-1', undefined, level?.alias)).toBe(level);
    expect(roster.find('meter-1', undefined, level?.alias)).toBeUndefined();
    expect(roster.find('meter-1', 'level', undefined)).toBeUndefined();
    expect(roster.find(undefined, undefined, level?.alias)).toBeUndefined();
    expect(roster.find('nobody', 'level', undefined)).toBeUndefined();
  });
});
