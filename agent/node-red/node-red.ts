/**
 * Keeps Node-RED: own token, restarted with back-off, watched from outside. After three ends by the flows it starts with the
 * flows stopped, so that somebody can mend them in the editor; where nobody does, the last state that ran well comes back.
 * It is a child of the agent, or a service of its own where the site file names a socket. Metering never waits for it.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AgentEvent } from '../core/record.ts';
import type { NodeRedConfig } from '../core/site.ts';
import { supervise } from '../core/supervise.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import { flowChild } from './child.ts';
import type { FlowMessage, FlowProcess } from './process.ts';
import { flowSecret } from './secret.ts';
import { flowService } from './service.ts';
import { CrashWatch } from './watch.ts';
import { culpritText, endedText, restoredText } from './words.ts';

export interface NodeRedOptions {
  readonly config: NodeRedConfig;
  /** flows/runtime/main.js, the folder of the palette and the flow of the first start as URLs. */
  readonly entry: URL;
  readonly nodesDir: URL;
  readonly example: URL;
  /** Folder of its own inside the state folder. */
  readonly userDir: string;
  /** The agent's local API and a token of technician scope. */
  readonly agent: { readonly url: string; readonly token: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly onHealth: (part: PartHealth) => void;
  /** What happened to the flows, for the log and the city. */
  readonly onEvent: (severity: AgentEvent['severity'], body: AgentEvent['body']) => void;
}

export interface NodeRed extends AsyncDisposable {
  /** Address with a one-time ticket for `by`, good for 60 s; undefined while it is not up. */
  ticket(by?: string): string | undefined;
  health(): PartHealth;
}

/** Start must show an editor within this, ms. */
const START_DEADLINE = 60_000;
const TICKET_LIFE = 60_000;
/** Stopped flows that nobody mends for so long give way to the last state that ran well, ms. */
export const RETURN_AFTER = 600_000;

