/** Network, certificates and brokers: the way from here to every uplink of the site, step by step. */
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { lookAtKey } from '../../compose/token-look.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Site } from '../../core/site.ts';
import { SystemClock } from '../../core/time/system-clock.ts';
import type { TokenKey } from '../../core/token-key.ts';
import type { MqttUplinkConfig, SparkplugUplinkConfig, UplinkConfig } from '../../core/uplink-config.ts';
import { openConnection } from '../../uplink/mqtt/connection.ts';
import { dialByToken } from '../../uplink/token/dial.ts';
import { type Finding, fault, fine, unknown, warning } from './finding.ts';

/** Longest wait for each step, ms. */
const PATIENCE = 8000;
const CLOCK = new SystemClock();
const SOON = 30 * 86_400_000;
const SECURE = new Set(['mqtts:', 'https:', 'wss:']);
const DEFAULT_PORT: Readonly<Record<string, number>> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'http:': 80,
  'https:': 443,
};

export async function network(proc: string): Promise<readonly Finding[]> {
  const table = await readFile(`${proc}/net/route`, 'utf8').catch(() => '');
  const route = table.split('\n').find((line) => line.split('\t')[1] === '00000000');
  const six = await readFile(`${proc}/net/ipv6_route`, 'utf8').catch(() => '');
  const over =
    route?.split('\t')[0] ??
    / (?!lo$)(\S+)$/m.exec(
      six.split('\n').find((line) => line.startsWith(`${'0'.repeat(32)} 00`) && !line.endsWith(' lo')) ?? '',
    )?.[1];
  return [
    over === undefined
      ? fault('network', 'there is no default route', 'plug the cable in, or bring the modem up')
      : fine('network', `default route over ${over}`),
  ];
}

/** One uplink: its own certificate, its address, a connection, its certificate, and for a broker a login. */
export async function uplink(config: UplinkConfig, now: number): Promise<readonly Finding[]> {
  const about = `uplink ${config.id}`;
  const found = [...ownCertificate(about, config, now), ...(await ownKey(about, config))];
  const at = addressOf(config);
  if (at === undefined) return found;
  const { host, port, secure } = at;
  if (isIP(host) === 0) {
    const address = await lookup(host).catch(() => undefined);
    if (address !== undefined) found.push(fine(`${about}, name`, `${host} is ${address.address}`));
    else {
      return [
        ...found,
        fault(
          about,
          `the name ${host} is not known`,
          'check the name and the name server (resolvectl status)',
        ),
      ];
    }
  }
  try {
    found.push(await reached(about, host, port, secure));
  } catch (thrown) {
    return [
      ...found,
      fault(
        about,
        `${host} port ${port}: ${asAgentError(thrown).message}`,
        'check the address, the SIM card and the firewall: nothing listens there, or nothing comes through',
      ),
    ];
  }
  if (secure) {
    try {
      found.push(await certificateOf(about, config, host, port, now));
    } catch (thrown) {
      return [...found, tlsFault(`${about}, TLS`, host, thrown)];
    }
  }
  if (config.kind === 'mqtt' || config.kind === 'sparkplug') found.push(await login(about, config));
  return found;
}

type WithTls = {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly tokenKey?: TokenKey;
};

function ownCertificate(about: string, config: UplinkConfig, now: number): readonly Finding[] {
  const { cert } = config as WithTls;
  if (cert === undefined) return [];
  return [
    validity(
      `${about}, our certificate`,
      new X509Certificate(cert).validToDate.getTime(),
      now,
      'have it renewed',
    ),
  ];
}

/** What kind of key an uplink has: in a token, bound to this machine, or a plain file. */
async function ownKey(about: string, config: UplinkConfig): Promise<readonly Finding[]> {
  const { tokenKey, key, cert } = config as WithTls;
  if (tokenKey !== undefined) {
    const { state, says, fix = '' } = await lookAtKey(tokenKey, cert);
    const where = `${about}, our key`;
    if (state === 'fault') return [fault(where, says, fix)];
    return [state === 'ok' ? fine(where, `in a token: ${says}`) : unknown(where, says)];
  }
  return cert === undefined || key === undefined
    ? []
    : [
        fine(
          `${about}, our key`,
          'in a file, bound to this machine where kerbside csr made it: whoever is root here can open it',
        ),
      ];
}

