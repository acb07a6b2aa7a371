/**
 * The service link: a door for a unit that nobody reaches otherwise, six metres up and without a cable to it. A button
 * opens it, or power-up does while nobody has claimed the unit; it is for commissioning alone, asks for the code of the
 * label, closes by itself and leaves a trace of every use.
 */
import type { RequestListener } from 'node:http';
import { Socket } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ConsoleConfig, ServiceLinkConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import type { AgentView, PartHealth } from '../../core/view.ts';
import { ownCertificate } from '../access/certificate.ts';
import type { Grant } from '../access/role.ts';
import type { Sessions } from '../access/sessions.ts';
import { closeServer, isLoopback, makeTlsServer } from '../http.ts';
import { madeNames } from '../remote.ts';
import type { Claim } from './claim.ts';
import { isLabelCode, labelMade } from './label-code.ts';
import { answerNames, type Link } from './names.ts';
import { type OpenedNetwork, openNetwork, type Way } from './network.ts';
import type { Programs } from './programs.ts';

/** What it knows of the agent; a unit that is nobody's yet has little of one. */
export interface LinkView extends Pick<AgentView, 'audit' | 'now'> {
  readonly hub: Pick<AgentView['hub'], 'onReadings'>;
  readonly site: {
    readonly agent: { readonly id: string };
    readonly rate: number;
    readonly console: Pick<ConsoleConfig, 'remote'>;
  };
}

export interface ServiceLinkOptions {
  readonly config: ServiceLinkConfig;
  readonly listener: RequestListener;
  readonly view: LinkView;
  readonly sessions: Sessions;
  readonly claim: Pick<Claim, 'claimed'>;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly programs: Programs;
  /** ms since power-up of the machine. */
  readonly uptime: number;
  /** Where interfaces are, and the port of multicast DNS; for tests. */
  readonly system?: { readonly interfaces?: string; readonly mdnsPort?: number };
}

/** `claim`: somebody made the unit what it is over the link, and is still there. */
export type Opener = 'button' | 'power-up' | 'administrator' | 'claim';

export interface ServiceLinkState {
  readonly open: boolean;
  /** Unix epoch ms; null while it is closed. */
  readonly until: number | null;
  readonly by: Opener | null;
  readonly port: number;
  readonly claimed: boolean;
  /** When the code of the label was made, Unix epoch ms; null: there is no label yet, and nobody gets in. */
  readonly label: number | null;
  readonly ways: readonly Way[];
  /** Why it could not be opened the last time. */
  readonly trouble: string | null;
}

export const SERVICE_NAME = 'kerbside.local';
/** What whoever comes by the service link may: an administrator for commissioning alone. `person`: how he came. */
export function linkGrant(person: string): Grant {
  return { role: 'administrator', person, scopes: ['commission', 'read'] };
}

interface Opened extends AsyncDisposable {
  readonly by: Opener;
  readonly port: number;
  readonly ways: readonly Way[];
}

export class ServiceLink implements AsyncDisposable {
  readonly #options: ServiceLinkOptions;
  readonly #turns = new Turns();
  readonly #listening: Disposable | undefined;
  #opened: Opened | undefined;
  #until = 0;
  #timer: Disposable | undefined;
  #trouble: string | undefined;
  #pressed = false;
  #label: number | undefined;
  #ended = false;

  constructor(options: ServiceLinkOptions) {
    this.#options = options;
    const { config, view, claim, uptime, log } = options;
    const { button } = config;
    this.#listening =
      button &&
      view.hub.onReadings((readings) => {
        for (const { device, point, value, quality } of readings) {
          if (device !== button.device || point !== button.point || quality === 'bad') continue;
          const pressed = value === true;
          if (pressed && !this.#pressed) void this.open('button', config.lasts);
          this.#pressed = pressed;
        }
      });
    void this.#readLabel();
    if (config.powerUp && !claim.claimed && uptime < config.lasts)
      void this.open('power-up', config.lasts - uptime);
    else if (config.powerUp) log.debug('service.stays_closed', { claimed: claim.claimed, uptime_ms: uptime });
  }

  /** Opens it, or lets it stay open for as long again. Resolves when it is open, or when it is known why it is not. */
  open(by: Opener, lasts: number, who: string = by): Promise<void> {
    return this.#turns.take(async () => {
      const { view, log, clock } = this.#options;
      if (this.#ended) return;
      try {
        this.#opened ??= await this.#start(by);
        this.#trouble = undefined;
      } catch (thrown) {
        this.#trouble = asAgentError(thrown).message;
        log.error('service.open_failed', { by: who, error: this.#trouble });
        return;
      }
      this.#until = clock.mono() + lasts;
      this.#timer?.[Symbol.dispose]();
      this.#timer = clock.after(lasts, () => void this.close('time'));
      const { port, ways } = this.#opened;
      await this.#readLabel();
      const missing = ways.filter(({ up }) => !up).map(({ message }) => message);
      log.info('service.opened', {
        by: who,
        port,
        lasts_ms: lasts,
        ways: ways.map(({ message }) => message),
      });
      view.audit({ act: 'service-link-opened', who, port, minutes: Math.round(lasts / 60_000), missing });
    });
  }

  /** Closes it and ends every session that came in by it. */
  close(why: string): Promise<void> {
    return this.#turns.take(async () => {
      const opened = this.#opened;
      if (opened === undefined) return;
      this.#opened = undefined;
      this.#timer?.[Symbol.dispose]();
      const sessions = this.#options.sessions.endWhere(({ door }) => door === 'service');
      await opened[Symbol.asyncDispose]();
      this.#options.log.info('service.closed', { why, sessions });
      this.#options.view.audit({ act: 'service-link-closed', who: why, sessions });
    });
  }

