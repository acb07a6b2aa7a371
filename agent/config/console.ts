/** The part of the site schema that says who reaches the console, and how. */
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { Point } from '../core/point.ts';
import type { ConsoleConfig } from '../core/site.ts';
import type { Say } from './checks.ts';
import { definedOnly } from './device/profile.ts';
import { nearest, type Path, shown } from './problem.ts';
import { revealer, type SecretSource } from './reveal.ts';
import { secret } from './secret.ts';
import { duration, flag, hostPort, id, integer, scalar, text } from './values.ts';

const MINUTE = 60_000;

/** A name in DNS, as somebody writes it into a browser. */
function hostName(example: string) {
  return scalar({
    expected: 'a host name without port',
    json: { type: 'string', examples: [example] },
    read: (raw) =>
      typeof raw === 'string' && /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(raw)
        ? raw.toLowerCase()
        : undefined,
    write: (raw) => (typeof raw === 'string' ? raw.replace(/^\w+:\/\/|[:/].*$/g, '') || example : example),
  });
}

const remote = z
  .strictObject({
    listen: hostPort('0.0.0.0:8443', 0)
      .prefault('0.0.0.0:8443')
      .describe('Its address; 0.0.0.0 and [::] are all there are'),
    hosts: z
      .array(hostName('pole-0817.city.example'))
      .max(16)
      .prefault([])
      .describe('Names under which it is asked; addresses in numbers need none'),
    cert: text('the path of a PEM file', './tls/console.crt')
      .optional()
      .describe(
        'Certificate with its chain, relative to this file, read again when it is renewed; absent: the agent makes one',
      ),
    key: text('the path of a PEM file', './tls/console.key')
      .optional()
      .describe('The key of cert, without a passphrase'),
    hsts: flag()
      .prefault(false)
      .describe('Tell browsers to come by TLS only, to every port of this name; needs cert'),
  })
  .optional()
  .describe('The console from elsewhere, by TLS; absent: from this machine alone');

const service = z
  .strictObject({
    port: integer(1, 65_535, 8444).prefault(8444).describe('Where it listens while it is open'),
    lasts: duration(MINUTE, 60 * MINUTE, '15min')
      .prefault('15min')
      .describe('Then it closes by itself'),
    button: z
      .strictObject({
        device: id('board').describe('Id of the device'),
        point: id('service-button').describe('Id of the contact'),
      })
      .optional()
      .describe('A contact that is true while somebody presses it'),
    power_up: flag()
      .prefault(false)
      .describe('Opens after power-up, too, as long as nobody has claimed the unit'),
    wifi: z
      .strictObject({
        interface: text('the name of an interface', 'wlan0')
          .optional()
          .describe('Default: the first one for Wi-Fi'),
        ssid: text('a name of up to 32 bytes', 'kerbside-0817')
          .optional()
          .describe('Default: the id of the agent'),
        password: secret('file:service-wifi.password').describe('8 to 63 characters'),
      })
      .optional()
      .describe('An access point while the link is open, by NetworkManager or hostapd'),
    usb: text('the name of an interface', 'usb0').optional().describe('Ethernet over a USB cable'),
  })
  .optional()
  .describe('A way to commission a unit that nobody reaches');

export const consoleBlock = z
  .strictObject({
    listen: hostPort('127.0.0.1:8080', 0)
      .prefault('127.0.0.1:8080')
      .describe('Its address for this machine alone, plain HTTP'),
    remote,
    service,
  })
  .prefault({})
  .describe("The technician's pages and the local API");
export type ConsoleFile = z.output<typeof consoleBlock>;

