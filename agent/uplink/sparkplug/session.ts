/**
 * One session of an edge node over one connection: it waits for the primary host, gives birth, sends data behind
 * barriers, answers rebirths and commands, and dies properly. Numbers of messages (seq) live here, and nowhere else.
 */
import { wallAt } from '../../core/clock.ts';
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
import { birthMetric, inOrder, resultMetric } from './metrics.ts';
import { type Plan, planOf, type Style } from './outgoing.ts';
import { encodePayload, framePayload, type WrittenMetric } from './payload.ts';
import { RebirthGuard } from './rebirth.ts';
import { type Device, NODE, type Roster } from './roster.ts';
import { type Topics, topicsOf } from './topics.ts';

/** A clean goodbye takes at most this long, ms. */
const GOODBYE = 1000;
/** PUBLISH without payload and topic (MQTT 5 §3.3), and what frames the metrics of a payload. */
const OVERHEAD = 64;
/** A device of which readings of the past were sent is not buried so soon after them, ms. */
const REPLAY_REST = 60_000;

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
  readonly #options: SessionOptions;
  readonly #topics: Topics;
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
  #seq = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { connection, config, context, roster } = options;
    const { client, maximumPacket, receiveMaximum } = connection;
    const { clock } = context;
    this.#topics = topicsOf(config.group, config.node);
    const longest = this.#topics.ofDevice('DDATA', 'd'.repeat(256)).length;
    this.maxBytes = Math.max(1, Math.min(config.maxMessage >> 1, maximumPacket - longest - OVERHEAD));
    this.atOnce = Math.min(config.inFlight, receiveMaximum);
    this.#barrier = new Barrier({
      clock,
      send: (answered) => this.#sendBarrier(answered),
      overdue: (reason) => connection.drop(reason),
    });
    this.#rebirths = new RebirthGuard(clock, config.rebirthEvery, () => this.#giveBirth());
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
      answer: (result) => this.#answer(result),
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
    this.#send(this.#plan(message));
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
      plan = planOf(message, roster, styleOf(config), this.#now());
      this.#plans.set(message, plan);
    }
    return plan;
  }

  /** Everything in one turn, so that nothing comes between the numbers. */
  #send({ packets, readings, historical }: Plan): void {
    const { roster, context } = this.#options;
    if (!historical) for (const reading of readings) roster.see(reading);
    const now = this.#now();
    for (const { device: id, metrics } of packets) {
      const device = id === undefined ? undefined : roster.device(id);
      // [tck-id-payloads-ddata-order] No data of a device before its birth.
      if (device !== undefined) {
        const dead = !device.alive;
        if (device.stale || dead) this.#deviceBirth(device);
        // Born for its past alone: it rests a while before it is buried again.
        if (historical && (dead || device.replayed !== undefined)) device.replayed = context.clock.mono();
      }
      const topic =
        device === undefined ? this.#topics.of('NDATA') : this.#topics.ofDevice('DDATA', device.id);
      this.#publish(topic, framePayload(metrics, now, this.#next()));
    }
    if (!historical)
      for (const id of new Set(readings.map(({ device }) => device))) this.#bury(roster.device(id));
  }

  /** [tck-id-operational-behavior-device-ddeath] A device that cannot be reached any more is dead. */
  #bury(device: Device): void {
    const { roster, context } = this.#options;
    if (!device.alive) return;
    if (!roster.unreached(device)) {
      device.replayed = undefined;
      return;
    }
    if (device.replayed !== undefined && context.clock.mono() - device.replayed < REPLAY_REST) return;
    device.alive = false;
    device.replayed = undefined;
    const payload = encodePayload({ timestamp: this.#now(), seq: this.#next(), metrics: [] });
    this.#publish(this.#topics.ofDevice('DDEATH', device.id), payload);
  }

  /** The birth of the node, and of all its devices that can be reached. */
  #giveBirth(): void {
    if (this.#state === 'ended') return;
    const { config, bdSeq, roster, context } = this.#options;
    // What was logged while nobody listened went by this session.
    if (this.#state === 'waiting') for (const reading of context.newest?.() ?? []) roster.see(reading);
    const now = this.#now();
    const own: readonly WrittenMetric[] = [
      { name: 'bdSeq', timestamp: now, type: 'Int64', withType: true, value: bdSeq },
      // [tck-id-operational-behavior-data-commands-rebirth-name-aliases] No alias.
      { name: NODE.rebirth, timestamp: now, type: 'Boolean', withType: true, value: false },
    ];
    const others = [...roster.node.values()].map((known) => birthMetric(known, config.aliases, now));
    this.#seq = 0;
    const metrics = [...own, ...inOrder(others)];
    this.#publish(this.#topics.of('NBIRTH'), encodePayload({ timestamp: now, seq: this.#next(), metrics }));
    for (const device of roster.devices.values()) {
      if (device.metrics.size > 0 && !roster.unreached(device)) this.#deviceBirth(device);
      else device.alive = false;
    }
    this.#state = 'alive';
    this.#patience?.[Symbol.dispose]();
    this.#born.resolve();
    this.#reborn.resolve();
    this.#reborn = Promise.withResolvers();
  }

  #deviceBirth(device: Device): void {
    const { aliases } = this.#options.config;
    const now = this.#now();
    const metrics = inOrder([...device.metrics.values()].map((known) => birthMetric(known, aliases, now)));
    device.alive = true;
    device.stale = false;
    this.#publish(
      this.#topics.ofDevice('DBIRTH', device.id),
      encodePayload({ timestamp: now, seq: this.#next(), metrics }),
    );
  }

  #askedForRebirth(): void {
    if (this.#state !== 'alive') return;
    this.#options.context.log.info('uplink.rebirth', { owed: this.#rebirths.owed });
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

  /** Results go at once; that they may be lost is why they are events of the log too. */
  #answer(result: object): void {
    const known = this.#options.roster.node.get(NODE.result);
    if (!this.#alive || known === undefined) return;
    const now = this.#now();
    const metrics = [
      resultMetric(known, result, { ...styleOf(this.#options.config), historical: false }, now),
    ];
    this.#publish(this.#topics.of('NDATA'), encodePayload({ timestamp: now, seq: this.#next(), metrics }));
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
    const granted = await connection.client.subscribeAsync([...fresh], { qos: 1 });
    const refused = granted.find(({ qos }) => qos >= 0x80);
    if (refused === undefined) return;
    throw new AgentError('broker-refused', `subscription to ${refused.topic} failed: the server refused it`, {
      retryable: true,
      fix: 'Allow this client to subscribe to its commands and to the state of the primary host.',
    });
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

  /** [tck-id-topics-ddata-mqtt] QoS 0, not retained. */
  #publish(topic: string, payload: Uint8Array): void {
    const { client } = this.#options.connection;
    client.publish(topic, Buffer.from(payload.buffer, payload.byteOffset, payload.length), {
      qos: 0,
      retain: false,
    });
  }

  #next(): number {
    const seq = this.#seq;
    this.#seq = (seq + 1) % 256;
    return seq;
  }

  #now(): number {
    const { clock } = this.#options.context;
    return Math.trunc(wallAt(clock.mapping(), clock.mono()).time);
  }
}

function styleOf({ aliases, types }: SparkplugUplinkConfig): Style {
  return { alias: aliases, types };
}
