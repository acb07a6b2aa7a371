/**
 * The part of the site schema that is about what is shown in public: whose signature counts, where signed content comes
 * from, and the few addresses whose unsigned texts (weather, warnings, news) are shown with their source beside them.
 */
import * as z from 'zod';
import { CONTENT_FEEDS } from '../../core/content/config.ts';
import { isPlainText } from '../../core/content/plain-text.ts';
import { secret } from '../secret.ts';
import { duration, id, oneOf, scalar, size, text, url } from '../values.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MB = 1024 ** 2;

/** Ed25519: 32 bytes are 44 characters of base64. */
export const publicKey = scalar<string>({
  expected: 'an Ed25519 public key as 44 characters of base64, as kerbside content keygen prints it',
  json: { type: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
  read: (raw) => (typeof raw === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(raw) ? raw : undefined),
  write: () => undefined,
});

const topic = scalar<string>({
  expected: 'an MQTT topic, with + and # as wildcards',
  json: { type: 'string', minLength: 1, examples: ['city/content/#'] },
  read: (raw) =>
    typeof raw === 'string' && /^([^+#\0]*|\+|#)(\/([^+#/\0]*|\+|#(?!.)))*$/.test(raw) && raw.length <= 256
      ? raw
      : undefined,
  write: () => 'city/content/#',
});

/** Who says it, in plain text, by language. */
const source = z
  .strictObject({
    en: text('a name', '"Weather bureau"').optional(),
    zh: text('a name', '气象台').optional(),
  })
  .refine(({ en, zh }) => en !== undefined || zh !== undefined, 'expected en or zh')
  .refine(
    ({ en, zh }) => [en, zh].every((one) => one === undefined || isPlainText(one, 80)),
    'expected plain text',
  );

const secure = {
  url: url(['https:'], 'https://content.example/street/pack.json'),
  ca: secret('file:./ca.pem').optional().describe('PEM of the authority that signed its certificate'),
  token: secret(`\${env:CONTENT_TOKEN}`).optional().describe('Bearer token'),
};

const feed = z
  .strictObject({
    id: id('weather'),
    kind: oneOf(CONTENT_FEEDS, 'weather').describe('What its texts are'),
    form: oneOf(['json', 'cap'], 'json').prefault('json').describe('cap: warnings by CAP 1.2'),
    ...secure,
    every: duration(MINUTE, 24 * HOUR, '10min')
      .prefault('10min')
      .describe('How often it is asked'),
    source: source.describe('Who says it; stands beside every text of it'),
    areas: z
      .array(text('a geocode', '"370303"'))
      .min(1)
      .max(64)
      .optional()
      .describe('Of CAP: geocodes of which an alert has to name one; absent: every alert counts'),
  })
  .describe('Texts that nobody signed: over verified TLS from this address only');

export const content = z
  .strictObject({
    keys: z
      .array(
        z.strictObject({
          id: id('city-2026'),
          public: publicKey.describe('As kerbside content keygen prints it'),
        }),
      )
      .min(1)
      .max(4)
      .describe('Keys that sign content; two while one follows the other'),
    folder: text('the path of a folder', './content')
      .optional()
      .describe('Signed documents (*.json), relative to this file'),
    https: z
      .array(
        z.strictObject({
          ...secure,
          every: duration(10_000, 24 * HOUR, '1min')
            .prefault('1min')
            .describe('How often it is asked'),
        }),
      )
      .max(8)
      .prefault([])
      .describe('Signed documents, asked for by ETag'),
    mqtt: z
      .strictObject({
        url: url(['mqtt:', 'mqtts:'], 'mqtts://broker.example:8883'),
        topics: z
          .array(topic)
          .min(1)
          .max(16)
          .prefault(['kerbside/content/#'])
          .describe('Where documents come'),
        username: text('a user name', 'kerbside').optional(),
        password: secret(`\${env:CONTENT_PASSWORD}`).optional(),
        ca: secret('file:./ca.pem').optional(),
        cert: secret('file:./client.pem').optional(),
        key: secret('file:./client.key').optional(),
        client_id: text('a client id', 'pole-0817-content')
          .optional()
          .describe('Default: the agent id and -content'),
      })
      .optional()
      .describe('Signed documents by any broker: it carries them, and what counts is the signature'),
    media: z
      .strictObject({
        folder: text('the path of a folder', './content/media')
          .optional()
          .describe('Files named <sha256>.<png|jpg|webp|mp4|webm>, relative to this file'),
        https: z.strictObject(secure).optional().describe('The same below this address'),
        budget: size(MB, 1024 * 1024 * MB, '2GB')
          .prefault('2GB')
          .describe(
            'What playlists may take on the disk, the one before included until the next is complete',
          ),
      })
      .prefault({})
      .describe('Pictures and videos of playlists'),
    feeds: z
      .array(feed)
      .max(16)
      .prefault([])
      .describe('Texts that nobody signed, with their source beside them'),
    measured: z
      .array(
        z.strictObject({
          kind: oneOf(['temperature', 'humidity', 'pm25', 'noise'], 'temperature').describe(
            'What is measured',
          ),
          device: id('weather-1'),
          point: id('temperature'),
        }),
      )
      .max(8)
      .prefault([])
      .describe('Values of sensors of this site that a sign shows as measured here'),
  })
  .describe('What is shown in public; absent: nothing but arrivals');

export type ContentFile = z.output<typeof content>;
