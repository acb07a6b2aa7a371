import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  readIfThere,
  readIfThereSync,
  renameDurably,
  replaceFile,
  replaceFileSync,
  writeDurably,
} from '../../../agent/core/durable-file.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'durable-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const text = (file: string) => readFileSync(file, 'utf8');
const rights = (path: string) => statSync(path).mode & 0o777;

describe.each([
  ['replaceFile', replaceFile],
  ['replaceFileSync', async (file: string, bytes: string) => replaceFileSync(file, bytes)],
] as const)('%s', (_, replace) => {
  test('makes what is missing for its owner alone, and leaves nothing beside it', async () => {
    const file = join(dir, 'deep', 'down', 'kept.json');
    await replace(file, 'one');
    await replace(file, 'two');
    expect(text(file)).toBe('two');
    expect([rights(file), rights(dirname(file))]).toEqual([0o600, 0o700]);
    expect(readdirSync(dirname(file))).toEqual(['kept.json']);
  });

  test('does not take over the rights of what a cut left there', async () => {
    const file = join(dir, 'key.pem');
    writeFileSync(`${file}.new`, 'half of a longer ol');
    chmodSync(`${file}.new`, 0o666);
    await replace(file, 'secret');
    expect(text(file)).toBe('secret');
    expect(rights(file)).toBe(0o600);
  });

  test('leaves the file as it was where the new one cannot be written', async () => {
    const file = join(dir, 'kept.json');
    writeFileSync(file, 'old');
    mkdirSync(join(`${file}.new`, 'in-the-way'), { recursive: true });
    await expect(replace(file, 'new')).rejects.toThrow();
    expect(text(file)).toBe('old');
  });
});

test('replaceFile gives the rights that are asked for, whatever the mask, and folders that go with them', async () => {
  const file = join(dir, 'open', 'extract.json');
  await replaceFile(file, '{}', 0o664);
  expect([rights(file), rights(dirname(file))]).toEqual([0o664, 0o775 & ~process.umask()]);
});

test('replaceFile drops what it has written where the name cannot be given', async () => {
  const file = join(dir, 'a-folder');
  mkdirSync(join(file, 'full'), { recursive: true });
  await expect(replaceFile(file, 'new')).rejects.toThrow();
  expect(readdirSync(dir)).toEqual(['a-folder']);
});

test('before is told of the whole new file while the old one stands; where it throws, the old one stays', () => {
  const file = join(dir, 'plan');
  writeDurably(file, 'old');
  const seen: string[] = [];
  replaceFileSync(file, 'new', (fresh) => seen.push(text(fresh), text(file)));
  expect(seen).toEqual(['new', 'old']);
  const cut = () =>
    replaceFileSync(file, 'newer', () => {
      throw new Error('the power is cut');
    });
  expect(cut).toThrow('the power is cut');
  expect(text(file)).toBe('new');
  renameDurably(`${file}.new`, file);
  expect(text(file)).toBe('newer');
});

test('what is not there is undefined, what cannot be read is an error', async () => {
  const [none, folder, file] = [join(dir, 'none'), join(dir, 'folder'), join(dir, 'file')];
  mkdirSync(folder);
  writeFileSync(file, 'bytes');
  expect([await readIfThere(none), readIfThereSync(none)]).toEqual([undefined, undefined]);
  expect([String(await readIfThere(file)), String(readIfThereSync(file))]).toEqual(['bytes', 'bytes']);
  await expect(readIfThere(folder)).rejects.toThrow('EISDIR');
  expect(() => readIfThereSync(folder)).toThrow('EISDIR');
});
