/** Unpacking: what leaves the folder, links, lies about its size or ends early makes no file outside and no endless work. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { Header } from 'tar';
import { describe, expect, test } from 'vitest';
import { unpack } from '../../../agent/update/archive.ts';
import { makePart } from '../../../agent/update/make.ts';
import { seeded } from '../../support/seeded.ts';
import { folder, write } from '../../support/update-bundles.ts';

const never = new AbortController().signal;
const MB = 1024 ** 2;

interface Entry {
  readonly path: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO';
  readonly linkpath?: string;
  readonly body?: string;
  /** What the header says instead of the truth. */
  readonly size?: number;
}

function tar(entries: readonly Entry[], end = true): Buffer {
  const blocks = entries.flatMap(({ path, type = 'File', linkpath, body = '', size }) => {
    const block = Buffer.alloc(512);
    const header = {
      path,
      mode: 0o644,
      type,
      size: size ?? body.length,
      mtime: new Date(0),
      ...(linkpath === undefined ? {} : { linkpath }),
    };
    new Header(header).encode(block, 0);
    const bytes = Buffer.alloc(Math.ceil(body.length / 512) * 512);
    bytes.write(body);
    return [block, bytes];
  });
  return Buffer.concat([...blocks, ...(end ? [Buffer.alloc(1024)] : [])]);
}

async function tryArchive(bytes: Uint8Array, bounds = { unpacked: 1000, entries: 10 }) {
  await using home = await folder();
  const file = join(home.path, 'part');
  const into = join(home.path, 'in', 'to');
  await writeFile(file, bytes);
  await mkdir(join(home.path, 'outside'));
  const result = await unpack(file, into, bounds, never).then(
    () => 'unpacked',
    (thrown: Error) => thrown.message,
  );
  const outside = (await readdir(home.path)).sort().join();
  const beside = (await readdir(join(home.path, 'in'))).join();
  const kept = await readdir(join(home.path, 'outside'));
  return { result, untouched: outside === 'in,outside,part' && beside === 'to' && kept.length === 0 };
}

