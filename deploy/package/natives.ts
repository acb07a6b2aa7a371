/** Looks at every native file of a stage: whether it is of the right machine and content with Debian 12's glibc. */
import { open, readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { type Architecture, NEWEST_GLIBC } from './architecture.ts';
import { files } from './tree.ts';

export interface Native {
  readonly file: string;
  readonly machine: number;
  /** The newest `GLIBC_2.x` it names; undefined where it names none. */
  readonly glibc: number | undefined;
}

const MAGIC = { elf: 0x7f454c46, machO: [0xcffaedfe, 0xcafebabe, 0xfeedfacf], pe: 0x4d5a } as const;

/** Every ELF file below `root`. Throws where a binary of another system is left, for it is dead weight on a card. */
export async function natives(root: string): Promise<readonly Native[]> {
  const found: Native[] = [];
  for await (const file of files(root)) {
    const head = await first(file, 20);
    if (head.length < 20) continue;
    const magic = head.readUInt32BE(0);
    if ((MAGIC.machO as readonly number[]).includes(magic) || head.readUInt16BE(0) === MAGIC.pe) {
      throw new Error(`${relative(root, file)} is a program of another system`);
    }
    if (magic !== MAGIC.elf) continue;
    // e_machine stands at 18 in both classes; both our machines are little-endian.
    found.push({
      file: relative(root, file),
      machine: head.readUInt16LE(18),
      glibc: newestGlibc(await readFile(file)),
    });
  }
  return found;
}

/** What is wrong with the native files of a package: nothing, as a rule. */
export function unfit(found: readonly Native[], architecture: Architecture): readonly string[] {
  return found.flatMap(({ file, machine, glibc = 0 }) => {
    const wrong: string[] = [];
    if (machine !== architecture.machine)
      wrong.push(`${file}: for machine ${machine}, not ${architecture.machine}`);
    if (glibc > NEWEST_GLIBC) wrong.push(`${file}: needs glibc 2.${glibc}, Debian 12 has 2.${NEWEST_GLIBC}`);
    return wrong;
  });
}

/** Version names stand as text in the string table; one in other data makes the answer stricter, never laxer. */
function newestGlibc(bytes: Buffer): number | undefined {
  let newest: number | undefined;
  const prefix = Buffer.from('GLIBC_2.');
  for (let at = bytes.indexOf(prefix); at >= 0; at = bytes.indexOf(prefix, at + 1)) {
    const minor = Number.parseInt(bytes.toString('latin1', at + prefix.length, at + prefix.length + 3), 10);
    if (!Number.isNaN(minor)) newest = Math.max(newest ?? 0, minor);
  }
  return newest;
}

async function first(file: string, length: number): Promise<Buffer> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
  return buffer.subarray(0, bytesRead);
}
