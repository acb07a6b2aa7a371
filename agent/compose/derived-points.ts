/** Points that the agent makes of others: in the directory, and told to the uplinks. */
import { midnightId, rawId, settlementId } from '../core/derived.ts';
import type { Directory } from './describe.ts';

const RAW = {
  en: (title: string) => `${title}, as the device says it`,
  zh: (title: string) => `${title}（原值）`,
};

const DAY = 86_400_000;
const MIDNIGHT = {
  en: (title: string) => `${title}, at midnight`,
  zh: (title: string) => `${title}（零点）`,
  every: DAY,
};
const SETTLEMENT = {
  en: (title: string) => `${title}, on the settlement day`,
  zh: (title: string) => `${title}（结算日）`,
  every: 31 * DAY,
};

export class DerivedPoints {
  readonly #directory: Directory;
  /** Told when descriptions have changed. */
  onAdded: (() => void) | undefined;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** What a corrected point was made of. */
  raw(device: string, point: string): void {
    if (this.#directory.derive(device, point, rawId(point), RAW)) this.onAdded?.();
  }

  /** Registers at midnight, and on the settlement day where there is one. */
  snapshots(
    registers: readonly { readonly device: string; readonly point: string }[],
    settles: boolean,
  ): void {
    for (const { device, point } of registers) {
      this.#directory.derive(device, point, midnightId(point), MIDNIGHT);
      if (settles) this.#directory.derive(device, point, settlementId(point), SETTLEMENT);
    }
    this.onAdded?.();
  }
}