describe('an archive', () => {
  test('comes out as it was packed, with the same bytes for the same files', async () => {
    await using from = await folder();
    await using out = await folder();
    const long = `deep/${'a-name-that-is-long/'.repeat(12)}file.txt`;
    await write(from.path, { 'a/one.txt': 'one', 'a/empty': '', [long]: 'far', top: 'x'.repeat(100_000) });
    const part = await makePart('app', from.path, ['top', 'a', 'deep'], out.path);
    const again = await makePart('again', from.path, ['deep', 'a', 'top'], out.path);
    expect(again.sha256).toBe(part.sha256);
    const into = join(out.path, 'into');
    await unpack(join(out.path, part.file), into, part, never);
    expect(await readFile(join(into, long), 'utf8')).toBe('far');
    expect(await readFile(join(into, 'a/empty'), 'utf8')).toBe('');
    expect((await readFile(join(into, 'top'), 'utf8')).length).toBe(100_000);
    expect((await readdir(into)).sort()).toEqual(['a', 'deep', 'top']);
  });

  test('packs no links', async () => {
    await using from = await folder();
    await write(from.path, { 'a/one': '1' });
    await symlink('/etc/passwd', join(from.path, 'a/two'));
    await expect(makePart('app', from.path, ['a'], from.path)).rejects.toThrow('neither file nor folder');
  });

  test.each<[string, Entry]>([
    ['a path up', { path: '../outside/x', body: 'x' }],
    ['a path up in the middle', { path: 'a/../../outside/x', body: 'x' }],
    ['an absolute path', { path: '/tmp/kerbside-outside', body: 'x' }],
    ['a symbolic link', { path: 'link', type: 'SymbolicLink', linkpath: '../../outside' }],
    ['a hard link', { path: 'link', type: 'Link', linkpath: '../../part' }],
    ['a device', { path: 'null', type: 'CharacterDevice' }],
    ['a pipe', { path: 'pipe', type: 'FIFO' }],
    ['a backslash', { path: 'a\\..\\b', body: 'x' }],
    ['a character that no name has', { path: 'a\u0001b', body: 'x' }],
    ['a folder that is its own parent', { path: './', type: 'Directory' }],
  ])('%s is refused', async (_, entry) => {
    const { result, untouched } = await tryArchive(
      zstdCompressSync(tar([{ path: 'ok', body: 'ok' }, entry])),
    );
    expect(result).toMatch(/^unpacking failed: /);
    expect(untouched).toBe(true);
  });

  test('a name twice, a file under a file, a link and then a path through it', async () => {
    const cases: Entry[][] = [
      [
        { path: 'a', body: '1' },
        { path: 'a', body: '2' },
      ],
      [
        { path: 'a', body: '1' },
        { path: 'a/b', body: '2' },
      ],
      [
        { path: 'l', type: 'SymbolicLink', linkpath: '../../outside' },
        { path: 'l/x', body: '2' },
      ],
    ];
    for (const entries of cases) {
      const { result, untouched } = await tryArchive(zstdCompressSync(tar(entries)));
      expect(result).toMatch(/^unpacking failed: /);
      expect(untouched).toBe(true);
    }
  });

  test('more, or less, than the manifest says', async () => {
    const two = tar([
      { path: 'a', body: 'x'.repeat(900) },
      { path: 'b', body: 'y' },
    ]);
    expect((await tryArchive(zstdCompressSync(two), { unpacked: 901, entries: 2 })).result).toBe('unpacked');
    for (const bounds of [
      { unpacked: 900, entries: 2 },
      { unpacked: 901, entries: 1 },
      { unpacked: 902, entries: 2 },
      { unpacked: 901, entries: 3 },
    ])
      expect((await tryArchive(zstdCompressSync(two), bounds)).result).toMatch(/manifest says/);
    // A header may promise what never comes.
    const liar = tar([{ path: 'a', body: 'x', size: 8 * 1024 ** 3 - 1 }]);
    expect((await tryArchive(zstdCompressSync(liar))).result).toMatch(/more than its manifest/);
  });

  test('a bomb stops at its bounds', async () => {
    const zeros = zstdCompressSync(tar([{ path: 'a', body: '' }]).subarray(0, 512));
    const bomb = Buffer.concat([zeros, zstdCompressSync(Buffer.alloc(256 * MB))]);
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().rss;
    expect((await tryArchive(bomb)).result).toMatch(/unpacking failed/);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MB);
  });

  test('cut off anywhere, in the compressed bytes and in the plain ones', async () => {
    const whole = tar([
      { path: 'a', body: 'x'.repeat(700) },
      { path: 'b/c', body: 'y' },
    ]);
    const packed = zstdCompressSync(whole);
    for (let cut = 0; cut < packed.length; cut += 3) {
      const { result } = await tryArchive(packed.subarray(0, cut), { unpacked: 701, entries: 2 });
      expect(result).toMatch(/unpacking failed/);
    }
    for (const cut of [0, 100, 512, 700, 1024, 1536, 1700, 2048]) {
      const { result } = await tryArchive(zstdCompressSync(whole.subarray(0, cut)), {
        unpacked: 701,
        entries: 2,
      });
      expect(result).toMatch(/unpacking failed/);
    }
  });

  // Each goes through files: fewer than a million, but each is a whole archive.
  test('hundreds of archives with bytes changed: each is refused or unpacked, nothing is written outside', async () => {
    const random = seeded(12);
    const whole = tar([
      { path: 'a', body: 'x'.repeat(600) },
      { path: 'd', type: 'Directory' },
      { path: 'd/b', body: 'y' },
    ]);
    let unpacked = 0;
    const rounds = Number(process.env.FUZZ_INPUTS ?? 400);
    for (let i = 0; i < Math.min(rounds, 20_000); i++) {
      const plain = Buffer.from(whole);
      for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--)
        plain[Math.floor(random() * plain.length)] = Math.floor(random() * 256);
      // Headers whose sum is right again reach further.
      if (random() < 0.7) for (const at of [0, 1536, 2048]) fixSum(plain, at);
      let packed: Buffer = zstdCompressSync(plain);
      if (random() < 0.2) {
        packed = Buffer.from(packed);
        packed[Math.floor(random() * packed.length)] = Math.floor(random() * 256);
      }
      const { result, untouched } = await tryArchive(packed, { unpacked: 601, entries: 3 });
      expect(untouched).toBe(true);
      if (result === 'unpacked') unpacked += 1;
      else expect(result).toMatch(/^unpacking failed: /);
    }
    expect(unpacked).toBeGreaterThan(0);
  });
});

/** The checksum of a header after its bytes were changed. */
function fixSum(plain: Buffer, at: number): void {
  let sum = 8 * 32;
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += plain[at + i] ?? 0;
  plain.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}
