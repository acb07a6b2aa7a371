/** Points that the agent makes of others: in the directory, and told to the uplinks. */
import { rawId } from '../core/derived.ts';
import type { Directory } from './describe.ts';

const RAW = {
  en: (title: string) => `${title}, as the device says it`,
  zh: (title: string) => `${title}（原值）`,
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
}
