/** Keeps vision within its budget: what frames cost and how hot the processor is decide how many are looked at. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VISION_BUDGET, type VisionBudget } from '../core/camera.ts';
import type { Mono } from '../core/reading.ts';

/** Weight of the newest frame in the mean cost. */
const SMOOTHING = 0.05;
const KEPT_DECODES = 32;
/** Heat is looked at this often, ms. */
const HEAT_PERIOD = 10_000;
/** Each look above the limit takes a fifth of the frames, each one this far below it gives some back, K. */
const COOLER = 5;
const [LESS, MORE, LEAST] = [0.8, 1.1, 0.1];

export type Limit = 'cpu-budget' | 'temperature';

export interface GovernorOptions {
  /** Frames per second asked for. */
  readonly rate: number;
  readonly budget?: VisionBudget;
  /** °C of the hottest zone; undefined where the machine does not say. */
  readonly temperature?: () => Promise<number | undefined>;
}

export class Governor {
  readonly #rate: number;
  readonly #budget: VisionBudget;
  readonly #temperature: () => Promise<number | undefined>;
  #cost: number | undefined;
  #decodes: readonly number[] = [];
  #heatFactor = 1;
  #heatDue: Mono = Number.NEGATIVE_INFINITY;
  #celsius: number | undefined;

  constructor({ rate, budget = VISION_BUDGET, temperature = hottest }: GovernorOptions) {
    this.#rate = rate;
    this.#budget = budget;
    this.#temperature = temperature;
  }

  /**
   * Takes what a frame cost: `cpu`, ms of the vision thread; `decode`, ms that passed while it was decoded, which is done
   * in a thread whose time nobody tells. What others do to the machine only makes it longer, so the shorter ones count.
   */
  spent(cpu: number, decode: number): void {
    this.#decodes = [...this.#decodes, decode].slice(-KEPT_DECODES);
    const quarter = [...this.#decodes].sort((a, b) => a - b)[this.#decodes.length >> 2] ?? decode;
    const ms = cpu + quarter;
    this.#cost = this.#cost === undefined ? ms : this.#cost + SMOOTHING * (ms - this.#cost);
  }

  /** Looks at the thermometer when it is due. Never rejects. */
  async feel(now: Mono): Promise<void> {
    if (now < this.#heatDue) return;
    this.#heatDue = now + HEAT_PERIOD;
    const celsius = await this.#temperature().catch(() => undefined);
    this.#celsius = celsius;
    if (celsius === undefined) this.#heatFactor = 1;
    else if (celsius >= this.#budget.temperature) this.#heatFactor = Math.max(LEAST, this.#heatFactor * LESS);
    else if (celsius <= this.#budget.temperature - COOLER) {
      this.#heatFactor = Math.min(1, this.#heatFactor * MORE);
    }
  }

  /** Frames per second that may be looked at, and what keeps them below what was asked for. */
  get allowed(): { readonly rate: number; readonly limit: Limit | undefined } {
    const byCpu =
      this.#cost === undefined ? this.#rate : (this.#budget.cpu * 1000) / Math.max(0.1, this.#cost);
    const byHeat = this.#rate * this.#heatFactor;
    const rate = Math.min(this.#rate, byCpu, byHeat);
    if (rate >= this.#rate) return { rate: this.#rate, limit: undefined };
    return { rate, limit: byHeat < byCpu ? 'temperature' : 'cpu-budget' };
  }

  get facts(): { readonly core_ms: number | null; readonly celsius: number | null } {
    const round = (value: number | undefined) => (value === undefined ? null : Math.round(value * 10) / 10);
    return { core_ms: round(this.#cost), celsius: round(this.#celsius) };
  }
}

/** The kernel's thermometers (Documentation/driver-api/thermal/sysfs-api.rst): millidegrees Celsius. */
async function hottest(root = '/sys/class/thermal'): Promise<number | undefined> {
  const names = await readdir(root).catch(() => []);
  const zones = names.filter((name) => name.startsWith('thermal_zone'));
  const read = await Promise.all(
    zones.map(async (zone) => Number(await readFile(join(root, zone, 'temp'), 'utf8').catch(() => ''))),
  );
  // A zone without a sensor reads 0.
  const degrees = read.filter((value) => Number.isFinite(value) && value > 0).map((value) => value / 1000);
  return degrees.length === 0 ? undefined : Math.max(...degrees);
}
