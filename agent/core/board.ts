/**
 * What a stop sign shows, as plain data: made by the agent, painted by the screen, told by the phone page, the LED panel and
 * the voice. Nothing in it needs another question, so that whoever has it can go on alone when the link breaks: every
 * moment is told as ms from the board's own (`…In`) or before it (`…Age`), in the street's time, which runs `rate` times as
 * fast as a monotonic clock. What cannot be known is absent, never an empty text.
 */
import type { Sky, TileKind } from './content/content.ts';
import type { SignLanguage } from './sign/sign.ts';

/** A text in the sign's first language and, beneath it, in the second. */
export interface Words {
  readonly main: string;
  readonly second?: string;
  /** The second is made from the sounds of the first (pinyin), for there is no name in another language. */
  readonly romanised?: true;
}

/**
 * How much an arrival may claim, best first. `live`: minutes of a position just heard · `about`: the same, marked, for it
 * is older or inferred · `stops`: how many stops away it was, and how long ago · `timetable`: a planned time.
 */
export const ARRIVAL_STATES = ['live', 'about', 'stops', 'timetable'] as const;
export type ArrivalState = (typeof ARRIVAL_STATES)[number];

/** Age of a position up to which an arrival is live, about, and told in stops, ms; beyond, its timetable counts. */
export const AGE_LIMITS = { live: 45_000, about: 120_000, stops: 300_000 } as const;

/** One fact of why a row says what it says; the screen has the words for the key. */
export interface Reason {
  readonly key: (typeof REASON_KEYS)[number];
  /** ms for ages and times, m for `distance`, a count for `stops-away`, % for `skill`; else text. */
  readonly value: string | number;
}

/** What a row can say of how it came about, in the order it is told. */
export const REASON_KEYS = [
  'source',
  'vehicle',
  'phase',
  'position-age',
  'distance',
  'stops-away',
  'timetable',
  'delay',
  'expected',
  'range',
  'margin',
  'promised',
  'held',
  'skill',
  'because',
] as const;

export const CROWDING = ['seats', 'standing', 'full'] as const;
export type Crowding = (typeof CROWDING)[number];

/** One bus that comes. */
export interface BoardArrival {
  /** Trip or vehicle; the same for as long as it is the same bus. */
  readonly id: string;
  readonly state: ArrivalState;
  /** Until the promised arrival, ms; the minutes shown are whole minutes of it. Absent where only stops or plans are known. */
  readonly dueIn?: number;
  /** There is evidence that it comes now (30 s, 120 m): the only case in which less than a minute is said. */
  readonly approaching?: true;
  /** Age of its last position, ms; absent where it has none. */
  readonly positionAge?: number;
  readonly stopsAway?: number;
  /** Metres along the line. */
  readonly distance?: number;
  /** Planned departure here as local time `HH:mm` (absent while the clock is not trusted), and ms to it. */
  readonly planned?: { readonly time: string; readonly in: number };
  /** The last one of the service day. */
  readonly last?: true;
  readonly cancelled?: true;
  /** Only of this trip. */
  readonly crowding?: Crowding;
  readonly wheelchair?: boolean;
  readonly why: readonly Reason[];
}

/**
 * Why a line has no arrival to show. `headway`: it runs, this often · `no-data`: it should run, nothing is heard ·
 * `no-service`: not today · `night`: not now, first bus at `firstNext` · `last-gone` · `not-calling`: it does not stop here.
 */
export const LINE_STATES = ['headway', 'no-data', 'no-service', 'night', 'last-gone', 'not-calling'] as const;
export type LineState = (typeof LINE_STATES)[number];

/** A line with the stops around here, and where its next bus is on it. */
export interface LineStrip {
  readonly stops: readonly Words[];
  /** Place of this stop in `stops`. */
  readonly here: number;
  /** Place of each bus in `stops`, between two where it is between them. */
  readonly buses: readonly number[];
}

/** A line in one direction. */
export interface BoardLine {
  readonly id: string;
  /** Its number as riders know it. */
  readonly badge: string;
  /** `#rrggbb` of the badge; the screen picks an ink that can be read on it. */
  readonly colour?: string;
  readonly to: Words;
  readonly via?: Words;
  /** First and last bus of the service day here, local `HH:mm`. */
  readonly first?: string;
  readonly last?: string;
  /** Soonest first. */
  readonly arrivals: readonly BoardArrival[];
  /** What is said where no arrival can be. */
  readonly state: LineState;
  /** Minutes between buses now. */
  readonly headway?: readonly [from: number, to: number];
  /** First bus of the next service day, local `HH:mm`. */
  readonly firstNext?: string;
  /** The last bus of the day comes within half an hour, or is the next one; its planned time, local `HH:mm`, where known. */
  readonly lastSoon?: { readonly time?: string };
  readonly strip?: LineStrip;
  /** Ids of alerts that touch it. */
  readonly alerts: readonly string[];
}

export interface BoardAlert {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'severe';
  readonly scope: 'stop' | 'line' | 'network';
  /** Badges of lines it is about, also such that no longer call here. */
  readonly lines: readonly string[];
  readonly title: Words;
  readonly body?: Words;
  readonly source: string;
  /** ms until it leaves by itself; absent: until it is taken back. */
  readonly endsIn?: number;
}

