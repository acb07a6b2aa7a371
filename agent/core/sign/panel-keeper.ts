/**
 * Keeps a text panel showing what is to be seen, on a sign or a pole: writes when that changes, looks whether it is seen, and
 * gives the panel texts of its own for when power returns and for when nothing is heard, so that no old message comes back.
 */

import type { Publisher } from '../hub.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../time/clock.ts';
import { PANEL_POINTS, type TextPanel } from './text-panel.ts';

/** What a panel is to show, as it stands now. Texts as `panelText` makes them. */
export interface PanelShow {
  /** Text of page `index`, which counts on without end. */
  page(index: number): string;
  /** % */
  readonly brightness: number;
  readonly powerUp: string;
  readonly loss: string;
  /** s; 0: never. */
  readonly lossAfter: number;
}

export interface PanelKeeperOptions {
  readonly panel: TextPanel;
  /** Asked once a second. */
  readonly show: () => PanelShow;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

/** It is looked at this often; a page stays this long, ms. */
const LOOK = 1000;
const PAGE = 6000;
/** Own texts and settings are written again this often, ms: a panel may have been exchanged. */
const SETTINGS_EVERY = 10 * 60_000;
/** What is read must be what was written within this, ms. */
const DIFFERS_AFTER = 30_000;
const AFTER_FAILURE = 5000;

export class PanelKeeper implements AsyncDisposable {
  readonly #options: PanelKeeperOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wanted = '';
  #differsSince: number | undefined;
  #told = false;
  #failed = false;

  constructor(options: PanelKeeperOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Id of the panel's device. */
  get id(): string {
    return this.#options.panel.id;
  }

  /** What it should show now. */
  get wanted(): string {
    return this.#wanted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    const began = clock.mono();
    let settled: number | undefined;
    let written: string | undefined;
    let brightness: number | undefined;
    while (!signal.aborted) {
      const now = clock.mono();
      const show = this.#options.show();
      if (settled === undefined || now - settled >= SETTINGS_EVERY) {
        settled = (await this.#settings(show)) ? now : undefined;
        [written, brightness] = [undefined, undefined];
      }
      if (show.brightness !== brightness && (await this.#write(PANEL_POINTS.brightness, show.brightness))) {
        brightness = show.brightness;
      }
      this.#wanted = show.page(Math.floor((now - began) / PAGE));
      if (this.#wanted !== written || this.#differs(now)) {
        written = (await this.#write(PANEL_POINTS.text, this.#wanted)) ? this.#wanted : undefined;
      }
      const done = written !== undefined && settled !== undefined;
      await clock.sleep(done ? LOOK : AFTER_FAILURE, signal).catch(() => {});
    }
  }

  async #settings({ powerUp, loss, lossAfter }: PanelShow): Promise<boolean> {
    return (
      (await this.#write(PANEL_POINTS.powerUp, powerUp)) &&
      (await this.#write(PANEL_POINTS.loss, loss)) &&
      (await this.#write(PANEL_POINTS.lossAfter, lossAfter))
    );
  }

  /** Whether the panel has been showing something else for a while; told once until it is right again. */
  #differs(now: number): boolean {
    const { panel, log, hub } = this.#options;
    const shown = panel.read(PANEL_POINTS.text);
    if (shown === undefined || shown === this.#wanted) {
      if (shown === this.#wanted && this.#told) {
        log.info('panel.right', { panel: panel.id });
        this.#told = false;
      }
      this.#differsSince = undefined;
      return false;
    }
    this.#differsSince ??= now;
    if (now - this.#differsSince < DIFFERS_AFTER) return false;
    if (!this.#told) {
      const event = { event: 'content', severity: 'warning', device: panel.id, time: now } as const;
      hub.event({ ...event, body: { what: 'panel-differs' } });
      log.warn('panel.differs', { panel: panel.id });
    }
    this.#told = true;
    this.#differsSince = now;
    return true;
  }

  async #write(point: string, value: string | number): Promise<boolean> {
    if (this.#stop.signal.aborted) return false;
    const { panel, log } = this.#options;
    const { state, reason } = await panel.write(point, value);
    const done = state === 'done';
    if (!done && !this.#failed) log.warn('panel.failed', { panel: panel.id, point, reason: reason ?? state });
    if (done && this.#failed) log.info('panel.back', { panel: panel.id });
    this.#failed = !done;
    return done;
  }
}
