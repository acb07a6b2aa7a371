/**
 * What the service link needs of the system: a Wi-Fi access point and Ethernet over USB, by NetworkManager's nmcli, or an
 * access point by hostapd where that is what the image has. What is missing is named; the rest works without it.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceLinkConfig } from '../../core/site.ts';
import type { Programs } from './programs.ts';

/** One way to the unit while the link is open. */
export interface Way {
  readonly way: 'wifi' | 'usb';
  readonly interface: string | undefined;
  readonly up: boolean;
  /** What there is, or which is missing. */
  readonly message: string;
}

export interface OpenedNetwork extends AsyncDisposable {
  readonly ways: readonly Way[];
}

export interface NetworkOptions {
  readonly config: Pick<ServiceLinkConfig, 'wifi' | 'usb'>;
  readonly programs: Programs;
  /** Folder with a folder per interface; Linux has it at /sys/class/net. */
  readonly interfaces?: string;
}

const WIFI = 'kerbside-service';
const USB = 'kerbside-service-usb';
/** hostapd is up when it still runs after this, ms. */
const SETTLED = 1500;

/** Brings up what the site names. Never rejects. */
export async function openNetwork(options: NetworkOptions): Promise<OpenedNetwork> {
  const stack = new AsyncDisposableStack();
  const { wifi, usb } = options.config;
  const ways: Way[] = [];
  if (wifi !== undefined) ways.push(await openWifi(wifi, options, stack));
  if (usb !== undefined) ways.push(await openUsb(usb, options, stack));
  return { ways, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function openWifi(
  wifi: NonNullable<ServiceLinkConfig['wifi']>,
  { programs, interfaces = '/sys/class/net' }: NetworkOptions,
  stack: AsyncDisposableStack,
): Promise<Way> {
  const device = wifi.interface ?? (await firstWireless(interfaces));
  const way = { way: 'wifi', interface: device } as const;
  if (device === undefined) {
    return { ...way, up: false, message: 'missing: this machine has no Wi-Fi interface' };
  }
  const managed = await programs.run('nmcli', ['--version']);
  if (managed.missing) return { ...way, ...(await byHostapd(device, wifi, programs, stack)) };
  await programs.run('nmcli', ['connection', 'delete', 'id', WIFI]);
  const made = await programs.run('nmcli', [
    ...['connection', 'add', 'type', 'wifi', 'con-name', WIFI, 'ifname', device, 'autoconnect', 'no'],
    ...[
      'ssid',
      wifi.ssid,
      '802-11-wireless.mode',
      'ap',
      'ipv4.method',
      'shared',
      'ipv6.method',
      'link-local',
    ],
    // Not saved: the passphrase is given at each start, in a file and not on a command line that everybody may list.
    ...['wifi-sec.key-mgmt', 'wpa-psk', 'wifi-sec.psk-flags', '2'],
  ]);
  if (!made.ok) return { ...way, up: false, message: `nmcli could not make the access point: ${made.error}` };
  stack.defer(async () => void (await programs.run('nmcli', ['connection', 'delete', 'id', WIFI])));
  const up = await withSecretFile(`802-11-wireless-security.psk:${wifi.password}\n`, (file) =>
    programs.run('nmcli', ['--wait', '20', 'connection', 'up', 'id', WIFI, 'passwd-file', file]),
  );
  if (!up.ok) return { ...way, up: false, message: `nmcli could not start the access point: ${up.error}` };
  return { ...way, up: true, message: `access point ${wifi.ssid} on ${device} by NetworkManager` };
}

async function byHostapd(
  device: string,
  wifi: NonNullable<ServiceLinkConfig['wifi']>,
  programs: Programs,
  stack: AsyncDisposableStack,
): Promise<Pick<Way, 'up' | 'message'>> {
  const found = await programs.run('hostapd', ['-v']);
  if (found.missing) {
    return { up: false, message: 'missing: neither nmcli (NetworkManager) nor hostapd is installed' };
  }
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-ap-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'hostapd.conf');
  const settings = [
    ...[
      `interface=${device}`,
      'driver=nl80211',
      `ssid2=${Buffer.from(wifi.ssid).toString('hex')}`,
      'hw_mode=g',
    ],
    ...['channel=6', 'wpa=2', 'wpa_key_mgmt=WPA-PSK', 'rsn_pairwise=CCMP', `wpa_passphrase=${wifi.password}`],
  ];
  await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o600 });
  const child = programs.start('hostapd', [file]);
  const ended = once(child, 'exit').then(
    () => false,
    () => false,
  );
  stack.defer(() => end(child, ended));
  const settled = new Promise<boolean>((resolve) => setTimeout(resolve, SETTLED, true).unref());
  if (!(await Promise.race([ended, settled]))) {
    return {
      up: false,
      message: 'hostapd ended at once: it needs root and an interface that nobody else manages',
    };
  }
  return { up: true, message: `access point ${wifi.ssid} on ${device} by hostapd, IPv6 link-local only` };
}

async function openUsb(
  usb: string,
  { programs, interfaces = '/sys/class/net' }: NetworkOptions,
  stack: AsyncDisposableStack,
): Promise<Way> {
  const way = { way: 'usb', interface: usb } as const;
  if (!(await names(interfaces)).includes(usb)) {
    return {
      ...way,
      up: false,
      message: `missing: there is no interface ${usb}; the image needs a USB gadget (g_ether)`,
    };
  }
  await programs.run('nmcli', ['connection', 'delete', 'id', USB]);
  const made = await programs.run('nmcli', [
    ...['connection', 'add', 'type', 'ethernet', 'con-name', USB, 'ifname', usb, 'autoconnect', 'no'],
    ...['ipv4.method', 'shared', 'ipv6.method', 'link-local'],
  ]);
  if (made.missing)
    return { ...way, up: true, message: `${usb} as the system set it up: nmcli is not installed` };
  if (!made.ok) return { ...way, up: false, message: `nmcli could not set up ${usb}: ${made.error}` };
  stack.defer(async () => void (await programs.run('nmcli', ['connection', 'delete', 'id', USB])));
  const up = await programs.run('nmcli', ['--wait', '20', 'connection', 'up', 'id', USB]);
  if (!up.ok) return { ...way, up: false, message: `nmcli could not start ${usb}: ${up.error}` };
  return { ...way, up: true, message: `${usb} by NetworkManager` };
}

/** The first interface that is one of Wi-Fi. */
async function firstWireless(folder: string): Promise<string | undefined> {
  for (const name of await names(folder)) {
    if ((await names(join(folder, name))).includes('wireless')) return name;
  }
  return undefined;
}

async function names(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}

async function withSecretFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-psk-'));
  try {
    const file = join(folder, 'secret');
    await writeFile(file, text, { mode: 0o600 });
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(late);
}
