/** Backup files: what was put in comes out, nothing else does, and every damage is found before anything is used. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Entry, isInside, type Listing, listed, pack, unpack } from '../../../agent/backup/archive.ts';
import { type Opening, type Sealing, seal, unseal } from '../../../agent/backup/seal.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { seeded } from '../../support/seeded.ts';

const PASSPHRASE = 'correct horse battery staple';
const FACTS = { agent: 'pole-1', site: 'demo', created: '2027-01-01T00:00:00.000Z', version: '0.1.0' };
const { privateKey, publicKey } = generateKeyPairSync('x25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const WAYS: readonly (readonly [Sealing, Opening])[] = [
  [{ kind: 'none' }, {}],
  [{ kind: 'passphrase', passphrase: PASSPHRASE }, { passphrase: PASSPHRASE }],
  [{ kind: 'recipient', publicKey }, { privateKey }],
];

async function* of(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function opened(file: Uint8Array, opening: Opening): Promise<Buffer> {
  return all((await unseal(of(file), opening)).content);
}

/** Bytes that look like nothing. */
function noise(length: number, seed: number): Buffer {
  const random = seeded(seed);
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

describe.each(WAYS)('sealed: $kind', (sealing, opening) => {
  it.each(sealing.kind === 'passphrase' ? [65_537] : [0, 1, 65_535, 65_536, 65_537, 200_000])(
    '%i bytes come out as they went in',
    async (length) => {
      const content = noise(length, length);
      const file = await all(seal(of(content.subarray(0, 7), content.subarray(7)), FACTS, sealing));
      expect((await opened(file, opening)).equals(content)).toBe(true);
      const { outside } = await unseal(of(file), opening);
      expect(outside).toMatchObject({ ...FACTS, kerbside: 'backup', v: 1, seal: { kind: sealing.kind } });
      if (sealing.kind !== 'none' && length > 100) expect(file.includes(content.subarray(0, 64))).toBe(false);
    },
  );

  it('any byte that is changed, cut off or added is found', async () => {
    const file = await all(seal(of(noise(70_000, 5)), FACTS, sealing));
    const random = seeded(20270401);
    const places = [0, file.indexOf(10) + 1, file.length - 1, file.length - 33];
    // Stretching a passphrase takes its time: fewer of those.
    const rounds = sealing.kind === 'passphrase' ? 0 : 150;
    for (let i = 0; i < rounds; i++) places.push(Math.floor(random() * file.length));
    for (const at of places) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      await expect(opened(changed, opening), `byte ${at}`).rejects.toMatchObject({ name: 'AgentError' });
    }
    const cut = Math.floor(random() * file.length);
    await expect(opened(file.subarray(0, cut), opening)).rejects.toMatchObject({ code: 'frame-invalid' });
    await expect(opened(Buffer.concat([file, Buffer.of(0)]), opening)).rejects.toMatchObject({
      code: 'frame-invalid',
    });
  });
});

