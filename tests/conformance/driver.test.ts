import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { LineConfig } from '../../agent/core/site.ts';
import { DRIVERS } from '../../drivers/index.ts';
import modbus from '../../drivers/modbus/index.ts';
import { BacnetDevice } from '../../hw-sim/devices/bacnet-device.ts';
import { BACNET_MODELS } from '../../hw-sim/devices/bacnet-models.ts';
import { Cjt188Device } from '../../hw-sim/devices/cjt188-device.ts';
import { CJT188_MODELS } from '../../hw-sim/devices/cjt188-models.ts';
import { Dlt645Device } from '../../hw-sim/devices/dlt645-device.ts';
import { DLT645_MODELS } from '../../hw-sim/devices/dlt645-models.ts';
import { MbusDevice } from '../../hw-sim/devices/mbus-device.ts';
import { MBUS_MODELS } from '../../hw-sim/devices/mbus-models.ts';
import { MESSAGE_MODELS, sentMessage } from '../../hw-sim/devices/message-devices.ts';
import { networkNeighbour } from '../../hw-sim/devices/network-neighbour.ts';
import { OcppCharger } from '../../hw-sim/devices/ocpp-charger.ts';
import { SnmpAgent } from '../../hw-sim/devices/snmp-agent.ts';
import { SNMP_MODELS } from '../../hw-sim/devices/snmp-models.ts';
import { TextPanel } from '../../hw-sim/devices/text-panel.ts';
import { createWorld } from '../../hw-sim/world/world.ts';
import { worldClock } from '../../hw-sim/world/world-clock.ts';
import { fakeBoard } from '../unit/drivers/fake-firmata.ts';
import { fakeModbus } from '../unit/drivers/fake-modbus.ts';
import { device, profile } from '../unit/drivers/load.ts';
import { meterLine } from '../unit/drivers/meter-line.ts';
import {
  driverConformance,
  type MessageFixture,
  type NetworkFixture,
  type PolledFixture,
  type StreamFixture,
} from './driver.ts';
import { firePanel, talker } from './talkers.ts';

const serial = (baud: number): LineConfig => ({
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud, dataBits: 8, parity: 'none', stopBits: 1 },
});

/** A frame as the sensor sends it, other in each call. */
function particles(count: number): readonly number[] {
  const words = [5, 13, 22, 5, 13, 22, 765, 252, 29, 15, 6, count % 7, 0x9700];
  const frame = [0x42, 0x4d, 0, 28, ...words.flatMap((word) => [word >> 8, word & 255])];
  const sum = frame.reduce((total, byte) => total + byte, 0);
  return [...frame, sum >> 8, sum & 255];
}

const world = createWorld({ seed: 3, start: 0, place: { lat: 31, lon: 121 }, utcOffset: 8 });
const clock = worldClock(0, 1, () => 0);

function heatMeter() {
  const model = CJT188_MODELS.get('cjt188-heat');
  if (model === undefined) throw new Error('no simulated meter');
  return meterLine([new Cjt188Device({ model, world, clock })]).exchange;
}

function busMeter() {
  const model = MBUS_MODELS.get('mbus-heat');
  if (model === undefined) throw new Error('no simulated meter');
  return meterLine([new MbusDevice({ model, perTelegram: 5, world, clock })]).exchange;
}

function electricityMeter() {
  const model = DLT645_MODELS.get('dlt645-2007-three-phase');
  if (model === undefined) throw new Error('no simulated meter');
  return meterLine([new Dlt645Device({ model, address: '000000000001', world, clock })]).exchange;
}

function controller(stem: string) {
  const model = BACNET_MODELS.get(stem);
  if (model === undefined) throw new Error('no simulated controller');
  return meterLine([new BacnetDevice({ model, world, clock })]).exchange;
}

function snmpAgent(stem: string) {
  const model = SNMP_MODELS.get(stem);
  if (model === undefined) throw new Error('no simulated agent');
  return meterLine([new SnmpAgent({ model, world, clock })]).exchange;
}

const { address: _address, ...alone } = device(profile('plantower-pms5003'));

