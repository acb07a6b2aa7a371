/** What a site file says of signed content and of texts of others, resolved: durations are ms, secrets are resolved. */
import type { ContentKey, Texts } from './content.ts';

/** Something read over verified TLS. */
export interface SecureSource {
  readonly url: string;
  readonly ca?: string;
  readonly token?: string;
}

export interface ContentMqtt {
  readonly url: string;
  readonly topics: readonly string[];
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export const CONTENT_FEEDS = ['weather', 'warnings', 'notices'] as const;
export type ContentFeedKind = (typeof CONTENT_FEEDS)[number];

/** A feed of unsigned texts: shown with their source beside them. */
export interface ContentFeedConfig extends SecureSource {
  readonly id: string;
  readonly kind: ContentFeedKind;
  /** `json`: docs/sign/content.md. `cap`: Common Alerting Protocol 1.2, one alert or an Atom feed that holds some. */
  readonly form: 'json' | 'cap';
  readonly every: number;
  /** Who says it; shown. */
  readonly source: Texts;
  /** For CAP: geocode values it has to name; absent: any alert counts. */
  readonly areas?: readonly string[];
}

/** A value of a sensor of this site that the sign shows as measured here. */
export interface MeasuredConfig {
  readonly kind: 'temperature' | 'humidity' | 'pm25' | 'noise';
  readonly device: string;
  readonly point: string;
}

export interface ContentConfig {
  readonly keys: readonly ContentKey[];
  /** Absolute path of a folder with signed documents. */
  readonly folder?: string;
  readonly https: readonly (SecureSource & { readonly every: number })[];
  readonly mqtt?: ContentMqtt;
  readonly media: {
    /** Absolute path of a folder with media files. */
    readonly folder?: string;
    readonly https?: SecureSource;
    /** Bytes. */
    readonly budget: number;
  };
  readonly feeds: readonly ContentFeedConfig[];
  readonly measured: readonly MeasuredConfig[];
}
