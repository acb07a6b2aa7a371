/** Brightness of a panel through the kernel (Documentation/ABI/stable/sysfs-class-backlight). */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../core/log.ts';

export class Backlight {
  readonly #folder: string;
  readonly #log: Log;
  #written: number | undefined;
  #failed = false;
  #busy = false;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Sets it, 0…1; never all dark. Does nothing where it has not changed. Never rejects. */
  async set(brightness: number): Promise<void> {
    if (this.#busy || brightness === this.#written) return;
    this.#busy = true;
    try {
      const most = Number(await readFile(join(this.#folder, 'max_brightness'), 'utf8'));
      if (!(most > 0)) throw new RangeError(`max_brightness is ${most}`);
      const level = Math.max(1, Math.round(brightness * most));
      await writeFile(join(this.#folder, 'brightness'), String(level));
      this.#written = brightness;
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        this.#log.warn('sign.backlight_failed', { folder: this.#folder, error: String(error) });
      this.#failed = true;
    } finally {
      this.#busy = false;
    }
  }
}