export interface Around {
  readonly points: ReadonlyMap<string, readonly Point[]>;
  /** Ids of devices as written, also of wrong ones. */
  readonly devices: readonly string[];
  readonly agent: string;
  readonly source: SecretSource;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Checks and resolves it; what is wrong is told. `secrets` are for the log to mask. */
export async function consoleOf(
  file: ConsoleFile,
  around: Around,
  say: Say,
): Promise<{ readonly config: ConsoleConfig; readonly secrets: readonly string[] }> {
  const { listen } = file;
  if (!LOOPBACK.test(listen.host)) {
    say(
      ['console', 'listen'],
      `${shown(listen.host)} can be reached from elsewhere, and this is plain HTTP`,
      `write listen: 127.0.0.1:${listen.port} and remote: { listen: "${listen.host}:8443" }, which is TLS`,
    );
  }
  const found = await serviceOf(file.service, around, say);
  return {
    config: {
      ...listen,
      ...definedOnly({ remote: remoteOf(file, around, say), service: found.config }),
    },
    secrets: found.secrets,
  };
}

function remoteOf(
  { listen, remote: wanted }: ConsoleFile,
  { source }: Around,
  say: Say,
): ConsoleConfig['remote'] {
  if (wanted === undefined) return undefined;
  const at = (name: string): Path => ['console', 'remote', name];
  const { cert, key, hosts, hsts } = wanted;
  if (wanted.listen.port !== 0 && wanted.listen.port === listen.port) {
    say(at('listen'), `port ${listen.port} is the one of this machine's own way in`, 'write another port');
  }
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? 'cert' : 'key';
    say(
      at(missing),
      'missing: a certificate and its key come together',
      `write ${missing}: ./tls/console.${missing}`,
    );
  }
  if (hsts && cert === undefined) {
    say(
      at('hsts'),
      'it would lock browsers out: nobody vouches for a certificate that the agent makes',
      'remove it, or name cert and key',
    );
  }
  const base = { listen: wanted.listen, hosts, hsts };
  if (cert === undefined || key === undefined) return base;
  const files = { cert: resolve(dirname(source.file), cert), key: resolve(dirname(source.file), key) };
  // Whether they are good is no question of the site file: a renewal that failed must not keep a unit from metering.
  return { ...base, certificate: files };
}

async function serviceOf(
  wanted: ConsoleFile['service'],
  { points, devices, agent, source }: Around,
  say: Say,
): Promise<{ readonly config: ConsoleConfig['service']; readonly secrets: readonly string[] }> {
  if (wanted === undefined) return { config: undefined, secrets: [] };
  const at = (...names: readonly string[]): Path => ['console', 'service', ...names];
  const { port, lasts, button, power_up: powerUp, usb } = wanted;
  if (button === undefined && !powerUp) {
    say(
      at('button'),
      'missing: nothing opens the service link',
      'write button: { device: …, point: … } or power_up: true',
    );
  }
  if (button !== undefined)
    checkButton(button, points, devices, (name, ...told) => say(at('button', name), ...told));
  const wifi = wanted.wifi;
  if (wifi === undefined)
    return { config: { port, lasts, powerUp, ...definedOnly({ button, usb }) }, secrets: [] };
  const ssid = wifi.ssid ?? agent.slice(0, 32);
  if (Buffer.byteLength(ssid) > 32)
    say(at('wifi', 'ssid'), `it has ${Buffer.byteLength(ssid)} bytes, at most 32 fit`);
  const { reveal, secrets } = revealer(source, say);
  const password = (await reveal(wifi.password, at('wifi', 'password'))) ?? '';
  // IEEE 802.11 annex J.4: a passphrase is 8 to 63 characters of ASCII.
  if (password !== '' && !/^[\x20-\x7e]{8,63}$/.test(password))
    say(at('wifi', 'password'), 'it is not 8 to 63 characters of ASCII', 'choose another one');
  return {
    config: {
      port,
      lasts,
      powerUp,
      wifi: { ssid, password, ...definedOnly({ interface: wifi.interface }) },
      ...definedOnly({ button, usb }),
    },
    secrets,
  };
}

function checkButton(
  { device, point }: { readonly device: string; readonly point: string },
  points: Around['points'],
  devices: readonly string[],
  say: (name: 'device' | 'point', message: string, fix?: string) => void,
): void {
  if (!devices.includes(device)) {
    const near = nearest(device, devices);
    say(
      'device',
      `there is no device ${shown(device)}`,
      near === undefined ? undefined : `write device: ${near}`,
    );
    return;
  }
  const known = points.get(device);
  if (known === undefined) return;
  const found = known.find((one) => one.id === point);
  if (found === undefined) {
    const near = nearest(
      point,
      known.map((one) => one.id),
    );
    say(
      'point',
      `${device} has no point ${shown(point)}`,
      near === undefined ? undefined : `write point: ${near}`,
    );
  } else if (found.type !== 'boolean') say('point', `${point} is no contact: its type is ${found.type}`);
}
