/** The screen of a sign put together: what it shows from arrivals, alerts, content and sensors; its server, kiosk and watch. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'uqr';
import { sunElevation } from '../../control/lighting/sun.ts';
import { type BoardLight, type BoardMeasured, FEEDBACK, type QrRows, type Tile } from '../../core/board.ts';
import type { Publisher, Recorder, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { good } from '../../core/reading.ts';
import { SCREEN_PERIOD } from '../../core/sign/points.ts';
import type { ScreenConfig, ScreenView } from '../../core/sign/screen.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import type { Site } from '../../core/site.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import { zoneOffset } from '../../core/time/zone.ts';
import type { PartHealth, Preview } from '../../core/view.ts';
import { CameraView } from '../../sign/camera-view.ts';
import type { RunningContent } from '../../sign/content/content.ts';
import { FeedbackBox } from '../../sign/feedback.ts';
import { Backlight } from '../../sign/screen/backlight.ts';
import { boardOf } from '../../sign/screen/board-of.ts';
import type { Kiosk, KioskOptions } from '../../sign/screen/kiosk.ts';
import { label } from '../../sign/screen/labels.ts';
import { lightOf } from '../../sign/screen/light.ts';
import { Names, romaniser } from '../../sign/screen/names.ts';
import { isQuiet } from '../../sign/screen/quiet.ts';
import { seenOf } from '../../sign/screen/seen.ts';
import { startScreenServer } from '../../sign/screen/server.ts';
import { Showing } from '../../sign/screen/showing.ts';
import { type ScreenState, ScreenWatch } from '../../sign/screen/watch.ts';
import type { Sign } from './sign.ts';

export interface SignScreenOptions {
  readonly sign: SignConfig;
  readonly screen: ScreenConfig;
  readonly site: Site;
  readonly parts: Sign;
  readonly content: RunningContent | undefined;
  readonly preview: (camera: string, blur: true) => Promise<Preview | undefined>;
  readonly clock: Clock;
  readonly hub: Recorder & Subscription;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onHealth: (part: PartHealth) => void;
  /** Starts the browser of the panel, or gives the one that runs at that address. */
  readonly kiosk: (options: KioskOptions) => Promise<Kiosk>;
}

export interface SignScreen extends AsyncDisposable {
  readonly url: string;
  readonly kioskUrl: string;
  readonly showing: Showing;
  readonly watch: ScreenWatch;
  /** What riders see now. */
  readonly view: () => ScreenView;
}

/** A value older than this is measured no more, ms. */
const STALE = 10 * 60_000;

