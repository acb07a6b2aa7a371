/**
 * Keeps one text panel of the pole showing what is to be seen: writes when that changes, looks whether it is seen, and gives
 * the panel texts of its own for when power returns and for when nothing is heard, so that no old message comes back.
 */
import type { Clock } from '../../core/clock.ts';
import type { Content, Texts } from '../../core/content.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { ScreenConfig } from '../../core/pole.ts';
import { PANEL_POINTS, panelText, type TextPanel } from '../../core/text-panel.ts';
import type { LotState } from './guidance.ts';
import { pageOf, pagesOf } from './rows.ts';

/** It is looked at this often; a page stays this long, ms. */
const LOOK = 1000;
const PAGE = 6000;
/** Own texts and settings are written again this often, ms: a panel may have been exchanged. */
const SETTINGS_EVERY = 10 * 60_000;
/** What is read must be what was written within this, ms. */
const DIFFERS_AFTER = 30_000;
const AFTER_FAILURE = 5000;

export interface ScreenOptions {
  readonly screen: ScreenConfig;
  readonly panel: TextPanel;
  /** Undefined: the site has no signed content, and only guidance is shown. */
  readonly content: Content | undefined;
  readonly lots: () => readonly LotState[];
  readonly night: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

export class Screen implements AsyncDisposable {
  readonly #options: ScreenOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wanted = '';
  #differs: number | undefined;
  #told = false;
  #failed = false;

  constructor(options: ScreenOptions) {
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
    const { clock, screen, content, lots, night } = this.#options;
    const { signal } = this.#stop;
    const began = clock.mono();
    let settled: number | undefined;
    let written: string | undefined;
    let brightness: number | undefined;
    while (!signal.aborted) {
      const now = clock.mono();
      if (settled === undefined || now - settled >= SETTINGS_EVERY) {
        settled = (await this.#settings()) ? now : undefined;
        [written, brightness] = [undefined, undefined];
      }
      const level = night() ? screen.brightness.night : screen.brightness.day;
      if (level !== brightness && (await this.#write(PANEL_POINTS.brightness, level))) brightness = level;
      const pages = pagesOf(content?.shown(screen.device), lots(), screen.geometry, this.#plainDefault());
      const page = pages[Math.floor((now - began) / PAGE) % Math.max(1, pages.length)] ?? [];
      this.#wanted = panelText(page);
      if (this.#wanted !== written || this.#differ(now)) {
        written = (await this.#write(PANEL_POINTS.text, this.#wanted)) ? this.#wanted : undefined;
      }
      const done = written !== undefined && settled !== undefined;
      await clock.sleep(done ? LOOK : AFTER_FAILURE, signal).catch(() => {});
    }
  }

  #plainDefault(): Texts | undefined {
    const { screen, content } = this.#options;
    return screen.default === undefined ? undefined : content?.plain(screen.default);
  }

  async #settings(): Promise<boolean> {
    const { screen } = this.#options;
    const own = (template: string | undefined) => this.#ownText(template);
    return (
      (await this.#write(PANEL_POINTS.powerUp, own(screen.powerUp))) &&
      (await this.#write(PANEL_POINTS.loss, own(screen.loss))) &&
      (await this.#write(PANEL_POINTS.lossAfter, screen.lossAfter))
    );
  }

  /** The text of a signed template; blank where there is none, for an old message is worse than none. */
  #ownText(template: string | undefined): string {
    const { screen, content } = this.#options;
    const texts = template === undefined ? undefined : content?.plain(template);
    return texts === undefined ? '' : panelText(pageOf(texts, screen.geometry));
  }

  /** Whether the panel has been showing something else for a while; told once until it is right again. */
  #differ(now: number): boolean {
    const { panel, log, hub } = this.#options;
    const shown = panel.read(PANEL_POINTS.text);
    if (shown === undefined || shown === this.#wanted) {
      if (shown === this.#wanted && this.#told) {
        log.info('screen.right', { screen: panel.id });
        this.#told = false;
      }
      this.#differs = undefined;
      return false;
    }
    this.#differs ??= now;
    if (now - this.#differs < DIFFERS_AFTER) return false;
    if (!this.#told) {
      const event = { event: 'content', severity: 'warning', device: panel.id, time: now } as const;
      hub.event({ ...event, body: { what: 'panel-differs' } });
      log.warn('screen.differs', { screen: panel.id });
    }
    this.#told = true;
    this.#differs = now;
    return true;
  }

  async #write(point: string, value: string | number): Promise<boolean> {
    if (this.#stop.signal.aborted) return false;
    const { panel, log } = this.#options;
    const { state, reason } = await panel.write(point, value);
    const done = state === 'done';
    if (!done && !this.#failed)
      log.warn('screen.failed', { screen: panel.id, point, reason: reason ?? state });
    if (done && this.#failed) log.info('screen.back', { screen: panel.id });
    this.#failed = !done;
    return done;
  }
}
