/** What a site file says of the feeds of a sign, resolved: durations are ms, sizes bytes, secrets and PEM texts in place. */
import type { Datum } from './transit.ts';

export const FEED_FORMATS = ['gtfs-rt', 'gps-json', 'siri-sm'] as const;
export type FeedFormat = (typeof FEED_FORMATS)[number];

export interface FeedTls {
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Asked every so often. */
export interface HttpPollConfig extends FeedTls {
  readonly kind: 'http';
  /** https://; http:// where the site file allows it. */
  readonly url: string;
  readonly every: number;
  /** For all of one answer, ms. */
  readonly timeout: number;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  /** A key in a header of the centre's own, such as `x-api-key`. */
  readonly header?: { readonly name: string; readonly value: string };
}

/** Subscribed at a broker. */
export interface MqttSubscriptionConfig extends FeedTls {
  readonly kind: 'mqtt';
  /** mqtt:// or mqtts:// */
  readonly url: string;
  readonly topics: readonly string[];
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
}

/** Posted to us. */
export interface HttpListenConfig {
  readonly kind: 'listen';
  readonly host: string;
  readonly port: number;
  /** Bearer token; there is one unless the address is loopback. */
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface FeedConfig {
  readonly id: string;
  readonly format: FeedFormat;
  /** Of its positions. */
  readonly datum: Datum;
  readonly via: HttpPollConfig | MqttSubscriptionConfig | HttpListenConfig;
  /** Whether its alerts are taken: only over TLS that was verified, or from loopback where the site file says so. */
  readonly alerts: boolean;
  /** Largest message, unpacked. */
  readonly maxBytes: number;
  /** What it says is late above this age. */
  readonly lateAfter: number;
  /** It is frozen when nothing of it has moved for so long. */
  readonly frozenAfter: number;
  /** What the centre calls lines and stops, to what the timetable calls them. */
  readonly names: {
    readonly lines: Readonly<Record<string, string>>;
    readonly stops: Readonly<Record<string, string>>;
  };
  /** Of SIRI: who asks. */
  readonly requestor?: string;
}
