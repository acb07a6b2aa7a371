/** What a site file says of the screen of its stop sign, resolved: paths are absolute. */
import type { ListenConfig } from '../site.ts';

/**
 * Who starts the browser. `chromium`: the agent does, as its child · `file`: somebody else does, and starts it anew when this
 * file is written (a systemd path unit, docs/sign/kiosk.md) · `none`: nobody watches it.
 */
export type KioskConfig =
  | { readonly kind: 'chromium'; readonly browser: string; readonly args: readonly string[] }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'none' };

export interface ScreenConfig {
  readonly listen: ListenConfig;
  /** Names under which the screen may be asked, beside loopback ones and its own address. */
  readonly hosts: readonly string[];
  /** Who to call when the sign is at fault; on every face of it. */
  readonly phone: string;
  readonly kiosk: KioskConfig;
  /** A light sensor, lx; absent: the sun alone. */
  readonly light?: { readonly device: string; readonly point: string };
  /** Folder of the panel's backlight in /sys/class/backlight; absent: the page dims. */
  readonly backlight?: string;
  /** Id of a camera whose newest picture is shown, faces blurred. */
  readonly camera?: string;
  /** Names in the second language by the name in the first, where the timetable has none or a poor one. */
  readonly names: Readonly<Record<string, string>>;
  /** Whether riders can answer with one tap. */
  readonly feedback: boolean;
}

/** `starting`: a browser is coming up · `proven`: it shows what it should · see agent/sign/screen/watch.ts. */
export const SCREEN_STATES = ['starting', 'proven', 'dark', 'frozen', 'wrong'] as const;
export type ScreenState = (typeof SCREEN_STATES)[number];

/** What riders see now, as text, and whether that is proven. */
export interface ScreenView {
  readonly state: ScreenState;
  /** What was found wrong last, each as a sentence. */
  readonly problems: readonly string[];
  readonly restarts: number;
  /** ms since the start without proof. */
  readonly unproven: number;
  readonly url: string;
  readonly palette: 'day' | 'night';
  /** 0…1 */
  readonly brightness: number;
  readonly stop: string;
  /** Local time on it; absent while the time is not trusted. */
  readonly time?: string;
  readonly updated: string;
  /** What covers everything, or what stands over all rows. */
  readonly cover?: string;
  readonly headline?: string;
  readonly lines: readonly {
    readonly id: string;
    readonly badge: string;
    readonly colour?: string;
    readonly to: string;
    /** In place of times: why there are none. */
    readonly note?: string;
    readonly times: readonly { readonly state: string; readonly text: string }[];
    /** As it is read aloud. */
    readonly spoken: string;
  }[];
  readonly notices: readonly {
    readonly id: string;
    readonly kind: string;
    readonly label: string;
    readonly text: string;
  }[];
  /** What the playlist shows in turn, for people. */
  readonly media: readonly string[];
}
