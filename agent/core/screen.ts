/** What a site file says of the screen of its stop sign, resolved: paths are absolute. */
import type { ListenConfig } from './site.ts';

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