function addressOf(
  config: UplinkConfig,
): { readonly host: string; readonly port: number; readonly secure: boolean } | undefined {
  if ('url' in config) {
    const { hostname, port, protocol } = new URL(config.url);
    const secure = SECURE.has(protocol);
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (DEFAULT_PORT[protocol] ?? 0),
      secure,
    };
  }
  const { host, port } = config as { readonly host?: string; readonly port?: number };
  return host === undefined || port === undefined ? undefined : { host, port, secure: false };
}

/** Why a handshake failed, and what to do about just that. */
export function tlsFault(about: string, host: string, thrown: unknown): Finding {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return fault(
      about,
      `${host}: ${why}`,
      'look at the clock of this machine first; if it is right, the certificate of the platform has to be renewed',
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return fault(about, `${host}: ${why}`, 'write the name that stands in the certificate as the address');
  if (/ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return fault(about, `${host}: ${why}`, 'put the certificate of the platform’s authority into ca');
  if (/ALERT|HANDSHAKE|PROTOCOL|WRONG_VERSION|ECONNRESET/.test(`${code} ${why}`))
    return fault(
      about,
      `${host}: ${why}`,
      'it does not speak TLS there, or wants a certificate of ours: check port, cert and key (kerbside csr)',
    );
  return fault(about, `${host}: ${why}`, 'check port, ca, cert and key of this uplink');
}

async function reached(about: string, host: string, port: number, secure: boolean): Promise<Finding> {
  const socket = connectTcp({ host, port, timeout: PATIENCE });
  await opened(socket, 'connect');
  socket.destroy();
  return fine(about, `${host} port ${port} answers${secure ? '' : ', without TLS'}`);
}

async function certificateOf(
  about: string,
  config: UplinkConfig,
  host: string,
  port: number,
  now: number,
): Promise<Finding> {
  const { ca, cert, key, tokenKey } = config as WithTls;
  const whose = `${about}, certificate of ${host}`;
  if (tokenKey !== undefined && 'url' in config) {
    const tls = { tokenKey, cert: cert ?? '', ...(ca === undefined ? {} : { ca }) };
    const { socket, validTo } = await dialByToken(config.url, tls, CLOCK, AbortSignal.timeout(PATIENCE));
    socket.destroy();
    return validity(whose, Date.parse(validTo), now, 'tell whoever runs the platform');
  }
  const given = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const socket = connectTls({
    host,
    port,
    timeout: PATIENCE,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...given,
  });
  await opened(socket, 'secureConnect');
  const end = Date.parse(socket.getPeerCertificate().valid_to);
  socket.destroy();
  return validity(whose, end, now, 'tell whoever runs the platform');
}

function opened(
  socket: ReturnType<typeof connectTcp> | TLSSocket,
  event: 'connect' | 'secureConnect',
): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error(`no answer within ${PATIENCE / 1000} s`));
    });
  });
}

function validity(about: string, end: number, now: number, fix: string): Finding {
  const days = Math.floor((end - now) / 86_400_000);
  const says = `valid until ${new Date(end).toISOString().slice(0, 10)}`;
  if (end <= now)
    return fault(about, `it has run out (${says})`, `${fix}; or the clock of this machine is wrong`);
  return end - now < SOON ? warning(about, `${says}, ${days} days`, fix) : fine(about, says);
}

/** A login under a name of its own, so that a running agent is not thrown out. */
async function login(about: string, config: MqttUplinkConfig | SparkplugUplinkConfig): Promise<Finding> {
  const clientId = `${config.clientId}-doctor`.slice(0, 64);
  try {
    const { client } = await openConnection(
      config.url,
      { ...config, clientId },
      undefined,
      { version: 4 },
      CLOCK,
      AbortSignal.timeout(PATIENCE),
    );
    await client.endAsync(true);
    return fine(`${about}, broker`, 'lets us in');
  } catch (thrown) {
    return fault(
      `${about}, broker`,
      `does not let us in: ${asAgentError(thrown).message}`,
      'check user name, password and client certificate; the broker may allow the id of the agent alone',
    );
  }
}

export async function uplinks(site: Site): Promise<readonly Finding[]> {
  const found = await Promise.all(site.uplinks.map((config) => uplink(config, Date.now())));
  return found.flat();
}
