/** From the checked part on content to the types of agent/core/content/config.ts, with its secrets. */
import { dirname, resolve } from 'node:path';
import type { ContentConfig } from '../../core/content/config.ts';
import type { Texts } from '../../core/content/content.ts';
import type { Say } from '../checks.ts';
import { definedOnly } from '../device/profile.ts';
import { nearest, type Path, shown } from '../problem.ts';
import { revealer, type SecretSource } from '../reveal.ts';
import type { SecretRef } from '../secret.ts';
import type { ContentFile } from './schema.ts';

/** Points of the devices of the site, by device. */
type Points = ReadonlyMap<string, readonly { readonly id: string; readonly type: string }[]>;

export interface ResolvedContent {
  readonly config: ContentConfig;
  /** For the log to mask. */
  readonly secrets: readonly string[];
}

/** Resolves it and says all that is wrong with it; what cannot be resolved is left out. */
export async function contentOf(
  content: ContentFile,
  agent: string,
  points: Points,
  source: SecretSource,
  say: Say,
): Promise<ResolvedContent> {
  const { reveal, secrets } = revealer(source, say);
  type Refs = { readonly ca?: SecretRef | undefined; readonly token?: SecretRef | undefined };
  const secure = async ({ ca, token }: Refs, path: Path) =>
    definedOnly({ ca: await reveal(ca, [...path, 'ca']), token: await reveal(token, [...path, 'token']) });

  checkContent(content, points, say);
  const { keys, folder, https, mqtt, media, feeds, measured } = content;
  const at = (path: string) => resolve(dirname(source.file), path);
  const config: ContentConfig = {
    keys,
    ...(folder === undefined ? {} : { folder: at(folder) }),
    https: await Promise.all(
      https.map(async ({ url, every, ...refs }, i) => ({
        url,
        every,
        ...(await secure(refs, ['content', 'https', i])),
      })),
    ),
    ...(mqtt === undefined
      ? {}
      : {
          mqtt: {
            url: mqtt.url,
            topics: mqtt.topics,
            clientId: mqtt.client_id ?? `${agent}-content`,
            ...definedOnly({
              username: mqtt.username,
              password: await reveal(mqtt.password, ['content', 'mqtt', 'password']),
              ca: await reveal(mqtt.ca, ['content', 'mqtt', 'ca']),
              cert: await reveal(mqtt.cert, ['content', 'mqtt', 'cert']),
              key: await reveal(mqtt.key, ['content', 'mqtt', 'key']),
            }),
          },
        }),
    media: {
      budget: media.budget,
      ...(media.folder === undefined ? {} : { folder: at(media.folder) }),
      ...(media.https === undefined
        ? {}
        : { https: { url: media.https.url, ...(await secure(media.https, ['content', 'media', 'https'])) } }),
    },
    feeds: await Promise.all(
      feeds.map(async ({ ca, token, areas, source: names, ...feed }, i) => ({
        ...feed,
        ...(await secure({ ca, token }, ['content', 'feeds', i])),
        ...definedOnly({ areas }),
        source: textsOf(names),
      })),
    ),
    measured,
  };
  return { config, secrets };
}

function textsOf({ en, zh }: { readonly en?: string | undefined; readonly zh?: string | undefined }): Texts {
  return { ...(zh === undefined ? {} : { 'zh-CN': zh }), ...(en === undefined ? {} : { en }) };
}

function checkContent(content: ContentFile, points: Points, say: Say): void {
  for (const list of ['keys', 'feeds'] as const) {
    const ids = content[list].map(({ id }) => id);
    ids.forEach((one, i) => {
      const first = ids.indexOf(one);
      if (first !== i)
        say(
          ['content', list, i, 'id'],
          `the id ${shown(one)} is taken by ${list}[${first}]`,
          'write another id',
        );
    });
  }
  content.feeds.forEach(({ kind, form, areas }, i) => {
    if (form === 'cap' && kind !== 'warnings') {
      say(['content', 'feeds', i, 'form'], `CAP tells warnings, not ${kind}`, 'write form: json');
    }
    if (form !== 'cap' && areas !== undefined) {
      say(['content', 'feeds', i, 'areas'], 'only alerts of CAP name areas', 'remove it');
    }
  });
  content.measured.forEach(({ device, point }, i) => {
    const found = points.get(device);
    if (found === undefined) {
      const close = nearest(device, [...points.keys()]);
      const fix = close === undefined ? 'name a device of this site' : `write device: ${close}`;
      say(['content', 'measured', i, 'device'], `there is no device ${shown(device)}`, fix);
      return;
    }
    const one = found.find(({ id }) => id === point);
    if (one?.type === 'number') return;
    const numbers = found.filter(({ type }) => type === 'number').map(({ id }) => id);
    const close = nearest(point, numbers);
    const what = one === undefined ? `there is no point ${shown(point)}` : `${point} is no number`;
    const fix = close === undefined ? `name a number of ${device}` : `write point: ${close}`;
    say(['content', 'measured', i, 'point'], what, fix);
  });
}
