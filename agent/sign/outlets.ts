/**
 * Where a sign is seen and heard besides its screen: the phone page, LED panels, the voice. All of them tell the same face
 * of the same board; each is kept alive by itself.
 */

import type { ShownMessage } from '../core/content/content.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { OutletsConfig } from '../core/sign/outlets.ts';
import { PanelKeeper } from '../core/sign/panel-keeper.ts';
import type { SignLanguage } from '../core/sign/sign.ts';
import type { TextPanel } from '../core/sign/text-panel.ts';
import type { Clock } from '../core/time/clock.ts';
import { trusted, wallAt } from '../core/time/clock.ts';
import { zoneOffset } from '../core/time/zone.ts';
import type { PartHealth } from '../core/view.ts';
import { panelShow } from './led/show.ts';
import { PhoneDoor } from './phone/door.ts';
import type { SpokenText } from './phone/page.ts';
import { type Face, faceOf } from './screen/face.ts';
import type { Made, Showing } from './screen/showing.ts';
import { Announcer } from './speech/announcer.ts';
import { findEngine } from './speech/engine.ts';
import { boardInLanguage } from './speech/language.ts';

export interface OutletsOptions {
  readonly config: OutletsConfig;
  /** Id of the sign. */
  readonly sign: string;
  readonly languages: readonly SignLanguage[];
  readonly timezone: string;
  readonly showing: Pick<Showing, 'current' | 'onBoard'>;
  /** Signed messages shown on the sign now. */
  readonly messages: () => readonly ShownMessage[];
  readonly panel: (device: string) => TextPanel | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Publisher & Subscription;
  /** Folders of programs. Default: PATH of the process. */
  readonly path?: string;
}

export interface Outlets extends AsyncDisposable {
  /** Address of the phone page, where it could be listened on at the start. */
  readonly phone?: string;
  readonly announcer?: Announcer;
  health(): readonly PartHealth[];
}

/** Announcements that the phone page shows. */
const ON_PAGE = 5;

/** Never rejects for what one of them cannot do: health tells of it. */
export async function startOutlets(options: OutletsOptions): Promise<Outlets> {
  const { config, showing, clock, log, hub, languages } = options;
  await using stack = new AsyncDisposableStack();
  const face = (): Face => agedFace(showing.current(), clock);
  const announcer = config.speech === undefined ? undefined : await startSpeech(options, stack);
  for (const { device } of config.panels) {
    const panel = options.panel(device);
    if (panel === undefined) continue;
    const show = () => panelShow(face(), panel.geometry);
    stack.use(new PanelKeeper({ panel, show, clock, log, hub }));
  }
  const offset = zoneOffset(options.timezone);
  const spoken = (): readonly SpokenText[] =>
    (announcer?.transcript() ?? []).slice(0, ON_PAGE).map(({ text, at }) => {
      const { time, rank } = wallAt(clock.mapping(), at);
      const local = new Date(time + offset(time)).toISOString().slice(11, 16);
      return { text, ...(trusted(rank) ? { time: local } : {}) };
    });
  const phone =
    config.phone === undefined
      ? undefined
      : stack.use(new PhoneDoor({ listen: config.phone.listen, face, spoken, clock, log }));
  await phone?.tried();
  log.info('sign.outlets', { panels: config.panels.length, phone: phone?.url ?? null, languages });
  const owned = stack.move();
  return {
    ...(phone?.url === undefined ? {} : { phone: phone.url }),
    ...(announcer === undefined ? {} : { announcer }),
    health: () => [phone, announcer].flatMap((part) => (part === undefined ? [] : [part.health()])),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The face of a board by the time that has passed since it was made. */
function agedFace({ board, at }: Made, clock: Clock): Face {
  return faceOf(board, (clock.mono() - at) * board.rate);
}

async function startSpeech(
  {
    config,
    sign,
    languages,
    showing,
    messages,
    clock,
    log,
    hub,
    path = process.env.PATH ?? '',
  }: OutletsOptions,
  stack: AsyncDisposableStack,
): Promise<Announcer | undefined> {
  const { speech } = config;
  if (speech === undefined) return undefined;
  const engine = await findEngine({ voices: speech.voices, path });
  const made = new Announcer({
    sign,
    languages,
    showing: () => {
      const { board, at } = showing.current();
      const elapsed = (clock.mono() - at) * board.rate;
      return { board, face: ([language = 'en']) => faceOf(boardInLanguage(board, language), elapsed) };
    },
    messages,
    engine,
    volume: speech.volume,
    clock,
    log,
    hub,
  });
  stack.use(made);
  log.info('sign.speech', { engine: engine?.name ?? null });
  stack.use(showing.onBoard(() => made.look()));
  const { button } = speech;
  if (button !== undefined) {
    let held = hub.latest(button.device, button.point)?.value === true;
    stack.use(
      hub.onReadings((readings) => {
        for (const { device, point, value } of readings) {
          if (device !== button.device || point !== button.point) continue;
          if (value === true && !held) made.press();
          held = value === true;
        }
      }),
    );
  }
  return made;
}