/** A device that sends what its simulated one does. */
function sender(stem: string, address: string, line: LineConfig): MessageFixture {
  const model = MESSAGE_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated ${stem}`);
  return {
    kind: 'message',
    device: device(profile(stem), { address }),
    line,
    message: () => sentMessage(model, { address, world, time: 0, wall: Date.UTC(2027, 0, 1) }),
  };
}

const broker: LineConfig = {
  id: 'line',
  kind: 'mqtt',
  url: 'mqtt://broker.test',
  clientId: 'pole-line',
  timeout: 1000,
};
const door: LineConfig = {
  id: 'line',
  kind: 'http',
  host: '127.0.0.1',
  port: 0,
  maxBody: 65_536,
  timeout: 1000,
};

const lan: LineConfig = { id: 'line', kind: 'network', timeout: 1000 };
const neighbour = device(profile('neighbour-http'), { address: '127.0.0.1', every: 20 });

const charger = device(profile('generic-ocpp16-charger'), {
  address: 'CP-1',
  every: 20,
  options: { sample: 20 },
});

/** A port that is free now; whoever takes it in between makes the endpoint wait, not fail. */
async function anyPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

type Fixture = PolledFixture | StreamFixture | MessageFixture | NetworkFixture;
const fixtures: Readonly<Record<string, Fixture>> = {
  reach: {
    kind: 'network',
    line: lan,
    device: neighbour,
    async serve() {
      const one = await networkNeighbour();
      return {
        device: { ...neighbour, options: { port: one.port } },
        [Symbol.asyncDispose]: () => one[Symbol.asyncDispose](),
      };
    },
  },
  ocpp: {
    kind: 'network',
    line: { id: 'line', kind: 'ocpp', host: '127.0.0.1', port: 0, timeout: 1000 },
    device: charger,
    async serve() {
      const port = await anyPort();
      const one = new OcppCharger({ url: `ws://127.0.0.1:${port}`, identity: 'CP-1', retry: 10 });
      return {
        device: charger,
        line: { id: 'line', kind: 'ocpp', host: '127.0.0.1', port, timeout: 1000 },
        [Symbol.asyncDispose]: () => one[Symbol.asyncDispose](),
      };
    },
  },
  'mqtt-in': sender('milesight-em300-sld', '24e124148b492113', broker),
  'http-in': sender('generic-http-smoke', '868508064807350', door),
  modbus: {
    kind: 'polled',
    device: device(profile('eastron-sdm630')),
    line: serial(9600),
    exchange: () => fakeModbus().exchange,
  },
  cjt188: {
    kind: 'polled',
    device: device(profile('cjt188-heat')),
    line: serial(2400),
    exchange: heatMeter,
  },
  dlt645: {
    kind: 'polled',
    device: device(profile('dlt645-2007-three-phase')),
    line: serial(2400),
    exchange: electricityMeter,
  },
  mbus: {
    kind: 'polled',
    device: device(profile('mbus-heat')),
    line: serial(2400),
    exchange: busMeter,
  },
  plantower: {
    kind: 'stream',
    device: alone,
    line: serial(9600),
    play: () => {
      let count = 0;
      return { hear: () => {}, tick: (stream) => stream.send(particles(count++)) };
    },
  },
  firmata: {
    kind: 'stream',
    device: { ...alone, profile: profile('arduino-firmata') },
    line: serial(57600),
    play: () => {
      const board = fakeBoard();
      let level = 100;
      return { hear: board.device, tick: (stream) => board.analog(stream, 0, level++) };
    },
  },
  sds: talker('nova-sds011', serial(9600), { period: 0 }),
  sps30: talker('sensirion-sps30', serial(115_200)),
  mhz19: talker('winsen-mhz19b', serial(9600)),
  a02yyuw: talker('dfrobot-a02yyuw', serial(9600)),
  hpma115: talker('honeywell-hpma115s0', serial(9600)),
  bacnet: {
    kind: 'polled',
    device: { ...alone, profile: profile('generic-bacnet-controller') },
    line: { id: 'line', kind: 'udp', host: '10.0.0.9', port: 47808, timeout: 1000 },
    exchange: () => controller('generic-bacnet-controller'),
  },
  snmp: {
    kind: 'polled',
    device: { ...alone, profile: profile('generic-rfc1628-ups') },
    line: { id: 'line', kind: 'udp', host: '10.0.0.9', port: 161, timeout: 1000 },
    exchange: () => snmpAgent('generic-rfc1628-ups'),
  },
  modem: talker('quectel-ec25', serial(115_200)),
  nmea: talker('generic-nmea0183-gnss', serial(9600)),
  framed: talker('generic-framed-gas', serial(9600)),
  gb26875: firePanel(),
  'text-panel': {
    kind: 'polled',
    device: device(profile('kerbside-text-panel')),
    line: serial(9600),
    exchange: () => meterLine([new TextPanel({ now: () => 0 })]).exchange,
  },
};

it('every driver of the list has a fixture and no fixture is left over', () => {
  expect(Object.keys(fixtures).sort()).toEqual(DRIVERS.map((driver) => driver.protocol).sort());
});

for (const driver of DRIVERS) {
  const fixture = fixtures[driver.protocol];
  if (fixture !== undefined) driverConformance(driver, fixture);
}

describe.each(['ascii', 'tcp'] as const)('in the other framing: %s', (framing) => {
  driverConformance(modbus, {
    kind: 'polled',
    device: device(profile('eastron-sdm630'), framing === 'ascii' ? { options: { framing } } : {}),
    line:
      framing === 'ascii'
        ? serial(9600)
        : { id: 'line', kind: 'tcp', host: 'meter', port: 502, framing: 'modbus-tcp', timeout: 300 },
    exchange: () => fakeModbus({ framing }).exchange,
  });
});
