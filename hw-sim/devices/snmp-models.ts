/** Devices with SNMP. OIDs: the MIB documents named at each. */
import type { World } from '../world/world.ts';
import type { SnmpModel, SnmpObject } from './snmp-agent.ts';
import { counted, isOn, wandering } from './wandering.ts';

type Extra = Partial<Pick<SnmpObject, 'scale' | 'codes'>>;

function object(
  point: string,
  oid: string,
  type: SnmpObject['type'],
  uom: string,
  value: SnmpObject['value'] | string | number,
  extra: Extra = {},
): SnmpObject {
  return { point, oid, type, uom, value: typeof value === 'function' ? value : () => value, ...extra };
}

/** mean ± swing, slowly. */
function about(point: string, mean: number, swing: number): SnmpObject['value'] {
  const value = wandering({ [point]: [mean, swing] });
  return (world, time) => Number(value(point, world, time, new Map()));
}

const grows =
  (before: number, rate: number): SnmpObject['value'] =>
  (world, time) =>
    Math.floor(counted(before, rate, world, time));

const onBattery = (world: World, time: number): boolean => isOn('ups-on-battery', 0.05, world, time);

/** RFC 3418: system. */
const sysUpTime = object(
  'uptime',
  '1.3.6.1.2.1.1.3.0',
  'ticks',
  's',
  (world, time) => 86_400.37 + Math.max(0, time - world.start) / 1000,
  { scale: 0.01 },
);
const sysName = (name: string) => object('name', '1.3.6.1.2.1.1.5.0', 'text', '1', name);

/** RFC 2863: ifEntry and ifXEntry of one interface. */
const networkInterface: SnmpModel = {
  stem: 'generic-snmp-interface',
  version: '2c',
  objects: [
    object('description', '1.3.6.1.2.1.1.1.0', 'text', '1', 'Simulated switch, 8 ports'),
    sysName('pole-17-switch'),
    sysUpTime,
    object('interface-name', '1.3.6.1.2.1.31.1.1.1.1.1', 'text', '1', 'ge-0/0/1'),
    object('interface-address', '1.3.6.1.2.1.2.2.1.6.1', 'octets', '1', '02:00:5E:10:00:7F'),
    object(
      'interface-up',
      '1.3.6.1.2.1.2.2.1.8.1',
      'integer',
      '1',
      (world, time) => isOn('if-up', 0.9, world, time),
      { codes: [2, 1] },
    ),
    object('interface-speed', '1.3.6.1.2.1.31.1.1.1.15.1', 'gauge', '1', 1000),
    object('received', '1.3.6.1.2.1.31.1.1.1.6.1', 'counter64', 'By', grows(8_589_934_592, 4e9)),
    object('sent', '1.3.6.1.2.1.31.1.1.1.10.1', 'counter64', 'By', grows(3_000_000_000, 9e8)),
    object('errors-in', '1.3.6.1.2.1.2.2.1.14.1', 'counter', '1', grows(12, 3)),
    object('errors-out', '1.3.6.1.2.1.2.2.1.20.1', 'counter', '1', grows(2_147_483_650, 1)),
    object('discards-in', '1.3.6.1.2.1.2.2.1.13.1', 'counter', '1', grows(40, 6)),
    object('discards-out', '1.3.6.1.2.1.2.2.1.19.1', 'counter', '1', 0),
  ],
};

