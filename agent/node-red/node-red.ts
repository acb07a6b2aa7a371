/**
 * Keeps Node-RED: own token, restarted with back-off, watched from outside, flows stopped after three crashes. It is a child
 * of the agent, or a service of its own where the site file names a socket. Metering never waits for it.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { NodeRedConfig } from '../core/site.ts';
import { supervise } from '../core/supervise.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import { flowChild } from './child.ts';
import type { FlowProcess } from './process.ts';
import { flowSecret } from './secret.ts';
import { flowService } from './service.ts';
import { CrashWatch } from './watch.ts';

export interface NodeRedOptions {
  readonly config: NodeRedConfig;
  /** flows/runtime/main.js, flows/nodes and flows/examples as URLs. */
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
}

export interface NodeRed extends AsyncDisposable {
  /** Address with a one-time ticket, good for 60 s; undefined while it is not up. */
  ticket(): string | undefined;
  health(): PartHealth;
}

/** Start must show an editor within this, ms. */
const START_DEADLINE = 30_000;
const TICKET_LIFE = 60_000;

export function startNodeRed(options: NodeRedOptions): NodeRed {
  const { clock, log, config } = options;
  const stop = new AbortController();
  const watch = new CrashWatch(clock);
  const open =
    config.socket === undefined
      ? flowChild({ entry: options.entry, heap: config.heap, userDir: options.userDir, log })
      : flowService(config.socket);
  let current: FlowProcess | undefined;
  let port: number | undefined;
  let health: PartHealth = part('starting');

  function part(
    state: HealthState,
    message?: string,
    fix?: string,
    facts: PartHealth['facts'] = {},
  ): PartHealth {
    return {
      part: 'node-red',
      state,
      since: Date.now(),
      facts,
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
    const safe = watch.flowsSuspect();
    const running = await open(signal);
    current = running;
    running.send({
      type: 'start',
      host: config.host,
      port: config.port,
      userDir: options.userDir,
      nodesDir: options.nodesDir.pathname,
      example: options.example.pathname,
      secret: await flowSecret(join(options.userDir, '..')),
      agent: options.agent,
      safe,
    });
    using patience = clock.after(START_DEADLINE, () => running.kill());
    running.onMessage((message) => {
      if (message.type === 'ready' && Number.isInteger(message.port)) {
        patience[Symbol.dispose]();
        port = message.port;
        if (port !== config.port) log.warn('node-red.port-taken', { wanted: config.port, got: port });
        healthy();
        tell(
          safe
            ? part(
                'degraded',
                'flows are stopped: Node-RED crashed three times within ten minutes',
                'open the flows, mend the one that was changed last, press Deploy',
              )
            : part('ok', undefined, undefined, { port }),
        );
      }
      if (message.type === 'beat') watch.beat(message.heapBytes, message.loopDelayMs);
    });
    using looping = watch.guard(() => {
      log.error('node-red.looping', { silent_ms: CrashWatch.SILENCE });
      running.kill();
    });
    const end = () => void stopProcess(running, clock);
    signal.addEventListener('abort', end, { once: true });
    try {
      await running.ended;
    } finally {
      signal.removeEventListener('abort', end);
      looping[Symbol.dispose]();
      current = undefined;
      port = undefined;
    }
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
    health: () => ({ ...health, facts: { ...health.facts, ...watch.facts() } }),
    ticket: () => {
      if (current === undefined || port === undefined) return undefined;
      const ticket = randomBytes(24).toString('base64url');
      current.send({ type: 'ticket', ticket, expires: Date.now() + TICKET_LIFE });
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