/** Colours of China's meteorological warning signals (中国气象局令第16号), least first. */
export const WARNING_COLOURS = ['blue', 'yellow', 'orange', 'red'] as const;
export type WarningColour = (typeof WARNING_COLOURS)[number];

export interface BoardWarning {
  readonly id: string;
  readonly colour: WarningColour;
  readonly title: Words;
  readonly body?: Words;
  readonly source: string;
  readonly endsIn?: number;
}

export interface BoardWeather {
  /** °C */
  readonly temperature?: number;
  readonly sky?: Sky;
  readonly words?: Words;
  /** °C of today. */
  readonly low?: number;
  readonly high?: number;
  readonly source: string;
  readonly endsIn?: number;
}

/** A value of a sensor on this pole. */
export interface BoardMeasured {
  readonly id: string;
  readonly title: Words;
  /** With its unit, as it is written: `17.4 °C`. */
  readonly text: string;
}

export interface BoardAnnouncement {
  readonly id: string;
  readonly kind: 'notice' | 'news' | 'shop';
  readonly text: Words;
  /** Of a feed: shown beside it. Signed content of the operator has none. */
  readonly source?: string;
  readonly endsIn?: number;
}

/** One item of the playlist, whose file is on this machine and has been hashed. */
export interface MediaItem {
  readonly id: string;
  readonly kind: 'image' | 'video';
  /** Path on the screen's own listener. */
  readonly url: string;
  /** sha-256 of the file, hex. */
  readonly hash: string;
  /** ms; of a video at most its length. */
  readonly duration: number;
  /** What it shows, for those who cannot see it. */
  readonly alt: Words;
  readonly endsIn?: number;
}

/** Takes the whole screen: emergencies. */
export interface Takeover {
  readonly id: string;
  readonly severity: 'notice' | 'emergency';
  readonly title: Words;
  readonly body?: Words;
  readonly source?: string;
  readonly endsIn?: number;
  /** It is said too. */
  readonly spoken?: true;
}

/** A QR code, row by row: `1` is dark; without the quiet zone. */
export type QrRows = readonly string[];

/** Something a rider can tap or scan. */
export interface Tile {
  readonly id: string;
  readonly kind: TileKind | 'phone';
  readonly title: Words;
  readonly text?: Words;
  /** Where it leads, for a phone; the screen shows its code. */
  readonly url?: string;
  readonly qr?: QrRows;
}

/** Answers a rider can give with one tap. */
export const FEEDBACK = ['on-time', 'late', 'dirty', 'broken'] as const;
export type Feedback = (typeof FEEDBACK)[number];

export interface BoardClock {
  /** Unix epoch, ms. */
  readonly wall: number;
  /** Local time is this far ahead of UTC, ms, and from `changeIn` ms on `offsetThen`. */
  readonly offset: number;
  readonly changeIn?: number;
  readonly offsetThen?: number;
}

export interface BoardLight {
  readonly palette: 'day' | 'night';
  /** 0…1 of what the panel can. */
  readonly brightness: number;
  /** Nobody else dims the panel: the page does, as far as it stays readable. */
  readonly byPage: boolean;
}

/** Everything a sign shows. */
export interface Board {
  /** Counts the boards of one run of the agent, from 1. */
  readonly seq: number;
  /** Run of the agent: a page that sees another one starts anew. */
  readonly run: string;
  /** Street time per monotonic time; 1 in the field. */
  readonly rate: number;
  readonly languages: readonly SignLanguage[];
  readonly stop: { readonly name: Words; readonly code?: string; readonly side?: Words };
  /** What a fault screen needs to be of use. */
  readonly device: { readonly id: string; readonly phone: string };
  /** Absent while the time is not trusted: then nothing on the board is a time of day. */
  readonly clock?: BoardClock;
  readonly light: BoardLight;
  /** Dim, silent, nothing that moves. */
  readonly quiet: boolean;
  /** Age of the newest data about buses, ms; absent: none since the start. */
  readonly dataAge?: number;
  /** For how long nothing has been heard from outside, ms; absent: connected. */
  readonly offlineFor?: number;
  readonly lines: readonly BoardLine[];
  /** This stop first, then lines, then the network; the more severe first within each. */
  readonly alerts: readonly BoardAlert[];
  readonly warnings: readonly BoardWarning[];
  readonly weather?: BoardWeather;
  readonly measured: readonly BoardMeasured[];
  readonly announcements: readonly BoardAnnouncement[];
  readonly playlist: readonly MediaItem[];
  readonly takeover?: Takeover;
  readonly tiles: readonly Tile[];
  /** Answers the screen offers; empty: it takes none. */
  readonly feedback: readonly Feedback[];
  /** The stop's camera may be shown live, blurred: path of its picture on the screen's listener. */
  readonly camera?: string;
  /** Something is wrong with the sign itself: the fault screen, with what for the technician. */
  readonly fault?: { readonly code: string; readonly words: string };
}
