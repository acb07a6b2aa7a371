/**
 * Talks to the service manager (sd_notify(3)) through the program `systemd-notify`, for Node opens no datagram sockets of
 * the file system: ready, stopping, and a watchdog that is fed only while a look at the whole agent finds it working.
 * Without NOTIFY_SOCKET (a shell, a container, a test) everything here does nothing.
 */
import { execFile } from 'node:child_process';
import { asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

export interface ServiceManager {
  /** The agent is up; `status` is the line that `systemctl status` shows. */
  ready(status: string): void;
  /** It is on its way down. */
  stopping(): void;
  /**
   * Feeds the watchdog, three times in its period, while `check` resolves in time. Where it does not, the manager ends the
   * process at the end of the period and starts it again.
   */
  watch(check: () => Promise<void>): Disposable;
}

const NOTHING: ServiceManager = { ready() {}, stopping() {}, watch: () => ({ [Symbol.dispose]() {} }) };

/** `env`: NOTIFY_SOCKET and WATCHDOG_USEC (µs) as systemd sets them. */
export function serviceManager(env: NodeJS.ProcessEnv, log: Log): ServiceManager {
  if (env.NOTIFY_SOCKET === undefined) return NOTHING;
  let told = false;
  const notify = (...words: string[]) =>
    execFile('systemd-notify', words, { timeout: 10_000 }, (error) => {
      if (error === null || told) return;
      told = true;
      log.error('service.notify-failed', { error: error.message, fix: 'install systemd, or set Type=exec' });
    });
  return {
    ready: (status) => void notify('--ready', `--status=${status}`),
    stopping: () => void notify('STOPPING=1'),
    watch(check) {
      const period = Number(env.WATCHDOG_USEC) / 1000;
      if (!(period > 0)) return NOTHING.watch(check);
      let looking = false;
      const timer = setInterval(async () => {
        // A look that hangs is itself the finding: none is begun beside it.
        if (looking) return;
        looking = true;
        try {
          await check();
          notify('WATCHDOG=1');
        } catch (thrown) {
          log.error('service.unwell', { error: asAgentError(thrown).message });
        }
        looking = false;
      }, period / 3);
      timer.unref();
      return { [Symbol.dispose]: () => clearInterval(timer) };
    },
  };
}
