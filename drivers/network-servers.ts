/** Envelopes of LoRaWAN network servers: where the topic names the device and where its decoded data stands. */
import type { z } from 'zod';
import type { timeSchema } from './message-values.ts';

export interface NetworkServer {
  /** Absent: the profile or the device gives it. */
  readonly topic?: string;
  /** Where the codec's output stands. */
  readonly root: string;
  readonly time?: z.output<typeof timeSchema>;
  /** Of the first gateway that heard it. */
  readonly radio: Readonly<Partial<Record<'rssi' | 'snr' | 'battery', string>>>;
}

export const serverNames = ['plain', 'chirpstack', 'the-things-stack'] as const;

export const SERVERS: Readonly<Record<(typeof serverNames)[number], NetworkServer>> = {
  /** The device's own message, or a platform's that the profile describes. */
  plain: { root: '', radio: {} },
  /** ChirpStack v4, MQTT integration, JSON marshaler: the device's EUI is its address. */
  chirpstack: {
    topic: 'application/+/device/{address}/event/up',
    root: '/object',
    time: { pointer: '/time', format: 'iso' },
    radio: { rssi: '/rxInfo/0/rssi', snr: '/rxInfo/0/snr' },
  },
  /** The Things Stack v3, MQTT server: the device's id is its address. */
  'the-things-stack': {
    topic: 'v3/+/devices/{address}/up',
    root: '/uplink_message/decoded_payload',
    time: { pointer: '/received_at', format: 'iso' },
    radio: {
      rssi: '/uplink_message/rx_metadata/0/rssi',
      snr: '/uplink_message/rx_metadata/0/snr',
      battery: '/uplink_message/last_battery_percentage/value',
    },
  },
};
