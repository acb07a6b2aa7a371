/** From the checked part on feeds to the types of agent/core/sign/feed.ts, with their secrets. */
import type { FeedConfig } from '../../core/sign/feed.ts';
import type { Say } from '../checks.ts';
import { definedOnly } from '../device/profile.ts';
import type { Path } from '../problem.ts';
import { type Reveal, revealer, type SecretSource } from '../reveal.ts';
import type { SecretRef } from '../secret.ts';
import type { SignFeedFile } from './feeds.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', '::1', 'localhost']);

export interface ResolvedFeeds {
  readonly feeds: readonly FeedConfig[];
  /** For the log to mask. */
  readonly secrets: readonly string[];
}

/** Resolves the feeds and says all that is wrong with them; what cannot be resolved is left out. */
export async function feedsOf(
  files: readonly SignFeedFile[],
  agent: string,
  source: SecretSource,
  say: Say,
): Promise<ResolvedFeeds> {
  const { reveal, secrets } = revealer(source, say);
  const feeds: FeedConfig[] = [];
  const taken = new Set<string>();
  for (const [index, file] of files.entries()) {
    const path: Path = ['sign', 'feeds', index];
    if (taken.has(file.id)) say([...path, 'id'], `the id "${file.id}" is taken`, 'write another id');
    taken.add(file.id);
    if (!check(file, path, say)) continue;
    const via = await viaOf(file, path, agent, reveal);
    if (via !== undefined) feeds.push(feedOf(file, via));
  }
  return { feeds, secrets };
}

async function viaOf(
  { id, http, mqtt, listen }: SignFeedFile,
  path: Path,
  agent: string,
  reveal: Reveal,
): Promise<FeedConfig['via'] | undefined> {
  const all = async (
    at: 'http' | 'mqtt' | 'listen',
    refs: Readonly<Record<string, SecretRef | undefined>>,
  ) => {
    const found: Record<string, string | undefined> = {};
    for (const [name, ref] of Object.entries(refs)) found[name] = await reveal(ref, [...path, at, name]);
    return definedOnly(found);
  };
  if (http !== undefined) {
    const { url, every, timeout, username, header, token, password, ca, cert, key } = http;
    const value =
      header === undefined ? undefined : await reveal(header.value, [...path, 'http', 'header', 'value']);
    return {
      kind: 'http',
      url,
      every,
      timeout,
      ...definedOnly({ username }),
      ...(header === undefined || value === undefined ? {} : { header: { name: header.name, value } }),
      ...(await all('http', { token, password, ca, cert, key })),
    };
  }
  if (mqtt !== undefined) {
    const { url, topics, username, client_id, password, ca, cert, key } = mqtt;
    return {
      kind: 'mqtt',
      url,
      topics,
      clientId: client_id ?? `${agent}-${id}`,
      ...definedOnly({ username }),
      ...(await all('mqtt', { password, ca, cert, key })),
    };
  }
  if (listen === undefined) return undefined;
  const { at, token, cert, key } = listen;
  return { kind: 'listen', host: at.host, port: at.port, ...(await all('listen', { token, cert, key })) };
}

function feedOf(file: SignFeedFile, via: FeedConfig['via']): FeedConfig {
  const { id, format, datum, alerts, max_bytes, late_after, frozen_after, lines, stops, requestor } = file;
  const secure = via.kind === 'http' && via.url.startsWith('https:');
  return {
    id,
    format,
    datum,
    via,
    alerts: alerts ?? (secure && format === 'gtfs-rt'),
    maxBytes: max_bytes,
    lateAfter: late_after,
    frozenAfter: frozen_after,
    names: { lines, stops },
    ...definedOnly({ requestor }),
  };
}

/** What has to fit together. False: there is no way to run it. */
function check(file: SignFeedFile, path: Path, say: Say): boolean {
  const { format, http, mqtt, listen, alerts } = file;
  const kinds = (['http', 'mqtt', 'listen'] as const).filter((kind) => file[kind] !== undefined);
  const [kind, second] = kinds;
  if (kind === undefined) {
    say([...path, 'http'], 'missing: expected http:, mqtt: or listen:', 'write http: { url: https://… }');
    return false;
  }
  if (second !== undefined) {
    say([...path, second], `a feed comes one way, got ${kind} and ${second}`, 'make two feeds of it');
    return false;
  }
  let ok = true;
  const wrong = (at: Path, message: string, fix: string) => {
    ok = false;
    say([...path, ...at], message, fix);
  };
  if (format === 'siri-sm' && http === undefined) {
    wrong([kind], 'siri-sm is asked for by http', 'write http: { url: … }');
  }
  const plain = http?.url.startsWith('http:') === true;
  const local = http !== undefined && LOOPBACK.has(new URL(http.url).hostname);
  if (http !== undefined && plain && !http.plain) {
    wrong(
      ['http', 'url'],
      'without TLS anybody on the way can move buses',
      'write https://…, or plain: true',
    );
  }
  if (http !== undefined && plain && !local) {
    for (const key of ['token', 'password', 'header'] as const) {
      if (http[key] !== undefined) {
        wrong(['http', key], `${key} would be sent in the clear`, 'write https://…, or remove it');
      }
    }
  }
  if (http?.token !== undefined && http.username !== undefined) {
    wrong(['http', 'token'], 'a feed has either token or username, got both', 'remove one of them');
  }
  for (const [at, settings] of [
    ['http', http],
    ['mqtt', mqtt],
    ['listen', listen],
  ] as const) {
    if (settings === undefined) continue;
    if ((settings.cert === undefined) !== (settings.key === undefined)) {
      const [missing, given] = settings.cert === undefined ? ['cert', 'key'] : ['key', 'cert'];
      wrong([at, missing], `missing: ${given} needs ${missing}`, `write ${missing}: file:…`);
    }
    if ('password' in settings && settings.password !== undefined && settings.username === undefined) {
      wrong([at, 'username'], 'missing: password needs username', 'write username: kerbside');
    }
  }
  if (alerts === true) {
    if (format !== 'gtfs-rt') {
      wrong(['alerts'], `${format} has no alerts`, 'remove it');
    } else if (http === undefined) {
      // A broker, or whoever may post, would put words of its own on the screen.
      wrong(
        ['alerts'],
        'texts are taken over verified TLS from an address named here only',
        'write http: { url: https://… }',
      );
    } else if (plain && !local) {
      wrong(['alerts'], 'texts are taken over verified TLS only', 'write https://…');
    }
  }
  if (listen !== undefined && listen.token === undefined && !LOOPBACK.has(listen.at.host)) {
    wrong(
      ['listen', 'token'],
      `missing: ${listen.at.host} can be reached from elsewhere`,
      `write token: \${env:BUS_TOKEN}`,
    );
  }
  return ok;
}