/** RFC 1628: upsObjects 1.3.6.1.2.1.33.1. */
const upsMib: SnmpModel = {
  stem: 'generic-rfc1628-ups',
  version: '2c',
  objects: [
    object('manufacturer', '1.3.6.1.2.1.33.1.1.1.0', 'text', '1', 'Simulated'),
    object('model', '1.3.6.1.2.1.33.1.1.2.0', 'text', '1', 'UPS 1000'),
    object('battery-status', '1.3.6.1.2.1.33.1.2.1.0', 'integer', '1', (w, t) => (onBattery(w, t) ? 3 : 2)),
    object('on-battery-time', '1.3.6.1.2.1.33.1.2.2.0', 'integer', 's', (w, t) => (onBattery(w, t) ? 96 : 0)),
    object('battery-remaining', '1.3.6.1.2.1.33.1.2.3.0', 'integer', 'min', about('remaining', 42, 5)),
    object('battery-charge', '1.3.6.1.2.1.33.1.2.4.0', 'integer', '%', about('charge', 90, 9)),
    object('battery-voltage', '1.3.6.1.2.1.33.1.2.5.0', 'integer', 'V', about('battery', 27.3, 0.4), {
      scale: 0.1,
    }),
    object('battery-current', '1.3.6.1.2.1.33.1.2.6.0', 'integer', 'A', about('charging', -0.2, 1.1), {
      scale: 0.1,
    }),
    object('battery-temperature', '1.3.6.1.2.1.33.1.2.7.0', 'integer', 'Cel', about('box', 2, 9)),
    object('input-frequency', '1.3.6.1.2.1.33.1.3.3.1.2.1', 'integer', 'Hz', about('mains-hz', 50, 0.2), {
      scale: 0.1,
    }),
    object('input-voltage', '1.3.6.1.2.1.33.1.3.3.1.3.1', 'integer', 'V', about('mains', 228, 6)),
    object('output-source', '1.3.6.1.2.1.33.1.4.1.0', 'integer', '1', (w, t) => (onBattery(w, t) ? 5 : 3)),
    object('output-frequency', '1.3.6.1.2.1.33.1.4.2.0', 'integer', 'Hz', 50, { scale: 0.1 }),
    object('output-voltage', '1.3.6.1.2.1.33.1.4.4.1.2.1', 'integer', 'V', about('out', 230, 1)),
    object('output-current', '1.3.6.1.2.1.33.1.4.4.1.3.1', 'integer', 'A', about('amps', 1.4, 0.3), {
      scale: 0.1,
    }),
    object('output-power', '1.3.6.1.2.1.33.1.4.4.1.4.1', 'integer', 'W', about('watts', 310, 60)),
    object('output-load', '1.3.6.1.2.1.33.1.4.4.1.5.1', 'integer', '%', about('load', 31, 6)),
    object('alarms', '1.3.6.1.2.1.33.1.6.1.0', 'gauge', '1', (w, t) => (onBattery(w, t) ? 2 : 0)),
  ],
};

/** PowerNet-MIB: ups 1.3.6.1.4.1.318.1.1.1; cards of the first generation speak version 1 only. */
const smartUps: SnmpModel = {
  stem: 'apc-smart-ups',
  version: 1,
  objects: [
    object('battery-status', '1.3.6.1.4.1.318.1.1.1.2.1.1.0', 'integer', '1', (w, t) =>
      onBattery(w, t) ? 3 : 2,
    ),
    object('battery-charge', '1.3.6.1.4.1.318.1.1.1.2.2.1.0', 'gauge', '%', about('charge', 90, 9)),
    object('battery-temperature', '1.3.6.1.4.1.318.1.1.1.2.2.2.0', 'gauge', 'Cel', about('box', 28, 6)),
    object('battery-remaining', '1.3.6.1.4.1.318.1.1.1.2.2.3.0', 'ticks', 's', about('rest', 2520, 300), {
      scale: 0.01,
    }),
    object('input-voltage', '1.3.6.1.4.1.318.1.1.1.3.2.1.0', 'gauge', 'V', about('mains', 228, 6)),
    object('output-voltage', '1.3.6.1.4.1.318.1.1.1.4.2.1.0', 'gauge', 'V', about('out', 230, 1)),
    object('output-load', '1.3.6.1.4.1.318.1.1.1.4.2.3.0', 'gauge', '%', about('load', 31, 6)),
  ],
};

/** RFC 3621: pethMainPseEntry of group 1. */
const poeSwitch: SnmpModel = {
  stem: 'generic-rfc3621-poe-switch',
  version: '2c',
  objects: [
    sysName('pole-17-poe'),
    sysUpTime,
    object('power-available', '1.3.6.1.2.1.105.1.3.1.1.2.1', 'gauge', 'W', 124),
    object('supply-status', '1.3.6.1.2.1.105.1.3.1.1.3.1', 'integer', '1', 1),
    object('power-used', '1.3.6.1.2.1.105.1.3.1.1.4.1', 'gauge', 'W', about('poe', 41, 12)),
  ],
};

/** UCD-SNMP-MIB: laLoad is a text, memory in KiB. */
const linux: SnmpModel = {
  stem: 'net-snmp-linux',
  version: '2c',
  objects: [
    sysName('gateway-17'),
    sysUpTime,
    object('load-1', '1.3.6.1.4.1.2021.10.1.3.1', 'text', '1', about('load1', 0.6, 0.4)),
    object('load-5', '1.3.6.1.4.1.2021.10.1.3.2', 'text', '1', about('load5', 0.6, 0.2)),
    object('memory-total', '1.3.6.1.4.1.2021.4.5.0', 'integer', 'kBy', 1024.1 * 1024, { scale: 1.024 }),
    object('memory-free', '1.3.6.1.4.1.2021.4.6.0', 'integer', 'kBy', about('free', 340_000, 50_000), {
      scale: 1.024,
    }),
  ],
};

/** By the stem of the profile. */
export const SNMP_MODELS: ReadonlyMap<string, SnmpModel> = new Map(
  [networkInterface, upsMib, smartUps, poeSwitch, linux].map((model) => [model.stem, model]),
);
