/**
 * The sign's side of the soak, a process of its own so that its memory is its own: boards of a fast street, the real screen
 * server, the real watch. Tells its parent once a few seconds how it does; ends with its parent.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { silent } from '../../agent/core/log.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { boardOf } from '../../agent/sign/screen/board-of.ts';
import { lightOf } from '../../agent/sign/screen/light.ts';
import { Names, romaniser } from '../../agent/sign/screen/names.ts';
import { startScreenServer } from '../../agent/sign/screen/server.ts';
import { Showing } from '../../agent/sign/screen/showing.ts';
import { type ScreenState, ScreenWatch } from '../../agent/sign/screen/watch.ts';
import { QR } from '../../tests/support/sign-states.ts';
import { HERE, MORNING, STREET_EXTRACT, STREET_ZONE } from '../../tests/support/sign-street.ts';
import { alertsAt, arrivalsAt, contentAt, quietAt } from './street.ts';

/** What is told to the parent. */
export interface Told {
  readonly url?: string;
  readonly state: ScreenState;
  readonly states: readonly ScreenState[];
  readonly problems: readonly string[];
  readonly restarts: number;
  readonly boards: number;
  readonly heap: number;
  readonly rss: number;
}

const [folder = '', rateText = '60'] = process.argv.slice(2);
const rate = Number(rateText);
const clock = new SystemClock();
const begun = clock.mono();
/** Starts at half past four in the morning, before the first bus. */
const from = MORNING - 4 * 3_600_000;
const now = () => from + (clock.mono() - begun) * rate;
const files = (await readdir(folder)).sort();
const playlist = {
  id: 'p',
  items: files.map((name, index) => ({
    sha256: String(index).padStart(64, '0'),
    size: 1,
    type: name.endsWith('.webm') ? ('video/webm' as const) : ('image/png' as const),
    seconds: 8,
    file: join(folder, name),
  })),
};
const languages = ['zh-CN', 'en'] as const;
const names = new Names(languages, await romaniser());
let palette: 'day' | 'night' = 'night';
const showing = new Showing({
  clock,
  log: silent,
  make: (run, seq) => {
    const at = now();
    const quiet = quietAt(at);
    const light = lightOf(
      { sun: 50 * Math.sin(((at - MORNING) / 86_400_000) * 2 * Math.PI + 0.4), quiet, byPage: true },
      palette,
    );
    palette = light.palette;
    return boardOf({
      run,
      seq,
      rate,
      timezone: STREET_ZONE,
      languages,
      names,
      stops: [HERE],
      device: { id: 'ZB-0817', phone: '0533-12345' },
      arrivals: arrivalsAt(at),
      extract: STREET_EXTRACT,
      alerts: alertsAt(at),
      content: contentAt(at, playlist),
      measured: [
        {
          id: 'temperature',
          title: names.texts({ 'zh-CN': '气温', en: 'Temperature' }),
          text: `${Math.round(at / 3_600_000) % 13} °C`,
        },
      ],
      light,
      quiet,
      feedback: ['on-time', 'late', 'dirty', 'broken'],
      mediaUrl: (hash) => `/media/${hash}`,
      qr: () => QR,
    });
  },
});
const states: ScreenState[] = [];
const problems: string[] = [];
const watch = new ScreenWatch({
  showing,
  clock,
  onState: (state, facts) => {
    states.push(state);
    problems.push(...facts.problems);
  },
});
const server = await startScreenServer({
  listen: { host: '127.0.0.1', port: 0 },
  showing,
  key: 'soak',
  onPainted: (painted) => watch.take(painted),
  onFeedback: async () => {},
  media: (hash) => {
    const item = playlist.items[Number(hash)];
    return item === undefined ? undefined : { path: item.file, type: item.type };
  },
  clock,
  log: silent,
  signal: new AbortController().signal,
});
const tell = () => {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const told: Told = {
    url: server.kioskUrl,
    state: watch.state,
    states,
    problems: problems.slice(-20),
    restarts: watch.restarts,
    boards: showing.current().board.seq,
    heap: heapUsed,
    rss,
  };
  process.send?.(told);
};
tell();
setInterval(tell, 5000);
process.on('disconnect', () => process.exit(0));
