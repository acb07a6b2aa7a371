/**
 * Four platforms of one city, each with its own protocol, and what a site file says of them: a city (MQTT JSON), a control
 * room (Sparkplug B), an environment bureau (HJ 212) and an energy centre (building-energy upload).
 */
import { type BureauServer, startBureau } from '../../hw-sim/city/bureau-server.ts';
import { EnergyCentre } from '../../hw-sim/city/energy-centre.ts';
import { type CentreServer, serveCentre } from '../../hw-sim/city/pipe.ts';
import { realTime } from '../../hw-sim/lines/timebase.ts';
import { MqttReceiver } from '../support/mqtt-receiver.ts';
import { SparkplugHost } from '../support/sparkplug-host.ts';

/** For this machine's loopback alone. */
const SECRETS = {
  HJ212_PASSWORD: '123456',
  ENERGY_KEY: 'not-a-real-key-1',
  ENERGY_SECRET: 'not-a-real-secret',
};
const MN = '010000A8900016F000169DC0';

export interface Platforms extends AsyncDisposable {
  readonly city: MqttReceiver;
  readonly scada: SparkplugHost;
  readonly bureau: BureauServer;
  readonly energy: EnergyCentre;
  readonly energyServer: CentreServer;
  /** For the agent's process. */
  readonly env: Readonly<Record<string, string>>;
  /** The part `uplinks` of the site file. */
  readonly uplinks: readonly Uplink[];
  /** The same, reached by other ports. */
  through(port: (id: string, own: number) => number): readonly Uplink[];
}

interface Uplink {
  readonly id: string;
  readonly [kind: string]: unknown;
}

export interface PlatformsOptions {
  /** Port of the broker that city and control room share. */
  readonly broker: number;
  /** World time, Unix epoch ms. */
  wall(): number;
}

export async function openPlatforms({ broker, wall }: PlatformsOptions): Promise<Platforms> {
  const stack = new AsyncDisposableStack();
  const city = stack.use(await MqttReceiver.at(broker));
  const scada = stack.use(await SparkplugHost.at(broker, 'street'));
  const bureau = stack.use(await startBureau({ version: 2, mn: MN, password: SECRETS.HJ212_PASSWORD }));
  const energy = new EnergyCentre({
    style: 'guideline',
    key: SECRETS.ENERGY_KEY,
    secret: SECRETS.ENERGY_SECRET,
    time: realTime(),
    wall,
  });
  const energyServer = stack.use(await serveCentre(energy));
  const through: Platforms['through'] = (port) => [
    {
      id: 'city',
      select: [
        { class: 'electricity-meter', point: 'power-active-total', send: 'every', every: '2min' },
        { class: 'electricity-meter', point: 'voltage-l1', send: 'every', every: '2min' },
      ],
      names: [
        { class: 'electricity-meter', device_as: 'EM-{device}' },
        { class: 'electricity-meter', point: 'power-active-total', point_as: 'P', unit: 'kW' },
        { class: 'electricity-meter', point: 'voltage-l1', point_as: 'U', unit: 'mV' },
      ],
      mqtt: { url: `mqtt://127.0.0.1:${port('city', broker)}` },
    },
    {
      id: 'scada',
      select: [
        { device: 'lamp-1', send: 'none' },
        { device: 'alarms', send: 'none' },
        { lanes: ['event', 'alarm'] },
        { device: 'board' },
        { device: 'meter-lamp', point: 'power-active-total' },
      ],
      names: [
        { device: 'meter-lamp', device_as: 'Lamp meter' },
        { device: 'meter-lamp', point: 'power-active-total', point_as: 'Power/Active' },
      ],
      sparkplug: {
        url: `mqtt://127.0.0.1:${port('scada', broker)}`,
        group: 'street',
        primary_host: 'scada',
      },
    },
    {
      id: 'bureau',
      hj212: {
        url: `tcp://127.0.0.1:${port('bureau', bureau.port)}`,
        edition: '2025',
        mn: MN,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the site file
        password: '${env:HJ212_PASSWORD}',
        real_time: '5s',
        minute: '1min',
        points: [
          { device: 'station', point: 'temperature', factor: 'a01001' },
          { device: 'air', point: 'pm2-5', factor: 'a34004', unit: 'mg/m3', decimals: 3 },
        ],
      },
    },
    {
      id: 'energy',
      building_energy: {
        server: `127.0.0.1:${port('energy', energyServer.port)}`,
        building: '310101A064',
        gateway: '01',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: references of the site file
        key: '${env:ENERGY_KEY}',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: references of the site file
        secret: '${env:ENERGY_SECRET}',
        every: '1min',
        align: '60s',
        meters: [
          {
            id: '1',
            device: 'meter-feeder',
            functions: [{ id: '1', point: 'energy-import', code: '01A00' }],
          },
        ],
      },
    },
  ];
  return {
    city,
    scada,
    bureau,
    energy,
    energyServer,
    env: SECRETS,
    uplinks: through((_, own) => own),
    through,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
