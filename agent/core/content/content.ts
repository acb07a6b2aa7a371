/**
 * What is shown and spoken in public: signed by the city's content key, or taken from a named source over verified TLS.
 * Whoever commands (a broker, an alarm, a flow) chooses a signed template by its id and fills its declared fields with
 * numbers and words of closed lists; none of them puts a word of its own on a board. Times are Unix epoch ms.
 */

import type { WarningColour } from '../board.ts';

/** A text by language (BCP 47: `zh-CN`, `en`). Plain text: no markup, no control characters, bounded length. */
export type Texts = Readonly<Record<string, string>>;

/** Every document belongs to one channel, and of each channel the highest version is in force. */
export const CONTENT_CHANNELS = ['pack', 'takeover', 'notices'] as const;
/** `pack`: templates, messages, playlists, tiles. `takeover`: emergencies. `notices`: weather, warnings, news, shops. */
export type ContentChannel = (typeof CONTENT_CHANNELS)[number];

/** What a field of a template takes: a number in bounds, or one word of a closed list, chosen by its id. */
export type FieldRule =
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly decimals: number }
  | { readonly kind: 'word'; readonly words: Readonly<Record<string, Texts>> };

/** A sentence with `{field}` in it. */
export interface Template {
  readonly id: string;
  readonly texts: Texts;
  readonly fields: Readonly<Record<string, FieldRule>>;
  /** Highest priority that a message of it may have, 1…9. */
  readonly priority: number;
  /** Longest time on the board, ms. */
  readonly longest: number;
  /** May be spoken too. */
  readonly spoken: boolean;
}

export type FieldValue = number | string;
export type FieldValues = Readonly<Record<string, FieldValue>>;

/** A message: a template with its fields filled. Priority 1 (lowest) … 9. */
export interface Message {
  readonly id: string;
  readonly template: string;
  readonly fields: FieldValues;
  readonly priority: number;
  /** Id of one display; absent: all of them. */
  readonly display?: string;
  readonly from?: number;
  readonly until: number;
}

export const MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'video/mp4', 'video/webm'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/** A file, known by its contents: wherever it comes from, it is this one or it is refused. */
export interface MediaItem {
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly type: MediaType;
}

export interface PlaylistItem extends MediaItem {
  /** How long it is shown; a video that is shorter begins again, one that is longer is cut. */
  readonly seconds: number;
  /** What is to be seen, for screen readers. */
  readonly alt?: Texts;
}

/** Shown while no message of higher rank is; only when every item is here. */
export interface Playlist {
  readonly id: string;
  readonly display?: string;
  readonly items: readonly PlaylistItem[];
  readonly from?: number;
  readonly until?: number;
  /** Days of the week, 0 is Sunday; absent: all. */
  readonly days?: readonly number[];
  /** Minutes after local midnight, from … to; to may lie on the next day. Absent: all day. */
  readonly hours?: readonly [from: number, to: number];
}

/** An emergency: takes the whole board until it ends, with or without a network. */
export interface Takeover {
  readonly id: string;
  /** 1…9; the highest is shown, of equals the newest. */
  readonly priority: number;
  readonly severity: 'notice' | 'emergency';
  readonly display?: string;
  readonly title: Texts;
  readonly text: Texts;
  readonly spoken: boolean;
  readonly from?: number;
  readonly until: number;
}

export const TILE_KINDS = ['enquiry', 'top-up', 'trip', 'shops', 'feedback'] as const;
export type TileKind = (typeof TILE_KINDS)[number];

/** Something a rider may do with his phone: a link, shown as QR. */
export interface Tile {
  readonly id: string;
  readonly kind: TileKind;
  readonly title: Texts;
  readonly text?: Texts;
  /** `https://`, or `tel:`. */
  readonly url: string;
}

export const SKIES = [
  'clear',
  'partly-cloudy',
  'cloudy',
  'overcast',
  'fog',
  'haze',
  'dust',
  'drizzle',
  'rain',
  'heavy-rain',
  'thunderstorm',
  'sleet',
  'snow',
  'heavy-snow',
  'hail',
  'wind',
] as const;
export type Sky = (typeof SKIES)[number];

/** The weather as somebody tells it; what sensors measured here is `MeasuredHere`. */
export interface Weather {
  /** Who says so; shown beside it. */
  readonly source: Texts;
  readonly issued: number;
  /** Not shown from then on. */
  readonly expires: number;
  readonly sky?: Sky;
  /** °C */
  readonly temperature?: number;
  readonly low?: number;
  readonly high?: number;
  /** % */
  readonly humidity?: number;
  /** m/s */
  readonly wind?: number;
}

/** Values of the site's own sensors, shown as measured here. */
export interface MeasuredHere {
  readonly point: string;
  readonly title: Texts;
  readonly value: number;
  /** UCUM. */
  readonly unit: string;
  /** Monotonic ms of its reading. */
  readonly time: number;
}

