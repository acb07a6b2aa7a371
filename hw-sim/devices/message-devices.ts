/** Devices that send JSON messages: what they measure, in the envelope of their network server or as their platform posts it. */
import type { Served } from '../ledger.ts';
import type { World } from '../world/world.ts';

export interface SentMessage {
  /** Topic, or path. */
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly served: readonly Served[];
}

export type Envelope = 'chirpstack' | 'the-things-stack' | 'own';

interface Field {
  readonly point: string;
  readonly uom: string;
  /** What is served: in the unit of the point. */
  readonly value: (world: World, time: number) => number | boolean;
  /** How the message writes it. */
  readonly write: (value: number | boolean) => unknown;
  readonly at: readonly string[];
}

export interface MessageModel {
  readonly stem: string;
  readonly envelope: Envelope;
  readonly fields: readonly Field[];
  /** Path of a device that posts; `address` is put in. */
  readonly path?: (address: string) => string;
  /** What stands beside the values. */
  readonly frame?: (address: string, wall: number) => Readonly<Record<string, unknown>>;
}

const same = (value: number | boolean): unknown => value;
const round = (value: number, decimals: number) => Number(value.toFixed(decimals));
const constant = (value: number | boolean) => () => value;
const words = (yes: string, no: string) => (value: number | boolean) => (value === true ? yes : no);

const field = (
  point: string,
  uom: string,
  at: string,
  value: Field['value'],
  write: Field['write'] = same,
): Field => ({ point, uom, at: at.split('.'), value, write });

const temperature = field('temperature', 'Cel', 'temperature', (world, time) =>
  round(world.weather(time).temperature, 1),
);
const battery = field('battery', '%', 'battery', constant(92));

const MODELS: readonly MessageModel[] = [
  {
    stem: 'milesight-em300-sld',
    envelope: 'chirpstack',
    fields: [
      field('leak', '1', 'leakage_status', constant(true), words('leak', 'normal')),
      temperature,
      field('humidity', '%', 'humidity', (world, time) => round(world.weather(time).humidity, 1)),
      battery,
    ],
  },
  {
    stem: 'milesight-em400-udl',
    envelope: 'chirpstack',
    fields: [
      field('distance', 'm', 'distance', constant(0.315), (value) => Math.round(Number(value) * 1000)),
      field('tilted', '1', 'position', constant(false), words('tilt', 'normal')),
      temperature,
      battery,
    ],
  },
  {
    stem: 'generic-lorawan-smoke',
    envelope: 'chirpstack',
    fields: [
      field('smoke-alarm', '1', 'smoke', constant(true)),
      field('tamper', '1', 'tamper', constant(false)),
      field('sensor-fault', '1', 'fault', constant(false), Number),
      battery,
    ],
  },
  {
    stem: 'generic-lorawan-bay',
    envelope: 'chirpstack',
    fields: [field('occupied', '1', 'occupied', constant(true)), battery],
  },
  {
    stem: 'generic-lorawan-manhole',
    envelope: 'chirpstack',
    fields: [
      field('cover-open', '1', 'open', constant(false)),
      field('tilt', 'deg', 'tilt', constant(3.4)),
      field('water-alarm', '1', 'water', constant(true)),
      battery,
    ],
  },
  {
    stem: 'generic-http-smoke',
    envelope: 'own',
    path: () => 'smoke',
    frame: (address, wall) => ({ imei: address, at: Math.round(wall / 1000) }),
    fields: [
      field('smoke-alarm', '1', 'data.alarm', constant(true), Number),
      field('battery', 'V', 'data.battery_mv', constant(3.56), (value) => Math.round(Number(value) * 1000)),
      field('rssi', 'dB[mW]', 'data.rsrp', constant(-97)),
    ],
  },
  {
    stem: 'generic-http-water',
    envelope: 'own',
    path: (address) => address,
    frame: (_address, wall) => ({ time: new Date(wall).toISOString() }),
    fields: [
      field(
        'volume',
        'm3',
        'total_l',
        (world, time) => round(412 + (0.027 * (time - world.start)) / 3_600_000, 3),
        (value) => Math.round(Number(value) * 1000),
      ),
      field('flow', 'm3/h', 'flow_lh', constant(0.027), (value) => round(Number(value) * 1000, 0)),
      field('valve-closed', '1', 'valve', constant(false), words('closed', 'open')),
      field('battery', 'V', 'battery', constant(3.61)),
    ],
  },
];

export const MESSAGE_MODELS: ReadonlyMap<string, MessageModel> = new Map(
  MODELS.map((model) => [model.stem, model]),
);

/** Radio as a network server tells it. */
const RSSI = -104;
const SNR = 6.5;

/** What a device sends now. `wall`: Unix epoch ms. `envelope`: another network server than the model's. */
export function sentMessage(
  model: MessageModel,
  { address, world, time, wall, envelope = model.envelope }: SendOptions,
): SentMessage {
  const data: Record<string, unknown> = {};
  const served: Served[] = [];
  for (const { point, uom, value, write, at } of model.fields) {
    const truth = value(world, time);
    const written = write(truth);
    put(data, at, written);
    served.push({ device: model.stem, point, raw: JSON.stringify(written), value: truth, uom });
  }
  const message = (topic: string, body: unknown): SentMessage => ({
    topic,
    payload: new TextEncoder().encode(JSON.stringify(body)),
    served:
      envelope === 'own'
        ? served
        : [
            ...served,
            { device: model.stem, point: 'rssi', raw: String(RSSI), value: RSSI, uom: 'dB[mW]' },
            { device: model.stem, point: 'snr', raw: String(SNR), value: SNR, uom: 'dB' },
          ],
  });
  const iso = new Date(wall).toISOString();
  switch (envelope) {
    case 'chirpstack':
      return message(`application/7f1b1c2e-0000-4000-8000-000000000001/device/${address}/event/up`, {
        deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
        time: iso,
        deviceInfo: { deviceName: model.stem, devEui: address },
        fCnt: 4,
        fPort: 85,
        data: 'AQ==',
        object: data,
        rxInfo: [{ gatewayId: '0016c001f153a14c', rssi: RSSI, snr: SNR }],
      });
    case 'the-things-stack':
      return message(`v3/street@ttn/devices/${address}/up`, {
        end_device_ids: { device_id: address },
        received_at: iso,
        uplink_message: {
          f_port: 85,
          frm_payload: 'AQ==',
          decoded_payload: data,
          rx_metadata: [{ gateway_ids: { gateway_id: 'kerb' }, rssi: RSSI, snr: SNR }],
        },
      });
    default:
      return message(model.path?.(address) ?? address, { ...model.frame?.(address, wall), ...data });
  }
}

export interface SendOptions {
  readonly address: string;
  readonly world: World;
  readonly time: number;
  readonly wall: number;
  readonly envelope?: Envelope;
}

function put(into: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner = (into[key] ?? {}) as Record<string, unknown>;
  into[key] = inner;
  put(inner, rest, value);
}