describe('a key', () => {
  it('that is wrong or missing is told as such', async () => {
    const sealed = await all(seal(of(noise(10, 1)), FACTS, { kind: 'passphrase', passphrase: PASSPHRASE }));
    await expect(opened(sealed, {})).rejects.toMatchObject({ code: 'auth-failed' });
    await expect(opened(sealed, { passphrase: 'correct horse battery stable' })).rejects.toThrow(
      'not its passphrase',
    );
    const mine = await all(seal(of(noise(10, 1)), FACTS, { kind: 'recipient', publicKey }));
    const other = generateKeyPairSync('x25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    await expect(opened(mine, { privateKey: other })).rejects.toThrow('sealed for another key');
    await expect(opened(mine, { privateKey: 'nonsense' })).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('of a frame fits no other place: frames cannot be swapped', async () => {
    const file = await all(seal(of(noise(65_536 * 2 + 10, 3)), FACTS, { kind: 'recipient', publicKey }));
    const start = file.indexOf(10) + 1;
    const size = 4 + 65_536 + 16;
    const [first, second] = [
      file.subarray(start, start + size),
      file.subarray(start + size, start + 2 * size),
    ];
    const body = Buffer.concat([
      file.subarray(0, start),
      second,
      first,
      file.subarray(start + 2 * size, -32),
    ]);
    const whole = Buffer.concat([body, createHash('sha256').update(body).digest()]);
    await expect(opened(whole, { privateKey })).rejects.toThrow('frame 1 was changed');
  });
});

const LISTING: Omit<Listing, 'files'> = {
  v: 1,
  ...FACTS,
  hardware: 'cpu:1',
  generation: 1,
  siteFile: 'site.yaml',
  log: null,
  secrets: false,
  environment: [],
  outside: [],
};
const ENTRIES: readonly Entry[] = [
  { area: 'site', path: 'site.yaml', bytes: Buffer.from('site: demo\n') },
  { area: 'state', path: 'devices.json', bytes: Buffer.from('{}') },
  { area: 'state', path: 'content/media/large', bytes: () => of(noise(30_000, 8), noise(30_000, 9)) },
];

async function read(bytes: AsyncIterable<Uint8Array>): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  await unpack(bytes, {
    listing: () => {},
    file: async ({ area, path }, content) => void files.set(`${area}/${path}`, await all(content)),
  });
  return files;
}

describe('the inside', () => {
  it('gives every file as it was', async () => {
    const files = await listed(ENTRIES);
    const read1 = await read(pack({ ...LISTING, files }, ENTRIES));
    expect([...read1.keys()]).toEqual(['site/site.yaml', 'state/devices.json', 'state/content/media/large']);
    expect(read1.get('site/site.yaml')?.toString()).toBe('site: demo\n');
    expect(read1.get('state/content/media/large')).toHaveLength(60_000);
  });

  it('with a file that is not what its list says is damaged', async () => {
    const files = await listed(ENTRIES);
    const wrong = files.map((one) =>
      one.path === 'devices.json' ? { ...one, sha256: '0'.repeat(64) } : one,
    );
    await expect(read(pack({ ...LISTING, files: wrong }, ENTRIES))).rejects.toThrow(
      'state/devices.json is not what it was',
    );
    await expect(read(pack({ ...LISTING, files: files.slice(0, 2) }, ENTRIES))).rejects.toThrow('more in it');
    await expect(read(pack({ ...LISTING, files }, ENTRIES.slice(0, 2)))).rejects.toThrow('ends too early');
  });

  it('leads nowhere else', async () => {
    for (const path of [
      '../x',
      '/etc/passwd',
      'a/../../b',
      'a//b',
      '',
      '.',
      'a/./b',
      'a\\b',
      'a\0b',
      `${'x'.repeat(1025)}`,
    ]) {
      expect(isInside(path), path).toBe(false);
      const files = [
        ...(await listed(ENTRIES)),
        { area: 'state' as const, path, size: 0, sha256: '0'.repeat(64) },
      ];
      await expect(read(pack({ ...LISTING, files }, ENTRIES))).rejects.toMatchObject({
        code: 'frame-invalid',
      });
    }
    expect(isInside('content/media/a b.png')).toBe(true);
  });
});

/** Fewer inputs than elsewhere: each one is a stream through three parsers. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1500);

it(`${INPUTS} files of seeded nonsense end in an error of ours and nothing else`, async () => {
  const random = seeded(20270402);
  const right = await all(
    seal(pack({ ...LISTING, files: await listed(ENTRIES) }, ENTRIES), FACTS, { kind: 'none' }),
  );
  const head = right.indexOf(10) + 1;
  const wrong: number[] = [];
  for (let i = 0; i < INPUTS; i++) {
    const file = Buffer.from(right);
    const changes = 1 + Math.floor(random() * 4);
    for (let n = 0; n < changes; n++) file[Math.floor(random() * file.length)] = Math.floor(random() * 256);
    // Half of them with a checksum that fits: what lies behind it must hold too.
    const body = file.subarray(0, random() < 0.3 ? Math.floor(random() * file.length) : file.length - 32);
    const given =
      random() < 0.5
        ? Buffer.concat([
            right.subarray(0, head),
            body.subarray(head),
            createHash('sha256')
              .update(Buffer.concat([right.subarray(0, head), body.subarray(head)]))
              .digest(),
          ])
        : body;
    try {
      const { content } = await unseal(of(given), {});
      // What passes is what was put in: a byte of the gzip header may say another time.
      const files = await read(content);
      if (files.get('site/site.yaml')?.toString() !== 'site: demo\n') wrong.push(i);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
    }
  }
  expect(wrong).toEqual([]);
}, 240_000);
