/** Who wrote this log and where: what makes an epoch end although the file looks fine. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** 16 hex digits; drawn when a log is created. */
export function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Id of the machine: serial of the CPU (Raspberry Pi), else UUID of the board, else the machine id of the system, which
 * a cloned card brings along and is therefore the last choice. `unknown` where there is none.
 */
export function hardwareId(): string {
  return hardwareIds()[0] ?? 'unknown';
}

/** All that this user can read of them, best first: who may not read the board's UUID knows the machine by another one. */
export function hardwareIds(): readonly string[] {
  const found: string[] = [];
  const cpu = read('/proc/cpuinfo')?.match(/^Serial\s*:\s*([0-9a-fA-F]+)$/m)?.[1];
  if (cpu !== undefined && !/^0+$/.test(cpu)) found.push(`cpu:${cpu}`);
  for (const name of ['product_uuid', 'board_serial']) {
    const id = read(`/sys/class/dmi/id/${name}`)?.trim();
    if (id !== undefined && /[1-9a-f]/i.test(id)) found.push(`dmi:${id}`);
  }
  const id = read('/etc/machine-id')?.trim();
  if (id !== undefined && id !== '') found.push(`machine:${id}`);
  return found;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Inode and birth of the file: a copy (restore from backup, other card) has others, the log never changes its own. The
 * birth counts because a file system may give the inode of a removed file to the next one; where it keeps none, the
 * inode has to do. A file that was overwritten in place looks like the one it was.
 */
export function fileId(file: string): string {
  const { ino, birthtimeNs } = statSync(file, { bigint: true });
  return birthsAreKept() && birthtimeNs > 0n ? `${ino}:${birthtimeNs}` : String(ino);
}

/** Whether `id`, as stored, is that of `file`. Older agents, and file systems without births, store the inode alone. */
export function isFile(id: string | undefined, file: string): boolean {
  const now = fileId(file);
  if (id === now) return true;
  const [ino, birth] = now.split(':');
  return id === ino || (birth === undefined && id?.split(':')[0] === ino);
}

let kept: boolean | undefined;

/** A kernel that cannot tell the birth makes node tell the last change instead, which moves. */
function birthsAreKept(): boolean {
  if (kept === undefined) {
    const { birthtimeNs, ctimeNs } = statSync(process.execPath, { bigint: true });
    kept = birthtimeNs !== ctimeNs;
  }
  return kept;
}