  /** What the code of the label opens while the link is open. */
  async check(code: string): Promise<Grant | undefined> {
    if (this.#opened === undefined) return undefined;
    return (await isLabelCode(this.#options.stateDir, code)) ? linkGrant('label') : undefined;
  }

  state(): ServiceLinkState {
    const { config, claim, clock, view } = this.#options;
    const opened = this.#opened;
    return {
      open: opened !== undefined,
      until:
        opened === undefined ? null : Math.round(view.now() + (this.#until - clock.mono()) * view.site.rate),
      by: opened?.by ?? null,
      port: opened?.port ?? config.port,
      claimed: claim.claimed,
      label: this.#label ?? null,
      ways: opened?.ways ?? [],
      trouble: this.#trouble ?? null,
    };
  }

  health(): PartHealth {
    const { open, port, claimed, label, ways, trouble } = this.state();
    const missing = ways.filter(({ up }) => !up).map(({ message }) => message);
    const wrong =
      trouble ??
      (label === undefined || label === null
        ? 'no label was printed: nobody can come in by the service link'
        : undefined) ??
      (missing.length > 0 ? missing.join('; ') : undefined);
    const fix = trouble === null && label === null ? 'Print one: kerbside label --access.' : undefined;
    return {
      part: 'service-link',
      state: trouble !== null ? 'down' : wrong !== undefined ? 'degraded' : open ? 'ok' : 'off',
      since: Math.round(this.#options.view.now()),
      ...(wrong === undefined ? {} : { message: wrong }),
      ...(fix === undefined ? {} : { fix }),
      facts: { open, port, claimed },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening?.[Symbol.dispose]();
    const closed = this.close('stop');
    this.#ended = true;
    await closed;
  }

  async #readLabel(): Promise<void> {
    this.#label = await labelMade(this.#options.stateDir).catch(() => undefined);
  }

  async #start(by: Opener): Promise<Opened> {
    const { config, listener, view, stateDir, log, programs, system } = this.#options;
    await using stack = new AsyncDisposableStack();
    const { hosts = [], listen } = view.site.console.remote ?? {};
    // The very certificate of the remote door where both are made by the agent, so that one fingerprint is on the label.
    const names = madeNames(view.site.agent.id, listen?.host ?? '::', hosts);
    const pair = await ownCertificate(stateDir, names, view.now());
    const network: OpenedNetwork = stack.use(
      await openNetwork({
        config,
        programs,
        ...(system?.interfaces === undefined ? {} : { interfaces: system.interfaces }),
      }),
    );
    const own = network.ways.flatMap(({ interface: name, up }) => (name !== undefined && up ? [name] : []));
    const server = makeTlsServer('service', listener, pair);
    // A unit has other networks, too: the operator's, the modem's. Nobody comes from there.
    server.on('connection', (socket) => {
      if (!(socket instanceof Socket && isNear(socket.localAddress ?? '', own))) socket.destroy();
    });
    stack.defer(() => closeServer(server));
    const port = await listenOn(server, config.port);
    const answering = await answerNames({
      names: [SERVICE_NAME, `${view.site.agent.id}.local`],
      links: linksOf(own),
      log,
      ...(system?.mdnsPort === undefined ? {} : { port: system.mdnsPort }),
    }).catch((thrown) => {
      log.warn('service.names_failed', { error: asAgentError(thrown).message });
      return undefined;
    });
    if (answering !== undefined) stack.use(answering);
    const owned = stack.move();
    return { by, port, ways: network.ways, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }
}

/** Whether a connection came over a link of its own: to a link-local address, this machine's own, or one of `interfaces`. */
export function isNear(address: string, interfaces: readonly string[], all = networkInterfaces()): boolean {
  const plain = plainAddress(address);
  if (isLoopback(plain) || isLinkLocal(plain)) return true;
  return interfaces.some((name) => (all[name] ?? []).some((one) => one.address === plain));
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address) || address.startsWith('169.254.');
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** Interfaces with the addresses that connections are taken on. */
function linksOf(own: readonly string[], all = networkInterfaces()): readonly Link[] {
  return Object.entries(all).flatMap(([name, list = []]) => {
    const addresses = list.filter(
      ({ address, internal }: NetworkInterfaceInfo) => !internal && isNear(address, own, all),
    );
    return addresses.length === 0 ? [] : [{ name, addresses }];
  });
}

async function listenOn(server: ReturnType<typeof makeTlsServer>, port: number): Promise<number> {
  const on = (host: string) =>
    new Promise<number>((resolve, reject) => {
      const failed = (error: Error) => reject(error);
      server.once('error', failed);
      server.listen(port, host, () => {
        server.off('error', failed);
        const address = server.address();
        resolve(address === null || typeof address === 'string' ? port : address.port);
      });
    });
  // A kernel without IPv6 is no reason to stay closed.
  return on('::').catch((error) => (error.code === 'EAFNOSUPPORT' ? on('0.0.0.0') : Promise.reject(error)));
}
