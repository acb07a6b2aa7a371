/** Clock, disk and memory of the machine, from what Linux tells without rights. */
import { access, readFile, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NtpProbe } from '../../core/time/ntp-state.ts';
import { type Finding, fault, fine, unknown, warning } from './finding.ts';
import { smart } from './wear.ts';

/** Where the machine keeps what it tells; tests give a folder of their own. */
export interface MachineFiles {
  readonly proc: string;
  readonly sys: string;
}
export const MACHINE: MachineFiles = { proc: '/proc', sys: '/sys' };

const LOW_SPACE = 0.05;
const LOW_MEMORY = 150e6;

export async function clock({ sys }: MachineFiles): Promise<readonly Finding[]> {
  using probe = new NtpProbe();
  let state = probe.state(performance.now());
  // The answer of a program that is asked comes a moment later.
  for (let tries = 0; !state.synchronized && tries < 20; tries++) {
    await sleep(100);
    state = probe.state(performance.now());
  }
  const found: Finding[] = [];
  if (state.synchronized) found.push(fine('clock', 'follows NTP'));
  else {
    found.push(
      warning(
        'clock',
        'does not follow NTP yet',
        'let the gateway reach a time server (UDP 123); readings are kept and get their time later',
      ),
    );
  }
  const battery = await readFile(join(sys, 'class/rtc/rtc0/name'), 'utf8').catch(() => undefined);
  found.push(
    battery === undefined
      ? unknown(
          'battery clock',
          'there is none: after a power cut the time is unknown until somebody tells it',
        )
      : fine('battery clock', battery.trim()),
  );
  return found;
}

/** `state` need not exist yet. */
export async function disk(state: string, { proc, sys }: MachineFiles): Promise<readonly Finding[]> {
  const folder = await existing(resolve(state));
  const about = `disk of ${state}`;
  const { bavail, blocks, bsize } = await statfs(folder);
  const free = bavail / blocks;
  const says = `${Math.round((bavail * bsize) / 1e6)} MB free (${(free * 100).toFixed(1)} %)`;
  const found: Finding[] = [
    free < LOW_SPACE
      ? fault(about, says, 'make room: under 5 % counts as full, and the log drops its oldest records')
      : fine(about, says),
  ];
  const mount = await mountOf(folder, proc);
  if (mount?.options.includes('ro')) {
    found.push(
      fault(
        about,
        `${mount.device} is mounted read-only, as a worn card is`,
        'replace the card; kerbside backup reads it still',
      ),
    );
  }
  if (mount?.type === 'tmpfs' || mount?.type === 'overlay') {
    found.push(
      warning(
        about,
        `it is ${mount.type}: what is written does not outlive a restart`,
        'put `state:` on a real disk',
      ),
    );
  }
  found.push(await wear(mount?.device, sys));
  const whole = wholeDisk(mount?.device);
  const told = whole === undefined ? undefined : await smart(whole);
  return told === undefined ? found : [...found.slice(0, -1), told, ...found.slice(-1)];
}

export async function memory({ proc }: MachineFiles): Promise<readonly Finding[]> {
  const text = await readFile(join(proc, 'meminfo'), 'utf8').catch(() => '');
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1]) * 1024;
  if (Number.isNaN(available)) return [unknown('memory', 'this machine does not tell')];
  const says = `${Math.round(available / 1e6)} MB available`;
  return [
    available < LOW_MEMORY
      ? warning(
          'memory',
          says,
          'the agent takes about 170 MB, a camera 180 more, Node-RED 80: leave out what is not used',
        )
      : fine('memory', says),
  ];
}

/** `/dev/sda` of `/dev/sda2`, `/dev/nvme0n1` of `/dev/nvme0n1p2`; undefined for what has no SMART. */
function wholeDisk(device: string | undefined): string | undefined {
  return /^(\/dev\/(?:sd[a-z]+|nvme\d+n\d+))(?:p?\d+)?$/.exec(device ?? '')?.[1];
}

/** An eMMC tells its own wear in tenths of its life (JEDEC eSD/eMMC 5.0, EXT_CSD 268 and 269); SD cards do not. */
async function wear(device: string | undefined, sys: string): Promise<Finding> {
  const disk = /^\/dev\/(mmcblk\d+)/.exec(device ?? '')?.[1];
  const about = `wear of ${device ?? 'the disk'}`;
  const life =
    disk && (await readFile(join(sys, 'block', disk, 'device/life_time'), 'utf8').catch(() => undefined));
  if (!life) return unknown(about, 'it does not tell; card_rating in the site file gives a forecast');
  const worst = Math.max(
    ...life
      .trim()
      .split(/\s+/)
      .map((field) => Number.parseInt(field, 16)),
  );
  const says = worst > 10 ? 'its rated life is over' : `at most ${worst * 10} % of its life is used`;
  return worst >= 9 ? warning(about, says, 'plan its replacement') : fine(about, says);
}

async function existing(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const there = await access(at).then(
      () => true,
      () => false,
    );
    if (there || at === dirname(at)) return at;
  }
}

async function mountOf(
  folder: string,
  proc: string,
): Promise<
  { readonly device: string; readonly type: string; readonly options: readonly string[] } | undefined
> {
  const text = await readFile(join(proc, 'mounts'), 'utf8').catch(() => '');
  let best: { device: string; at: string; type: string; options: string[] } | undefined;
  for (const line of text.split('\n')) {
    const [device = '', at = '', type = '', options = ''] = line.split(' ');
    const inside = at === '/' || folder === at || folder.startsWith(`${at}/`);
    if (at !== '' && inside && at.length >= (best?.at.length ?? 0))
      best = { device, at, type, options: options.split(',') };
  }
  return best;
}
