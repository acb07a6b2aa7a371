/**
 * One session of an edge node over one connection: it waits for the primary host, gives birth, sends data behind
 * barriers, answers rebirths and commands, and dies properly.
 */
import { AgentError } from '../../core/errors.ts';
import type { SparkplugUplinkConfig } from '../../core/site.ts';
import type { Delivery, Message, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import type { Connection } from '../mqtt/connection.ts';
import type { Failover } from '../mqtt/failover.ts';
import { linkLost } from '../mqtt/reason.ts';
import { Barrier } from './barrier.ts';
import { HostCommands } from './commands.ts';
import { deathOf } from './death.ts';
import { HostWatch } from './host-state.ts';
import { type Plan, planOf } from './outgoing.ts';
import { RebirthGuard } from './rebirth.ts';
import type { Roster } from './roster.ts';
import { type Topics, topicsOf } from './topics.ts';
import { styleOf, Voice } from './voice.ts';

/** A clean goodbye takes at most this long, ms. */
const GOODBYE = 1000;
/** PUBLISH without payload and topic (MQTT 5 §3.3), and what frames the metrics of a payload. */
const OVERHEAD = 64;

export interface SessionOptions {
  readonly connection: Connection;
  readonly config: SparkplugUplinkConfig;
  readonly context: UplinkContext;
  readonly roster: Roster;
  readonly servers: Failover;
  /** 0 to 255: of this connection. */
  readonly bdSeq: number;
}

export class SparkplugSession implements UplinkSession {
  readonly closed: Promise<void>;
  readonly ready: Promise<void>;
  readonly maxBytes: number;
  readonly atOnce: number;
  /** By alias; by name it is some 20 bytes more. */
  readonly recordBytes = 56;
  readonly #options: SessionOptions;
  readonly #topics: Topics;
  readonly #voice: Voice;
  readonly #barrier: Barrier;
  readonly #rebirths: RebirthGuard;
  readonly #host = new HostWatch();
  readonly #born = Promise.withResolvers<void>();
  readonly #plans = new WeakMap<Message, Plan>();
  readonly #subscribed = new Set<string>();
  #reborn = Promise.withResolvers<void>();
  #state: 'waiting' | 'alive' | 'ended' = 'waiting';
  #why: AgentError | undefined;
  #patience: Disposable | undefined;
  #descriptions: ReturnType<UplinkContext['descriptions']> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { connection, config, context, roster } = options;
    const { client, maximumPacket, receiveMaximum } = connection;
    const { clock } = context;
    this.#topics = topicsOf(config.group, config.node);
    this.#voice = new Voice({
      ...options,
      client,
      maximumPacket,
      topics: this.#topics,
      tooLarge: (error) => connection.drop(error),
    });
    const longest = this.#topics.ofDevice('DDATA', 'd'.repeat(256)).length;
    this.maxBytes = Math.max(1, Math.min(config.maxMessage >> 1, maximumPacket - longest - OVERHEAD));
    this.atOnce = Math.min(config.inFlight, receiveMaximum);
    this.#barrier = new Barrier({
      clock,
      send: (answered) => this.#sendBarrier(answered),
      overdue: (reason) => connection.drop(reason),
    });
    this.#rebirths = new RebirthGuard(clock, config.rebirthEvery, () => {
      context.log.info('uplink.rebirth');
      this.#giveBirth();
    });
    this.ready = this.#born.promise;
    this.closed = connection.lost.catch((reason: unknown) => {
      this.#end();
      throw this.#why ?? linkLost(reason, connection.url);
    });
    this.closed.catch(() => {});
    const commands = new HostCommands({
      uplink: config.id,
      group: config.group,
      node: config.node,
      life: config.commandLife,
      roster,
      clock,
      log: context.log,
      submit: context.submit,
      answer: (result) => {
        if (this.#alive) this.#voice.result(result);
      },
      rebirth: () => this.#askedForRebirth(),
    });
    const state = config.primaryHost === undefined ? undefined : this.#topics.state(config.primaryHost);
    client.on('message', (topic, payload, packet) => {
      if (topic === state) this.#heardHost(payload);
      else commands.take(topic, payload, packet.retain);
    });
  }

  get remark(): string | undefined {
    const { config, connection, servers } = this.#options;
    return this.#state === 'waiting' && config.primaryHost !== undefined
      ? `connected to ${withoutSecrets(connection.url)}, waits for primary host ${config.primaryHost}, which is not online`
      : servers.remark;
  }

  /** Subscribes, and gives birth where nobody is waited for. Rejects with `AgentError` where a subscription is refused. */
  async begin(): Promise<void> {
    const { config, context, roster, servers } = this.#options;
    this.#describe();
    roster.begin();
    // [tck-id-message-flow-edge-node-ncmd-subscribe] Before any birth, with QoS 1.
    await this.#subscribe([
      this.#topics.of('NCMD'),
      ...this.#commandTopics(),
      ...(config.primaryHost === undefined ? [] : [this.#topics.state(config.primaryHost)]),
    ]);
    if (config.primaryHost === undefined) this.#giveBirth();
    else if (config.fallbacks !== undefined && this.#state === 'waiting') {
      this.#patience = context.clock.after(config.hostWait, () => {
        if (this.#state !== 'waiting') return;
        servers.failed();
        this.#leave(
          `primary host ${config.primaryHost} did not come online within ${config.hostWait / 1000} s`,
        );
      });
    }
  }

  size(message: Message): number {
    return Math.max(...this.#plan(message).packets.map(({ metrics }) => metrics.length));
  }

  async deliver(message: Message, signal: AbortSignal): Promise<Delivery> {
    while (this.#state === 'alive' && this.#rebirths.owed) await this.#reborn.promise;
    signal.throwIfAborted();
    if (this.#state !== 'alive' || !this.#options.connection.client.connected)
      return { kind: 'keep', reason: 'link lost' };
    this.#voice.data(this.#plan(message));
    const aborted = Promise.withResolvers<boolean>();
    const abort = () => aborted.resolve(false);
    signal.addEventListener('abort', abort, { once: true });
    const passed = await Promise.race([this.#barrier.passed(), aborted.promise]);
    signal.removeEventListener('abort', abort);
    if (passed && this.#alive) return { kind: 'accepted' };
    return { kind: 'keep', reason: 'no barrier passed behind it' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave('stopped');
  }

  get #alive(): boolean {
    return this.#state === 'alive';
  }

  #plan(message: Message): Plan {
    const { roster, config } = this.#options;
    this.#describe();
    let plan = this.#plans.get(message);
    if (plan === undefined || plan.version !== roster.version) {
      plan = planOf(message, roster, styleOf(config), this.#voice.now());
      this.#plans.set(message, plan);
    }
    return plan;
  }

  #giveBirth(): void {
    if (this.#state === 'ended') return;
    const { context, roster } = this.#options;
    // What was logged while nobody listened went by this session.
    if (this.#state === 'waiting') for (const reading of context.newest?.() ?? []) roster.see(reading);
    this.#voice.birth();
    this.#state = 'alive';
    this.#patience?.[Symbol.dispose]();
    this.#born.resolve();
    this.#reborn.resolve();
    this.#reborn = Promise.withResolvers();
  }

  #askedForRebirth(): void {
    if (this.#state !== 'alive') return;
    this.#rebirths.ask();
  }

  #heardHost(bytes: Uint8Array): void {
    const { servers, config } = this.#options;
    const state = this.#host.hear(bytes);
    if (state === undefined || this.#state === 'ended') return;
    if (state.online) {
      if (this.#state === 'waiting') this.#giveBirth();
      return;
    }
    // Nothing is gained by leaving the only server there is before anything was said.
    if (this.#state === 'waiting' && config.fallbacks === undefined) return;
    servers.failed();
    this.#leave(`primary host ${config.primaryHost} is offline`);
  }

  /** [tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath] Death first, then DISCONNECT. */
  async #leave(why: string): Promise<void> {
    const { connection, context, bdSeq } = this.#options;
    const { client, lost, version } = connection;
    const ended = lost.catch(() => {});
    if (this.#state !== 'ended') {
      this.#why = new AgentError(
        'link-lost',
        `link to server ${withoutSecrets(connection.url)} ended: ${why}`,
        {
          fix: 'See that the primary host runs and is connected to this server.',
        },
      );
      this.#end();
      if (client.connected) {
        const late = Promise.withResolvers<void>();
        const timer = context.clock.after(GOODBYE, late.resolve);
        const told = new Promise<void>((resolve) => {
          const death = Buffer.from(deathOf(bdSeq));
          client.publish(this.#topics.of('NDEATH'), death, { qos: 1, retain: false }, () => resolve());
        });
        // [tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50] Disconnect with will message.
        const goodbye = version === 5 ? { reasonCode: 0x04 } : {};
        await Promise.race([
          told.then(() => void client.end(false, goodbye)).then(() => ended),
          late.promise,
        ]);
        timer[Symbol.dispose]();
      }
    }
    client.end(true);
    // `end` does nothing more once a polite one waits for acknowledgements that never come.
    client.stream.destroy();
    await ended;
  }

  #end(): void {
    this.#state = 'ended';
    this.#patience?.[Symbol.dispose]();
    this.#rebirths.stop();
    this.#barrier.close();
    this.#reborn.resolve();
  }

  #describe(): void {
    const descriptions = this.#options.context.descriptions();
    if (descriptions === this.#descriptions) return;
    const first = this.#descriptions === undefined;
    this.#descriptions = descriptions;
    this.#options.roster.describe(descriptions);
    if (first) return;
    this.#subscribe(this.#commandTopics()).catch((error: unknown) =>
      this.#options.context.log.warn('uplink.no-commands', { error: String(error) }),
    );
  }

  /** [tck-id-message-flow-device-dcmd-subscribe] Of the devices that can be written to. */
  #commandTopics(): string[] {
    return [...this.#options.roster.devices.values()]
      .filter(({ metrics }) => [...metrics.values()].some(({ writable }) => writable))
      .map(({ id }) => this.#topics.ofDevice('DCMD', id));
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    const { connection } = this.#options;
    const fresh = topics.filter((topic) => !this.#subscribed.has(topic));
    if (fresh.length === 0) return;
    for (const topic of fresh) this.#subscribed.add(topic);
    const refused = (why: string, cause?: Error) =>
      new AgentError('broker-refused', `subscription to ${fresh.join(', ')} failed: ${why}`, {
        retryable: true,
        fix: 'Allow this client to subscribe to its commands and to the state of the primary host.',
        ...(cause === undefined ? {} : { cause }),
      });
    const granted = await connection.client.subscribeAsync(fresh, { qos: 1 }).catch((thrown: unknown) => {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      throw connection.client.connected ? refused(cause.message, cause) : linkLost(cause, connection.url);
    });
    if (granted.some(({ qos }) => qos >= 0x80)) throw refused('the server refused it');
  }

  #sendBarrier(answered: (error?: Error) => void): void {
    const { connection, config } = this.#options;
    const { client } = connection;
    if (config.barrierTopic === undefined) {
      client.subscribe(this.#topics.of('NCMD'), { qos: 1 }, (error) => answered(error ?? undefined));
    } else {
      client.publish(config.barrierTopic, Buffer.alloc(0), { qos: 1, retain: false }, (error) =>
        answered(error ?? undefined),
      );
    }
  }
}
