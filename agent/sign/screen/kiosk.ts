/**
 * The browser in front of the rider. Either the agent's own child, started with flags that leave no way out of the page
 * (docs/sign/kiosk.md), or somebody else's, who is told by a file to start it anew.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { KioskConfig } from '../../core/sign/screen.ts';
import { supervise } from '../../core/supervise.ts';
import type { Clock } from '../../core/time/clock.ts';

/** Each says what it takes away. */
export const KIOSK_FLAGS: readonly string[] = [
  // One window, no frame, no tabs, no bars.
  '--kiosk',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-infobars',
  '--noerrdialogs',
  '--hide-crash-restore-bubble',
  '--disable-session-crashed-bubble',
  // Fingers: no pinch, no swipe back, no pulling to reload, no long-press menu.
  '--disable-pinch',
  '--overscroll-history-navigation=0',
  '--pull-to-refresh=0',
  '--disable-features=TranslateUI,Translate,MediaRouter,OptimizationHints,InterestFeedContentSuggestions,TouchTextEditingRedesign,GlobalMediaControls,HardwareMediaKeyHandling,AutofillServerCommunication',
  // Nothing asks anybody anything, and nothing calls home.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-translate',
  '--disable-notifications',
  '--disable-print-preview',
  '--disable-extensions',
  '--disable-breakpad',
  '--deny-permission-prompts',
  '--password-store=basic',
  '--autoplay-policy=no-user-gesture-required',
  // A card is not worn out by a cache that is never used: 16 MB.
  '--disk-cache-size=16777216',
];

/** Arguments of a kiosk at `url` with its profile in `profile`. */
export function kioskArguments(
  url: string,
  profile: string,
  more: readonly string[] = [],
): readonly string[] {
  return [...KIOSK_FLAGS, `--user-data-dir=${profile}`, ...more, url];
}

export interface KioskOptions {
  readonly config: Exclude<KioskConfig, { readonly kind: 'none' }>;
  readonly url: string;
  /** Folder of its own; the profile in it is thrown away at each start. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Kiosk extends AsyncDisposable {
  /** Ends the browser and starts it anew. */
  restart(why: string): void;
}

/** Time between asking a browser to end and ending it, ms. */
const GRACE = 3000;

export function startKiosk(options: KioskOptions): Kiosk {
  return options.config.kind === 'file' ? fileKiosk(options.config.file, options) : childKiosk(options);
}

/** A path unit of systemd watches the file; what is written is for people. */
function fileKiosk(file: string, { url, log }: KioskOptions): Kiosk {
  const write = (text: string) =>
    mkdir(dirname(file), { recursive: true })
      .then(() => writeFile(file, `${text}\n`, { mode: 0o644 }))
      .catch((error) => log.warn('sign.restart_file_unwritten', { file, error: String(error) }));
  void writeFile(`${file}.url`, `${url}\n`, { mode: 0o600 }).catch((error) =>
    log.warn('sign.restart_file_unwritten', { file: `${file}.url`, error: String(error) }),
  );
  return {
    restart: (why) => void write(why),
    [Symbol.asyncDispose]: async () => {},
  };
}

function childKiosk({ config, url, folder, clock, log }: KioskOptions): Kiosk {
  const stop = new AbortController();
  let child: ChildProcess | undefined;
  const generation = async (healthy: () => void, signal: AbortSignal) => {
    if (config.kind !== 'chromium') return;
    const profile = join(folder, 'profile');
    // A profile that a crash has damaged, or a page has filled, is gone with its browser.
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    signal.throwIfAborted();
    const args = kioskArguments(url, profile, config.args);
    const one = spawn(config.browser, args, { stdio: 'ignore', detached: true });
    child = one;
    const ended = new Promise<string>((resolve, reject) => {
      one.once('error', (cause) =>
        reject(
          new AgentError('not-found', `start of the kiosk failed: ${cause.message} (${config.browser})`, {
            cause,
            fix: 'Install chromium, or set sign.screen.browser to its path.',
          }),
        ),
      );
      one.once('exit', (code, by) => resolve(by ?? `exit code ${code}`));
    });
    one.once('spawn', healthy);
    const abort = () => void endGroup(one, clock);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const how = await ended;
      throw new AgentError('internal', `the kiosk ended: ${how}`, { fix: 'It is started anew by itself.' });
    } finally {
      signal.removeEventListener('abort', abort);
      killGroup(one, 'SIGKILL');
      child = undefined;
    }
  };
  const running = supervise(generation, {
    clock,
    signal: stop.signal,
    onDown: (error, retryIn) =>
      log.warn('sign.kiosk_down', { error: error.message, retry_in_ms: Math.round(retryIn) }),
    onUp: () => log.info('sign.kiosk_up', {}),
  });
  return {
    restart: (why) => {
      log.warn('sign.kiosk_restart', { why });
      if (child !== undefined) void endGroup(child, clock);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

async function endGroup(child: ChildProcess, clock: Clock): Promise<void> {
  killGroup(child, 'SIGTERM');
  await clock.sleep(GRACE);
  if (child.exitCode === null && child.signalCode === null) killGroup(child, 'SIGKILL');
}

/** A browser is many processes: the group of its first one. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // They are gone.
  }
}
