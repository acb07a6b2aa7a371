/** The door from elsewhere: TLS on an address of the network, where the site file turns it on. */
import type { RequestListener } from 'node:http';
import { networkInterfaces } from 'node:os';
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { RemoteConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { PartHealth } from '../core/view.ts';
import type { DoorNames } from './access/guard.ts';
import { type CertificateState, KeptCertificate } from './access/kept-certificate.ts';
import { bracketed, closeServer, makeTlsServer } from './http.ts';
import { listenNear } from './listen.ts';

export interface RemoteOptions {
  readonly wanted: RemoteConfig;
  readonly listener: RequestListener;
  /** Id of the agent. */
  readonly agent: string;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly now: () => number;
}

export interface Remote extends AsyncDisposable {
  /** `https://192.168.7.20:8443`; undefined while it is shut. */
  readonly url: string | undefined;
  certificate(): CertificateState | undefined;
  health(): readonly PartHealth[];
}

/** Tried again after this time where it could not be opened, ms. */
export const AGAIN = 60_000;

/**
 * Keeps the door open. Where it cannot be (no certificate, address taken), the rest of the agent goes on, health says why,
 * and it is tried again.
 */
export async function keepRemote(options: RemoteOptions): Promise<Remote> {
  const { clock, log, wanted, now } = options;
  const since = Math.round(now());
  let opened: OpenRemote | undefined;
  let trouble: AgentError | undefined;
  let timer: Disposable | undefined;
  let trying: Promise<void> = Promise.resolve();
  let ended = false;
  const attempt = async () => {
    try {
      const got = await openRemote(options);
      if (ended) await got[Symbol.asyncDispose]();
      else opened = got;
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (error.message !== trouble?.message) log.error('console.remote_failed', { error: error.message });
      trouble = error;
      if (ended) return;
      timer = clock.after(AGAIN, () => {
        trying = attempt();
      });
    }
  };
  await attempt();
  return {
    get url() {
      return opened?.url;
    },
    certificate: () => opened?.certificate(),
    health: () =>
      opened?.health() ?? [
        {
          part: 'certificate',
          state: 'down',
          since,
          message: trouble?.message ?? 'the door from elsewhere is shut',
          ...(trouble?.fix === undefined ? {} : { fix: trouble.fix }),
          facts: { listen: `${wanted.listen.host}:${wanted.listen.port}` },
        },
      ],
    [Symbol.asyncDispose]: async () => {
      ended = true;
      timer?.[Symbol.dispose]();
      await trying;
      await opened?.[Symbol.asyncDispose]();
    },
  };
}

interface OpenRemote extends AsyncDisposable {
  readonly url: string;
  certificate(): CertificateState;
  health(): readonly PartHealth[];
}

/** Rejects with `config-invalid` where the named files are no certificate, with `address-taken` or `port-denied`. */
async function openRemote(options: RemoteOptions): Promise<OpenRemote> {
  const { wanted, listener, agent, stateDir, clock, log, now } = options;
  const { listen, hosts } = wanted;
  await using stack = new AsyncDisposableStack();
  const kept = stack.use(
    await KeptCertificate.open({
      ...(wanted.certificate === undefined ? {} : { files: wanted.certificate }),
      stateDir,
      names: madeNames(agent, listen.host, hosts),
      clock,
      log,
      now,
    }),
  );
  const server = makeTlsServer('remote', listener, kept.pair);
  stack.defer(() => closeServer(server));
  const port = await listenNear(server, listen, log);
  stack.use(kept.serve(server));
  const host = hosts[0] ?? (isEvery(listen.host) ? (addresses()[0] ?? '127.0.0.1') : listen.host);
  const url = `https://${bracketed(host)}:${port}`;
  const { fingerprint, keyFingerprint, made } = kept.state();
  log.info('console.remote', { url, made, fingerprint, key_fingerprint: keyFingerprint });
  const since = Math.round(now());
  const owned = stack.move();
  return {
    url,
    certificate: () => kept.state(),
    health: () => {
      const { state, message, fix, until, made: own } = kept.state();
      return [
        {
          part: 'certificate',
          state,
          since,
          ...(message === undefined ? {} : { message }),
          ...(message === undefined || fix === undefined ? {} : { fix }),
          facts: { until, made: own, url },
        },
      ];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Under which names the door may be asked. */
export function remoteNames({ listen, hosts }: RemoteConfig): DoorNames {
  return {
    hosts: [...(isEvery(listen.host) ? [] : [bracketed(listen.host)]), ...hosts].map((host) =>
      host.toLowerCase(),
    ),
    everyAddress: isEvery(listen.host),
  };
}

/** What a made certificate is for. Addresses that come and go by DHCP are left out: it would be made anew each time. */
export function madeNames(agent: string, host: string, hosts: readonly string[]): readonly string[] {
  const own = [...hosts, `${agent}.local`, 'kerbside.local', ...(isEvery(host) ? [] : [host])];
  return [...new Set(own.map((name) => name.toLowerCase()))];
}

function isEvery(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Addresses of this machine that others may reach. */
function addresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address),
  );
}