export function startNodeRed(options: NodeRedOptions): NodeRed {
  const { clock, log, config, onEvent } = options;
  const stop = new AbortController();
  const watch = new CrashWatch(clock);
  const open =
    config.socket === undefined
      ? flowChild({ entry: options.entry, userDir: options.userDir, log })
      : flowService(config.socket);
  let current: FlowProcess | undefined;
  let port: number | undefined;
  /** Why the next start goes back to the last good state. */
  let back: string | undefined;
  let health: PartHealth = part('starting');

  function part(state: HealthState, message?: string, fix?: string): PartHealth {
    return {
      part: 'node-red',
      state,
      since: wallAt(clock.mapping(), clock.mono()).time,
      facts: {},
      ...(message === undefined ? {} : { message }),
      ...(fix === undefined ? {} : { fix }),
    };
  }
  function tell(next: PartHealth): void {
    const changed = next.state !== health.state || next.message !== health.message;
    health = changed ? next : { ...next, since: health.since };
    if (changed) options.onHealth(health);
  }

  async function generation(healthy: () => void, signal: AbortSignal): Promise<void> {
    const suspect = back === undefined ? watch.suspect() : undefined;
    const why = back;
    const running = await open(signal);
    current = running;
    watch.started();
    running.send({
      type: 'start',
      host: config.host,
      port: config.port,
      userDir: options.userDir,
      nodesDir: fileURLToPath(options.nodesDir),
      example: fileURLToPath(options.example),
      secret: await flowSecret(join(options.userDir, '..')),
      agent: options.agent,
      heap: config.heap,
      safe: suspect !== undefined,
      ...(why === undefined ? {} : { back: why }),
    });
    await using own = new AsyncDisposableStack();
    own.defer(() => {
      current = undefined;
      port = undefined;
    });
    const patience = own.use(clock.after(START_DEADLINE, () => running.kill()));
    let last: Extract<FlowMessage, { type: 'ended' }> | undefined;
    let unmended: Disposable | undefined;
    own.defer(() => unmended?.[Symbol.dispose]());
    const running_ = new Promise<never>((_, reject) => {
      running.onMessage((message) => {
        if (message.type === 'ready' && Number.isInteger(message.port)) {
          patience[Symbol.dispose]();
          port = message.port;
          back = undefined;
          if (port !== config.port && config.port !== 0)
            log.warn('node-red.port-taken', { wanted: config.port, got: port });
          healthy();
          const { restored } = message;
          if (restored !== undefined) {
            const text = restoredText(restored);
            log.warn('node-red.restored', { message: text });
            onEvent('warning', { part: 'node-red', what: 'flows-restored', message: text, ...restored });
          } else if (why !== undefined) watch.forget();
          if (suspect === undefined) return tell(part('ok', ...(restored ? [restoredText(restored)] : [])));
          tell(stopped(suspect));
          unmended = clock.after(RETURN_AFTER, () => {
            back = `${suspect.who ?? 'a flow'} ended Node-RED ${suspect.count} times, and nobody mended it`;
            watch.forget();
            reject(new AgentError('thread-died', `going back to the flows that ran last: ${back}`));
          });
        }
        if (message.type === 'beat') watch.beat(message.heapBytes, message.loopDelayMs);
        if (message.type === 'deployed') {
          const { version, by } = message;
          unmended?.[Symbol.dispose]();
          watch.forget();
          onEvent('info', { part: 'node-red', what: 'flows-deployed', version, by });
          tell(part('ok'));
        }
        if (message.type === 'ended') last = message;
      });
    });
    running_.catch(() => {});
    own.use(
      watch.guard(() => {
        log.error('node-red.silent', { silent_ms: CrashWatch.SILENCE });
        running.kill();
      }),
    );
    const end = () => void stopProcess(running, clock);
    signal.addEventListener('abort', end, { once: true });
    own.defer(() => signal.removeEventListener('abort', end));
    try {
      await Promise.race([running.ended, running_]);
    } catch (error) {
      if (signal.aborted) {
        await running.ended.catch(() => {});
        throw error;
      }
      if (back !== undefined && last === undefined) {
        await stopProcess(running, clock);
        throw error;
      }
      if (port === undefined && last === undefined) throw error;
      const who = culpritText(last?.culprit);
      watch.ended(who);
      if (last === undefined) throw error;
      const text = endedText(last);
      const { flow = '', node = '', id = '', sure = 'likely' } = last.culprit ?? {};
      log.error('node-red.flow-stopped', { why: last.why, flow, node, id, sure, error: last.error ?? '' });
      onEvent('warning', {
        part: 'node-red',
        what: 'flow-stopped',
        why: last.why,
        flow,
        node,
        id,
        sure,
        message: text,
      });
      throw new AgentError('thread-died', text, { cause: error });
    }
  }

  function stopped({ count, who }: { count: number; who: string | undefined }): PartHealth {
    const named = who === undefined ? 'a flow' : who;
    return part(
      'degraded',
      `flows are stopped: ${named} ended Node-RED ${count} times`,
      `open the flows, mend ${named}, press Deploy; if nobody does within 10 min the last flows that ran well come back`,
    );
  }

  const ended = supervise(generation, {
    clock,
    signal: stop.signal,
    onDown: (error, retryIn) => {
      log.error('node-red.down', { error: error.message, retry_in_ms: Math.round(retryIn) });
      tell(part('down', error.message, 'it is restarted by itself; metering goes on without it'));
    },
    onUp: () => log.info('node-red.up'),
  });

  return {
    health: () => ({
      ...health,
      facts: { ...watch.facts(), ...(port === undefined ? {} : { port }) },
    }),
    ticket: (by = 'technician') => {
      if (current === undefined || port === undefined) return undefined;
      const ticket = randomBytes(24).toString('base64url');
      current.send({ type: 'ticket', ticket, expires: Date.now() + TICKET_LIFE, by });
      return `http://${editorHost(config.host)}:${port}/auth/strategy/callback?ticket=${ticket}`;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** Cookies know hosts, not ports: on loopback the editor goes by another name than the console, so none is shared. */
function editorHost(host: string): string {
  if (host === '127.0.0.1') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function stopProcess(running: FlowProcess, clock: Clock): Promise<void> {
  running.send({ type: 'stop' });
  using _ = clock.after(2000, () => running.kill());
  await running.ended.catch(() => {});
}
