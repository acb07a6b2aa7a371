/** Serial ports and cameras of the site: whether they are there, whether this user may open them. */
import { access, constants, readdir, stat } from 'node:fs/promises';
import type { Site } from '../../core/site.ts';
import { type Finding, fault, fine, warning } from './finding.ts';

export async function ports(site: Site): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const line of site.lines)
    if (line.kind === 'serial') found.push(await device(`line ${line.id}`, line.port, 'dialout'));
  for (const { id, source } of site.cameras) {
    if (source.startsWith('/dev/')) found.push(await device(`camera ${id}`, source, 'video'));
  }
  return found;
}

async function device(about: string, path: string, group: string): Promise<Finding> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    const there = await serialPorts();
    const list = there.length === 0 ? 'this machine has no serial port' : `there are ${there.join(', ')}`;
    return fault(about, `${path} is not there`, `plug the adapter in, or name another port: ${list}`);
  }
  if (!found.isCharacterDevice()) return fault(about, `${path} is no device`, 'name a port of /dev');
  const may = await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!may) {
    return fault(
      about,
      `this user may not open ${path}`,
      `sudo adduser ${process.env.USER ?? 'kerbside'} ${group}, then log in again`,
    );
  }
  if (/^\/dev\/tty(?:USB|ACM)\d+$/.test(path)) {
    return warning(
      about,
      `${path} can be opened, but may be another adapter after the next start`,
      'name it by /dev/serial/by-id/…',
    );
  }
  return fine(about, `${path} can be opened`);
}

/** Paths that survive re-plugging first. */
async function serialPorts(): Promise<readonly string[]> {
  const byId = (await readdir('/dev/serial/by-id').catch(() => [])).map(
    (name) => `/dev/serial/by-id/${name}`,
  );
  const plain = (await readdir('/dev'))
    .filter((name) => /^tty(?:USB|ACM|AMA)\d+$/.test(name))
    .map((name) => `/dev/${name}`);
  return byId.length > 0 ? byId : plain;
}