export async function startSignScreen(options: SignScreenOptions): Promise<SignScreen> {
  const { sign, screen, site, parts, content, clock, hub, log, signal } = options;
  await using stack = new AsyncDisposableStack();
  const folder = join(parts.folder, 'screen');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = await keyOf(join(folder, 'key'));
  const make = await boardMaker(options);
  const showing = stack.use(new Showing({ make, clock, log }));
  stack.use(parts.arrivals.onBoard(() => showing.changed()));
  stack.use(parts.alerts.onChange(() => showing.changed()));
  if (content !== undefined) stack.use(content.onChange(() => showing.changed()));
  const holder: { watch?: ScreenWatch; kiosk?: Kiosk } = {};
  const answers = new FeedbackBox({ sign: sign.id, clock, hub, seen: () => seenOn(showing) });
  const server = stack.use(
    await startScreenServer({
      listen: screen.listen,
      hosts: screen.hosts,
      showing,
      key,
      onPainted: (painted) => holder.watch?.take(painted) ?? [],
      ...(screen.feedback ? { onFeedback: answers.take } : {}),
      media: (hash) => {
        const file = content?.mediaFile(hash);
        return file === undefined ? undefined : { path: file.path, type: file.item.type };
      },
      ...(screen.camera === undefined
        ? {}
        : { camera: new CameraView({ camera: screen.camera, preview: options.preview, clock }).picture }),
      clock,
      log,
      signal,
    }),
  );
  const { kiosk: config } = screen;
  const watch = stack.use(
    new ScreenWatch({
      showing,
      clock,
      onState: (state, { problems }) => options.onHealth(healthOf(state, problems, clock, config.kind)),
      ...(config.kind === 'none' ? {} : { restart: (why: string) => holder.kiosk?.restart(why) }),
    }),
  );
  holder.watch = watch;
  if (config.kind !== 'none') {
    holder.kiosk = await options.kiosk({ config, url: server.kioskUrl, folder, clock, log });
  }
  stack.use(tellReadings(sign.id, watch, showing, clock, hub));
  if (screen.backlight !== undefined) {
    const backlight = new Backlight(screen.backlight, log);
    stack.use(showing.onBoard(({ board }) => void backlight.set(board.light.brightness)));
  }
  log.info('sign.screen', { url: server.url, kiosk: config.kind, site: site.id });
  const owned = stack.move();
  return {
    url: server.url,
    kioskUrl: server.kioskUrl,
    showing,
    watch,
    view: () => {
      const made = showing.current();
      return {
        ...seenOf(made, (clock.mono() - made.at) * made.board.rate),
        state: watch.state,
        problems: watch.problems,
        restarts: watch.restarts,
        unproven: watch.unproven(),
        url: server.url,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a rider had before him when he answered. */
function seenOn(showing: Showing) {
  const { lines, dataAge } = showing.current().board;
  const states = lines.map(({ badge, arrivals, state }) => `${badge} ${arrivals[0]?.state ?? state}`);
  return { lines: states.slice(0, 12).join(', '), data_age_s: Math.round((dataAge ?? 0) / 1000) };
}

async function boardMaker(
  options: SignScreenOptions,
): Promise<(run: string, seq: number) => ReturnType<typeof boardOf>> {
  const { sign, screen, site, parts, content, clock, hub } = options;
  const [first, second] = sign.languages;
  const romanise = first === 'zh-CN' || second === 'zh-CN' ? await romaniser() : undefined;
  const names = new Names(sign.languages, romanise, screen.names);
  const title =
    sign.title === undefined
      ? undefined
      : names.texts({
          en: sign.title.en,
          ...(sign.title.zh === undefined ? {} : { 'zh-CN': sign.title.zh }),
        });
  const offset = zoneOffset(site.timezone);
  const codes = new Map<string, QrRows | undefined>();
  const codeOf = (url: string) => {
    if (!codes.has(url)) codes.set(url, qrOf(url));
    return codes.get(url);
  };
  let palette: BoardLight['palette'] = 'day';
  return (run, seq) => {
    const mono = clock.mono();
    const wall = wallAt(clock.mapping(), mono);
    const known = trusted(wall.rank);
    const quiet = known && isQuiet(sign.quiet, wall.time + offset(wall.time));
    const lux = luxOf(options, mono);
    const light = lightOf(
      {
        ...(lux === undefined ? {} : { lux }),
        ...(known ? { sun: sunElevation(site.position, wall.time) } : {}),
        quiet,
        byPage: screen.backlight === undefined,
      },
      palette,
    );
    palette = light.palette;
    const heard = parts.feeds().flatMap(({ lastNew }) => lastNew ?? []);
    const extract = parts.timetable()?.extract;
    const board = boardOf({
      run,
      seq,
      rate: clock.mapping().rate,
      timezone: extract?.timezone ?? site.timezone,
      languages: sign.languages,
      names,
      ...(title === undefined ? {} : { title }),
      stops: sign.stops,
      device: { id: site.agent.id, phone: screen.phone },
      arrivals: parts.arrivals.board(),
      extract,
      alerts: parts.alerts.active(),
      ...(heard.length === 0 ? {} : { dataAge: (mono - Math.max(...heard)) * clock.mapping().rate }),
      content: content?.shown(sign.id),
      measured: measured(options, mono),
      light,
      quiet,
      feedback: screen.feedback ? FEEDBACK : [],
      ...(screen.camera === undefined ? {} : { camera: '/camera' }),
      mediaUrl: (hash) => `/media/${hash}`,
      qr: codeOf,
    });
    const tile = phoneTile(options, codeOf);
    return tile === undefined ? board : { ...board, tiles: [tile, ...board.tiles] };
  };

  function luxOf({ screen: { light } }: SignScreenOptions, mono: number): number | undefined {
    if (light === undefined) return undefined;
    const reading = hub.latest(light.device, light.point);
    if (reading?.quality !== 'good' || typeof reading.value !== 'number' || mono - reading.time > STALE) {
      return undefined;
    }
    return reading.value;
  }
}

/** Unit as riders read it, and decimals. */
const MEASURED = {
  temperature: ['°C', 1],
  humidity: ['%', 0],
  pm25: ['µg/m³', 0],
  noise: ['dB', 0],
} as const;

function measured({ sign, site, hub }: SignScreenOptions, mono: number): readonly BoardMeasured[] {
  return (site.content?.measured ?? []).flatMap(({ kind, device, point }) => {
    const reading = hub.latest(device, point);
    const { value, quality, time } = reading ?? {};
    if (typeof value !== 'number' || quality === 'bad' || time === undefined || mono - time > STALE)
      return [];
    const [unit, decimals] = MEASURED[kind];
    const title = label(sign.languages, `measured.${kind}`);
    return [{ id: kind, title, text: `${value.toFixed(decimals)} ${unit}` }];
  });
}

/** The way to the phone page, where the site file says how phones reach it. */
function phoneTile({ sign }: SignScreenOptions, code: (url: string) => QrRows | undefined): Tile | undefined {
  const url = sign.outlets?.phone?.url;
  const qr = url === undefined ? undefined : code(url);
  return qr === undefined
    ? undefined
    : { id: 'phone', kind: 'phone', title: label(sign.languages, 'tile.phone'), qr };
}

function qrOf(url: string): QrRows | undefined {
  try {
    return encode(url, { border: 0 }).data.map((row) => row.map((dark) => (dark ? '1' : '0')).join(''));
  } catch {
    // Longer than a code can hold.
    return undefined;
  }
}

/** The secret half of the panel's address; the same after a restart, so that a browser that stays open is believed. */
async function keyOf(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (/^[\w-]{32}$/.test(kept)) return kept;
  const key = randomBytes(24).toString('base64url');
  await writeFile(file, key, { mode: 0o600 });
  return key;
}

function healthOf(
  state: ScreenState,
  problems: readonly string[],
  clock: Clock,
  kiosk: ScreenConfig['kiosk']['kind'],
): PartHealth {
  const message = problems[0];
  const ill = state === 'dark' || state === 'frozen' || state === 'wrong';
  return {
    part: 'sign:screen',
    state: state === 'proven' ? 'ok' : ill ? 'down' : 'starting',
    since: wallAt(clock.mapping(), clock.mono()).time,
    ...(ill ? { message: `the screen is ${state}: ${message ?? 'nothing is known of it'}` } : {}),
    ...(ill
      ? {
          fix:
            kiosk === 'none'
              ? 'Open the address of the screen, with its key, in the browser of the panel (docs/sign/kiosk.md).'
              : 'It is started anew by itself; look at the panel if that does not help.',
        }
      : {}),
    facts: { state, problems: problems.length },
  };
}

/** What the screen says of itself as readings of the sign, once a minute and at every change. */
function tellReadings(
  device: string,
  watch: ScreenWatch,
  showing: Showing,
  clock: Clock,
  hub: Publisher,
): Disposable {
  let counted = 0;
  const tell = () => {
    const time = clock.mono();
    const unproven = watch.unproven();
    hub.readings([
      good({ device, point: 'screen-proven', unit: '1' }, watch.state === 'proven', time),
      good({ device, point: 'screen-unproven', unit: 's' }, Math.round((unproven - counted) / 1000), time),
      good({ device, point: 'screen-restarts', unit: '1' }, watch.restarts, time),
      good(
        { device, point: 'screen-brightness', unit: '%' },
        Math.round(showing.current().board.light.brightness * 100),
        time,
      ),
    ]);
    counted = unproven;
    timer = clock.after(SCREEN_PERIOD, tell);
  };
  let timer = clock.after(SCREEN_PERIOD, tell);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
