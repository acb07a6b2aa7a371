/**
 * Building-energy sub-metering upload (分项能耗数据传输技术导则): XML over TCP with a login, heart-beats, reports and resends
 * after a break. docs/uplinks/building-energy.md
 */

import { AgentError, asAgentError } from '../../core/errors.ts';
import type { BuildingEnergyUplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import { defineUplink, type UplinkContext, type UplinkSession } from '../../core/uplink.ts';
import { addressText, CONNECT_DEADLINE, type Dial, tcpDial, unreachable } from '../dial.ts';
import { issuesOf } from './check.ts';
import { type Keys, keyBytes } from './cipher.ts';
import { Link } from './link.ts';
import { md5Of } from './login.ts';
import { memoryOf } from './memory.ts';
import { platformOf } from './platform.ts';
import { commonOf, EnergySession } from './session.ts';
import { element, operationOf, type Telegram, writeTelegram } from './telegram.ts';

interface Secrets {
  readonly key: string | undefined;
  readonly secret: string;
}

/** `dial` opens the pipe to the centre. */
export function buildingEnergyOver(dial: Dial) {
  return defineUplink<BuildingEnergyUplinkConfig>({
    kind: 'building-energy',
    books(config, context) {
      const { sampler } = memoryOf(config, context);
      const { clock } = context;
      const now = wallAt(clock.mapping(), clock.mono()).time;
      return { [`${sampler.every / 60_000}min`]: sampler.books(now) };
    },
    async connect(config, context, signal) {
      const [issue] = issuesOf(config);
      if (issue !== undefined) {
        const fix = issue.fix === undefined ? {} : { fix: issue.fix };
        const what = `uplink ${config.id} refused: ${issue.path.join('.')}: ${issue.message}`;
        throw new AgentError('config-invalid', what, { ...fix, retryable: false });
      }
      const { key, secret = '', nextKey, nextSecret } = config;
      const now: Secrets = { key, secret };
      if (nextKey === undefined && nextSecret === undefined) return login(dial, config, context, now, signal);
      try {
        return await login(dial, config, context, now, signal);
      } catch (thrown) {
        const error = asAgentError(thrown);
        if (error.code !== 'auth-failed') throw thrown;
        const next: Secrets = { key: nextKey ?? key, secret: nextSecret ?? secret };
        const session = await login(dial, config, context, next, signal);
        context.log.info('building-energy.next-key', { uplink: config.id });
        return session;
      }
    },
  });
}

export const buildingEnergy = buildingEnergyOver(tcpDial);

async function login(
  dial: Dial,
  config: BuildingEnergyUplinkConfig,
  context: UplinkContext,
  { key, secret }: Secrets,
  signal: AbortSignal,
): Promise<UplinkSession> {
  const { clock, log } = context;
  const platform = platformOf(config.platform, config.settings);
  const limit = new AbortController();
  const abort = () => limit.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  using _timer = clock.after(CONNECT_DEADLINE, () =>
    limit.abort(new AgentError('timeout', 'no answer in time')),
  );
  let link: Link | undefined;
  let session: EnergySession | undefined;
  try {
    const stream = await dial(config, clock, limit.signal);
    const answers = new Answers(limit.signal, stream.closed);
    link = new Link({
      stream,
      platform,
      keys: keysOf(config, key),
      clock,
      log,
      hear: (telegram) => (session === undefined ? answers.take(telegram) : session.hear(telegram)),
    });
    const common = commonOf(config, platform);
    const say = (operation: string, inner: string) =>
      link?.send('id_validate', writeTelegram(common, 'id_validate', operation, inner));
    await say('request', '');
    const { sequence = '' } = await answers.next('sequence');
    await say('md5', element('md5', md5Of(sequence, secret, platform.md5)));
    const { result = '' } = await answers.next('result');
    if (result !== 'pass') throw refused(config, `the centre answered ${result === '' ? 'nothing' : result}`);
    session = new EnergySession(link, config, context, platform, memoryOf(config, context));
    const lost = session;
    void stream.closed.then(() => lost.lose('closed by the centre'));
    return session;
  } catch (thrown) {
    const complaint = link?.complaint;
    await link?.[Symbol.asyncDispose]();
    if (signal.aborted) throw signal.reason;
    if (complaint !== undefined) throw refused(config, complaint);
    const error = asAgentError(thrown);
    if (error.code === 'timeout')
      throw unreachable(config, `no login within ${CONNECT_DEADLINE / 1000} s`, thrown);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function refused(config: BuildingEnergyUplinkConfig, why: string): AgentError {
  return new AgentError('auth-failed', `login at ${addressText(config)} failed: ${why}`, {
    retryable: true,
    fix: 'Check building, gateway, key, secret and platform of this uplink with the operator of the centre.',
  });
}

function keysOf({ iv }: BuildingEnergyUplinkConfig, key: string | undefined): Keys {
  const keyed = key === undefined ? undefined : keyBytes(key);
  const start = iv === undefined ? undefined : keyBytes(iv);
  return { ...(keyed === undefined ? {} : { key: keyed }), ...(start === undefined ? {} : { iv: start }) };
}

/** Answers to the login, one after the other; whatever else the centre says before it is let by. */
class Answers {
  readonly #ended: Promise<never>;
  readonly #heard: Telegram[] = [];
  #wake: () => void = () => {};

  constructor(signal: AbortSignal, closed: Promise<void>) {
    const ended = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => ended.reject(signal.reason), { once: true });
    void closed.then(() =>
      ended.reject(new AgentError('broker-refused', 'login failed: the centre closed the connection')),
    );
    this.#ended = ended.promise;
    this.#ended.catch(() => {});
  }

  take(telegram: Telegram): void {
    this.#heard.push(telegram);
    this.#wake();
  }

  /** Fields of the next answer of this operation; a `result` that comes early is one too. */
  async next(operation: 'sequence' | 'result'): Promise<Telegram['fields']> {
    for (;;) {
      const heard = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      for (let telegram = this.#heard.shift(); telegram !== undefined; telegram = this.#heard.shift()) {
        const [group, said] = operationOf(telegram);
        if (group !== 'id_validate') continue;
        if (said === operation) return telegram.fields;
        if (said === 'result' && telegram.fields.result !== 'pass') {
          throw new AgentError(
            'broker-refused',
            `login failed: the centre answered ${telegram.fields.result}`,
          );
        }
      }
      await Promise.race([heard, this.#ended]);
    }
  }
}
