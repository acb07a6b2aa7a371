/**
 * Keeps an LED panel showing the sign: writes when something else is to be seen, looks whether it is seen, and gives the
 * panel texts of its own for when power returns and for when nothing is heard.
 */
import type { Clock } from '../../core/clock.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { SignLanguage } from '../../core/sign.ts';
import { PANEL_POINTS, panelText, type TextPanel } from '../../core/text-panel.ts';
import type { Face } from '../screen/face.ts';
import { labelIn } from '../screen/labels.ts';
import { panelPage, writable } from './page.ts';

export interface PanelOutletOptions {
  readonly panel: TextPanel;
  readonly face: () => Face;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

/** The face is looked at this often; a page stays this long, ms. */
const LOOK = 1_000;
const PAGE = 6_000;
/** A panel that has not heard anything for this long says so itself, s. Longer than any back-off of its line. */
const LOSS_AFTER = 120;
/** Own texts and settings are written again this often, ms: a panel may have been exchanged. */
const SETTINGS_EVERY = 10 * 60_000;
/** What is read must be what was written within this, ms. */
const DIFFERS_AFTER = 30_000;
const WAIT_AFTER_FAILURE = 5_000;

export class PanelOutlet implements AsyncDisposable {
  readonly #options: PanelOutletOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wanted = '';
  #differsSince: number | undefined;
  #told = false;
  #failed = false;

  constructor(options: PanelOutletOptions) {
    this.#options = options;
    this.#running = this.#run();
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
    const { clock, panel } = this.#options;
    const { signal } = this.#stop;
    const began = clock.mono();
    let settingsAt: number | undefined;
    let written: string | undefined;
    let brightness: number | undefined;
    while (!signal.aborted) {
      const now = clock.mono();
      const face = this.#options.face();
      if (settingsAt === undefined || now - settingsAt >= SETTINGS_EVERY) {
        if (await this.#settings(face)) settingsAt = now;
        [written, brightness] = [undefined, undefined];
      }
      const level = Math.round(face.brightness * 100);
      if (level !== brightness && (await this.#write(PANEL_POINTS.brightness, level))) brightness = level;
      this.#wanted = panelText(panelPage(face, panel.geometry, Math.floor((now - began) / PAGE)).rows);
      if (this.#wanted !== written || this.#differs(now)) {
        written = (await this.#write(PANEL_POINTS.text, this.#wanted)) ? this.#wanted : undefined;
      }
      await clock.sleep(written === undefined ? WAIT_AFTER_FAILURE : LOOK, signal).catch(() => {});
    }
  }

  /** Its own texts: they claim nothing, so they may be old. */
  async #settings({ languages, phone }: Face): Promise<boolean> {
    const language: SignLanguage = languages[0] ?? 'en';
    const { geometry } = this.#options.panel;
    const text = (...rows: readonly string[]) =>
      panelText(rows.slice(0, geometry.rows).map((row) => ({ text: writable(row, geometry), scroll: true })));
    const lost = labelIn(language, 'fault.text');
    return (
      (await this.#write(PANEL_POINTS.powerUp, text(labelIn(language, 'clock.lost')))) &&
      (await this.#write(PANEL_POINTS.loss, text(lost, phone))) &&
      (await this.#write(PANEL_POINTS.lossAfter, LOSS_AFTER))
    );
  }

  /** Whether the panel has been showing something else for a while; told once until it is right again. */
  #differs(now: number): boolean {
    const { panel, log, hub, clock } = this.#options;
    const shown = panel.read(PANEL_POINTS.text);
    if (shown === undefined || shown === this.#wanted) {
      if (this.#told && shown === this.#wanted) log.info('sign.panel-right', { panel: panel.id });
      if (shown === this.#wanted) this.#told = false;
      this.#differsSince = undefined;
      return false;
    }
    this.#differsSince ??= now;
    if (now - this.#differsSince < DIFFERS_AFTER) return false;
    if (!this.#told) {
      log.warn('sign.panel-differs', { panel: panel.id });
      hub.event({
        event: 'content',
        severity: 'warning',
        device: panel.id,
        time: clock.mono(),
        body: { what: 'panel-differs' },
      });
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
    if (!done && !this.#failed) log.warn('sign.panel-failed', { panel: panel.id, point, reason });
    if (done && this.#failed) log.info('sign.panel-back', { panel: panel.id });
    this.#failed = !done;
    return done;
  }
}
