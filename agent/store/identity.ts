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
  const cpu = read('/proc/cpuinfo')?.match(/^Serial\s*:\s*([0-9a-fA-F]+)$/m)?.[1];
  if (cpu !== undefined && !/^0+$/.test(cpu)) return `cpu:${cpu}`;
  for (const name of ['product_uuid', 'board_serial']) {
    const id = read(`/sys/class/dmi/id/${name}`)?.trim();
    if (id !== undefined && /[1-9a-f]/i.test(id)) return `dmi:${id}`;
  }
  const id = read('/etc/machine-id')?.trim();
  return id === undefined || id === '' ? 'unknown' : `machine:${id}`;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Inode of the file: a copy (restore from backup, other card) has another one, the log never changes its own. */
export function fileId(file: string): string {
  return String(statSync(file).ino);
}
