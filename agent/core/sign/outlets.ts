/** What a site file says of where a sign is seen and heard besides its screen. */

import type { ListenConfig } from '../site.ts';
import type { SignLanguage } from './sign.ts';
import type { PanelGeometry } from './text-panel.ts';

export interface PhoneConfig {
  readonly listen: ListenConfig;
  /** Address that phones reach the page under; in the QR code on the screen. */
  readonly url?: string;
}

export interface SignPanelConfig extends PanelGeometry {
  /** Id of its device. */
  readonly device: string;
}

export interface SpeechConfig {
  /** % */
  readonly volume: number;
  /** A contact: true while it is pressed. */
  readonly button?: { readonly device: string; readonly point: string };
  /** Voice files of piper, absolute paths. */
  readonly voices: Readonly<Partial<Record<SignLanguage, string>>>;
}

export interface OutletsConfig {
  readonly phone?: PhoneConfig;
  readonly panels: readonly SignPanelConfig[];
  readonly speech?: SpeechConfig;
}