export interface Warning {
  readonly id: string;
  readonly colour: WarningColour;
  /** Kind of event: Typhoon, 台风. */
  readonly event: Texts;
  readonly text: Texts;
  readonly source: Texts;
  readonly issued: number;
  readonly from?: number;
  readonly expires: number;
}

/** News, or a shop nearby. */
export interface Notice {
  readonly id: string;
  readonly kind: 'news' | 'shop';
  readonly title: Texts;
  readonly text?: Texts;
  readonly source: Texts;
  readonly url?: string;
  readonly issued: number;
  readonly expires: number;
}

/** What a signed document holds, checked and resolved. Lists that its channel has not are empty. */
export interface ContentDocument {
  readonly channel: ContentChannel;
  /** Counts up; the same or a lower one is refused, also after a restart. */
  readonly version: number;
  readonly issued: number;
  readonly expires: number;
  /** Sites and agents it is for; `*` is every one. */
  readonly scope: { readonly sites: readonly string[]; readonly agents: readonly string[] };
  readonly templates: readonly Template[];
  readonly messages: readonly Message[];
  readonly playlists: readonly Playlist[];
  readonly tiles: readonly Tile[];
  readonly takeovers: readonly Takeover[];
  readonly weather?: Weather;
  readonly warnings: readonly Warning[];
  readonly notices: readonly Notice[];
}

/**
 * A signed document as it travels: a DSSE envelope (https://github.com/secure-systems-lab/dsse, v1.0.2). Signed are the
 * bytes of the payload behind `DSSEv1 <length> <type> <length> `, so nothing has to be put into a canonical form.
 */
export interface ContentEnvelope {
  readonly payloadType:
    | 'application/vnd.kerbside.content+json'
    | 'application/vnd.kerbside.update+json'
    | 'application/vnd.kerbside.claim+json';
  /** JSON as base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** A public key that content may be signed with. */
export interface ContentKey {
  readonly id: string;
  /** Ed25519, 32 bytes as base64. */
  readonly public: string;
}

/** Why content was refused; each is counted and raised as an event. */
export const CONTENT_REFUSALS = [
  'malformed',
  'too-large',
  'unsigned',
  'unknown-key',
  'bad-signature',
  'wrong-scope',
  'not-yet-issued',
  'expired',
  'replayed',
  'rolled-back',
  'bad-hash',
  'wrong-type',
  'wrong-size',
  'no-room',
] as const;
export type ContentRefusal = (typeof CONTENT_REFUSALS)[number];

/** What anybody inside may ask for: an alarm, a flow, a command of the city. */
export interface MessageWish {
  readonly template: string;
  readonly fields: FieldValues;
  /** 1…9; no more than the template allows. */
  readonly priority: number;
  /** ms of monotonic time, no longer than the template allows; it ends without network and clock. */
  readonly ttl: number;
  /** `alarm:<id>`, `flow:<node>`, `uplink:<id>`. */
  readonly issuer: string;
  /** Id of one display; absent: all of them. */
  readonly display?: string;
  /** The same id replaces what was shown under it; absent: a new one. */
  readonly id?: string;
}

export type MessageRefusal =
  | 'unknown-template'
  | 'unknown-display'
  | 'unknown-field'
  | 'missing-field'
  | 'bad-field'
  | 'bad-priority'
  | 'bad-ttl'
  | 'too-many';

export type MessageOutcome =
  | { readonly shown: true; readonly id: string; readonly texts: Texts }
  | { readonly shown: false; readonly code: MessageRefusal; readonly reason: string };

/** A message as a board has it: its words are those of a signed template. */
export interface ShownMessage {
  readonly id: string;
  readonly template: string;
  readonly texts: Texts;
  readonly priority: number;
  readonly spoken: boolean;
  readonly issuer: string;
}

/** A playlist all of whose items are on the disk; `file` is where. */
export interface ReadyPlaylist {
  readonly id: string;
  readonly items: readonly (PlaylistItem & { readonly file: string })[];
}

/** What one display shows now, besides arrivals. */
export interface ShownContent {
  /** Changes with what follows. */
  readonly revision: number;
  readonly takeover?: Takeover;
  /** Highest priority first. */
  readonly messages: readonly ShownMessage[];
  readonly playlist?: ReadyPlaylist;
  readonly tiles: readonly Tile[];
  readonly weather?: Weather;
  /** Highest colour first. */
  readonly warnings: readonly Warning[];
  readonly notices: readonly Notice[];
}

/** The content of a site as boards, loudspeakers and controllers have it. */
export interface Content {
  /** What `display` shows now. Never throws. */
  shown(display: string): ShownContent;
  /** Called when what `shown` gives may have changed. */
  onChange(listener: () => void): Disposable;
  /** Shows a signed template; what is refused leaves the board as it is. Never throws. */
  showMessage(wish: MessageWish): MessageOutcome;
  /** Templates of the pack in force: what may be shown at all. */
  templates(): readonly Template[];
  /** Words of a template without fields; undefined where the pack in force has none of that name, or it has fields. */
  plain(template: string): Texts | undefined;
  /** Takes a message of `showMessage` away; whether there was one. */
  withdraw(id: string): boolean;
}
