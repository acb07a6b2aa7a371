/** Which ports there are, what each is, and which line of the site has it. Opens nothing. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SerialPort } from 'serialport';
import type { PortChoice } from '../../core/commissioning.ts';
import type { LineConfig, Site } from '../../core/site.ts';

/** What of the machine is looked at. */
export interface Machine {
  list(): Promise<
    readonly { readonly path: string; readonly manufacturer?: string; readonly pnpId?: string }[]
  >;
  /** Where udev puts names that survive a re-plugging. */
  readonly byId: string;
}

export const THIS_MACHINE: Machine = {
  list: async () =>
    (await SerialPort.list()).map(({ path, manufacturer, pnpId }) => ({
      path,
      ...(manufacturer === undefined ? {} : { manufacturer }),
      ...(pnpId === undefined ? {} : { pnpId }),
    })),
  byId: '/dev/serial/by-id',
};

/** Folders whose other ports are no hint of anything. */
const EVERYTHING: ReadonlySet<string> = new Set([
  '/dev',
  '/dev/pts',
  '/dev/serial/by-id',
  '/dev/serial/by-path',
]);

/** Free ports first, then those of lines. Never rejects. */
export async function portChoices(
  site: Pick<Site, 'lines' | 'devices'>,
  talks: (line: string) => boolean,
  machine: Machine = THIS_MACHINE,
): Promise<readonly PortChoice[]> {
  const lines = await Promise.all(site.lines.map((line) => ofLine(line, site, talks)));
  const taken = new Set(await Promise.all(lines.map(({ port }) => real(port))));
  const free: PortChoice[] = [];
  for (const { path, adapter } of await present(site, machine)) {
    const target = await real(path);
    if (taken.has(target)) continue;
    taken.add(target);
    free.push({ port: path, kind: 'serial', use: 'free', ...(adapter === undefined ? {} : { adapter }) });
  }
  return [...free, ...lines.filter(({ port }) => port !== '')];
}

async function ofLine(
  line: LineConfig,
  { devices }: Pick<Site, 'devices'>,
  talks: (line: string) => boolean,
): Promise<PortChoice> {
  const count = devices.filter((device) => device.line === line.id).length;
  const facts = { line: line.id, devices: count };
  if (line.kind === 'serial') {
    const there = await stat(line.port).then(
      () => true,
      () => false,
    );
    const why = talks(line.id) ? 'talks' : there ? undefined : 'missing';
    return {
      port: line.port,
      kind: 'serial',
      ...facts,
      ...(why === undefined ? { use: 'shared' } : { use: 'refused', why }),
    };
  }
  if (line.kind !== 'tcp') return { port: '', kind: 'tcp', ...facts, use: 'refused', why: 'not-asked' };
  const host = line.host.includes(':') ? `[${line.host}]` : line.host;
  return {
    port: `${host}:${line.port}`,
    kind: 'tcp',
    ...facts,
    ...(talks(line.id) ? { use: 'refused', why: 'talks' } : { use: 'shared' }),
  };
}

/** Serial ports of the machine, under the name that stays; and what lies beside the ports of lines, where udev rules put own names. */
async function present(
  { lines }: Pick<Site, 'lines'>,
  machine: Machine,
): Promise<readonly { readonly path: string; readonly adapter?: string }[]> {
  const links = new Map<string, string>();
  for (const name of await readdir(machine.byId).catch(() => [])) {
    const link = join(machine.byId, name);
    links.set(await real(link), link);
  }
  const found: { path: string; adapter?: string }[] = [];
  for (const { path, manufacturer, pnpId } of await machine.list().catch(() => [])) {
    if (await isNothing(path)) continue;
    const stable = links.get(await real(path));
    links.delete(await real(path));
    const adapter = [manufacturer, pnpId?.replaceAll('_', ' ')].find(
      (text) => text !== undefined && text !== '',
    );
    found.push({ path: stable ?? path, ...(adapter === undefined ? {} : { adapter }) });
  }
  for (const link of links.values()) found.push({ path: link });
  const folders = new Set(lines.flatMap((line) => (line.kind === 'serial' ? [dirname(line.port)] : [])));
  for (const folder of folders) {
    if (EVERYTHING.has(folder)) continue;
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      const path = join(folder, name);
      const device = await stat(path).catch(() => undefined);
      if (device?.isCharacterDevice() === true) found.push({ path });
    }
  }
  return found;
}

/** A ttyS that the kernel keeps for hardware that is not there has the type 0 (unknown). */
async function isNothing(path: string): Promise<boolean> {
  const name = /\/(ttyS\d+)$/.exec(path)?.[1];
  if (name === undefined) return false;
  const type = await readFile(`/sys/class/tty/${name}/type`, 'utf8').catch(() => '');
  return type.trim() === '0';
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
