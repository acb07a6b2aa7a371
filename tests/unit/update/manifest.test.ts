/** Manifests: what the schema takes, what it refuses, and what is judged of one before anything is fetched. */
import { describe, expect, test } from 'vitest';
import { sealEnvelope, UPDATE_TYPE } from '../../../agent/core/envelope.ts';
import { compareVersions } from '../../../agent/core/update.ts';
import { freshState } from '../../../agent/update/boot-state.ts';
import { type Here, judge } from '../../../agent/update/judge.ts';
import { readManifest } from '../../../agent/update/manifest.ts';
import { seeded } from '../../support/seeded.ts';
import { CITY, iso, REMOTE, START, STRANGER } from '../../support/update-bundles.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const part = { name: 'app', file: 'app.tar.zst', sha256: 'a'.repeat(64), size: 10, unpacked: 20, entries: 2 };
const signed = {
  channel: 'stable',
  issued: iso(START - 3_600_000),
  expires: iso(START + 86_400_000),
  scope: { sites: ['street'] },
};
const release = {
  kind: 'release',
  ...signed,
  version: '0.3.0',
  architecture: 'arm64',
  from: '0.1.0',
  floor: '0.2.0',
  log: { schema: 3, oldest: 3 },
  parts: [part],
};
const model = {
  kind: 'model',
  ...signed,
  name: 'yolox',
  serial: 4,
  parts: [part],
  golden: [{ picture: 'golden/one.jpg', class: 'car', at_least: 1, at_most: 3 }],
};
const config = { kind: 'config', ...signed, serial: 7, text: 'site: {}', why: 'new meter' };

const seal = (manifest: object, key = CITY, type: typeof UPDATE_TYPE | undefined = UPDATE_TYPE) =>
  Buffer.from(
    JSON.stringify(sealEnvelope(Buffer.from(JSON.stringify(manifest)), key.key.id, key.secret, type)),
  );
const here = (change: Partial<Here> = {}): Here => ({
  site: 'street',
  agent: 'pole-1',
  keys: REMOTE.keys,
  channel: 'stable',
  architecture: 'arm64',
  running: '0.2.0',
  logSchema: 3,
  switchable: true,
  clock: new VirtualClock(START),
  ...change,
});
const codeOf = (manifest: object, change: Partial<Here> = {}, state = freshState('0.1.0')) => {
  const judged = judge(seal(manifest), state, here(change));
  return judged.ok ? 'ok' : judged.code;
};

describe('a configuration', () => {
  const reason = (change: object) => {
    const read = readManifest(Buffer.from(JSON.stringify({ ...config, ...change })));
    return read.ok ? 'ok' : read.reason;
  };

  test('has a text or a patch, and templates that do not lead out', () => {
    const { text: _, ...without } = config;
    expect(readManifest(Buffer.from(JSON.stringify({ ...without, patch: '--- a' }))).ok).toBe(true);
    expect(reason({ patch: '--- a' })).toMatch(/^text: expected either/);
    expect(reason({ text: undefined })).toMatch(/^text: expected either/);
    expect(reason({ templates: { 'templates/pole.yaml': 'x' } })).toBe('ok');
    for (const place of ['../pole.yaml', '/etc/pole.yaml', '.hidden', 'a//b'])
      expect(reason({ templates: { [place]: 'x' } })).not.toBe('ok');
  });

  test('that was returned here is refused by its digest; signed anew it is a new wish', () => {
    const opened = judge(seal(config), freshState('0.1.0'), here());
    if (!opened.ok) throw new Error(opened.reason);
    const state = {
      ...freshState('0.1.0'),
      serials: { config: 7 },
      refused: [{ version: '#7', digest: opened.digest, reason: 'uplink:city is down' }],
    };
    expect(codeOf(config, {}, state)).toBe('refused-before');
    expect(codeOf({ ...config, why: 'another' }, {}, state)).toBe('replayed');
    expect(codeOf({ ...config, serial: 8 }, {}, state)).toBe('ok');
  });
});

describe('a manifest', () => {
  test.each([
    ['a release', release],
    ['a model', model],
    ['a configuration', config],
  ])('%s is taken', (_, manifest) => {
    expect(codeOf(manifest)).toBe('ok');
  });

  test('every key that is unknown, missing or out of bounds is refused by name', () => {
    const reason = (change: object) => {
      const read = readManifest(Buffer.from(JSON.stringify({ ...release, ...change })));
      return read.ok ? 'ok' : read.reason;
    };
    expect(reason({})).toBe('ok');
    expect(reason({ version: '1.2' })).toMatch(/^version: /);
    expect(reason({ version: '01.2.3' })).toMatch(/^version: /);
    expect(reason({ extra: 1 })).toMatch(/extra/);
    expect(reason({ parts: [] })).toMatch(/^parts: /);
    expect(reason({ parts: [part, part] })).toMatch(/two have one name/);
    expect(reason({ parts: [{ ...part, file: '../x' }] })).toMatch(/^parts.0.file/);
    expect(reason({ parts: [{ ...part, unpacked: 3 * 1024 ** 3 }] })).toMatch(/^parts.0.unpacked/);
    expect(reason({ expires: iso(START + 500 * 86_400_000) })).toMatch(/400 days/);
    expect(reason({ expires: iso(START - 7_200_000) })).toMatch(/after issued/);
    expect(reason({ log: { schema: 3, oldest: 4 } })).toMatch(/log.oldest/);
    expect(reason({ kind: 'other' })).toMatch(/^kind: /);
  });

  test('versions compare as numbers', () => {
    expect(['0.10.0', '0.9.9', '1.0.0', 'factory'].sort(compareVersions)).toEqual([
      'factory',
      '0.9.9',
      '0.10.0',
      '1.0.0',
    ]);
  });
});

describe('a bundle is refused', () => {
  test('whose signature is not that of a key of the site, or of another kind of document', () => {
    expect(judge(seal(release, STRANGER), freshState('0.1.0'), here())).toMatchObject({
      code: 'unknown-key',
    });
    const posing = seal(release, { key: CITY.key, secret: STRANGER.secret });
    expect(judge(posing, freshState('0.1.0'), here())).toMatchObject({ code: 'bad-signature' });
    expect(judge(Buffer.from('{}'), freshState('0.1.0'), here())).toMatchObject({ code: 'malformed' });
    // What was signed to be shown is nothing to run.
    const content = sealEnvelope(Buffer.from(JSON.stringify(release)), CITY.key.id, CITY.secret);
    const renamed = { ...content, payloadType: UPDATE_TYPE };
    expect(judge(Buffer.from(JSON.stringify(content)), freshState('0.1.0'), here())).toMatchObject({
      code: 'malformed',
    });
    expect(judge(Buffer.from(JSON.stringify(renamed)), freshState('0.1.0'), here())).toMatchObject({
      code: 'bad-signature',
    });
  });

  test.each<[string, string, object, Partial<Here>]>([
    ['of another site', 'wrong-scope', { scope: { sites: ['other'] } }, {}],
    ['of another agent', 'wrong-scope', { scope: { sites: ['*'], agents: ['pole-2'] } }, {}],
    ['of another channel', 'wrong-channel', { channel: 'beta' }, {}],
    ['for another machine', 'wrong-architecture', { architecture: 'amd64' }, {}],
    ['that runs already', 'replayed', {}, { running: '0.3.0' }],
    ['that skips one it has to follow', 'too-old', { from: '0.2.5' }, {}],
    ['whose log the one before could not go on with', 'no-way-back', { log: { schema: 5, oldest: 4 } }, {}],
    ['whose log is older than the one there is', 'no-way-back', { log: { schema: 2, oldest: 1 } }, {}],
    ['where no launcher would start it', 'not-here', {}, { switchable: false }],
  ])('%s', (_, code, change, where) => {
    expect(codeOf({ ...release, ...change }, where)).toBe(code);
  });

  test('whose log only has more in it is taken', () => {
    expect(codeOf({ ...release, log: { schema: 5, oldest: 3 } })).toBe('ok');
  });

  test('that is older than the floor, or was returned before', () => {
    const floor = { ...freshState('0.1.0'), floor: '0.3.1' };
    expect(codeOf(release, {}, floor)).toBe('rolled-back');
    expect(codeOf(release, { running: '0.4.0' })).toBe('ok');
    const judged = judge(seal(release), freshState('0.1.0'), here());
    const digest = judged.ok ? judged.digest : '';
    const refused = [{ version: '0.3.0', digest, reason: 'silent' }];
    expect(codeOf(release, {}, { ...freshState('0.1.0'), refused })).toBe('refused-before');
    // Signed anew it is a new wish.
    expect(codeOf({ ...release, issued: iso(START) }, {}, { ...freshState('0.1.0'), refused })).toBe('ok');
  });

  test('whose number was taken already', () => {
    const state = { ...freshState('0.1.0'), serials: { 'model:yolox': 4, config: 8 } };
    expect(codeOf(model, {}, state)).toBe('replayed');
    expect(codeOf(config, {}, state)).toBe('rolled-back');
    expect(codeOf({ ...config, serial: 9 }, {}, state)).toBe('ok');
    expect(codeOf({ ...model, name: 'other' }, {}, state)).toBe('ok');
  });

  test('out of its time; not before is judged by a trusted clock only', () => {
    const at = (wall: number, rank: 'ntp' | 'floor' | 'none') => {
      const clock = new VirtualClock(START);
      clock.remap({ mono: clock.mono(), wall, rate: 1, rank, uncertaintyMs: 1 });
      return { clock };
    };
    expect(codeOf(release, at(START + 2 * 86_400_000, 'ntp'))).toBe('expired');
    // A floor can only be too early.
    expect(codeOf(release, at(START + 2 * 86_400_000, 'floor'))).toBe('expired');
    expect(codeOf(release, at(0, 'none'))).toBe('ok');
    expect(codeOf(release, at(START - 86_400_000, 'ntp'))).toBe('not-yet-issued');
    expect(codeOf(release, at(START - 86_400_000, 'floor'))).toBe('ok');
    const later = { ...release, not_before: iso(START + 3_600_000) };
    expect(codeOf(later)).toBe('not-yet-issued');
    expect(codeOf(later, at(START, 'floor'))).toBe('ok');
    expect(codeOf(later, at(START + 7_200_000, 'ntp'))).toBe('ok');
  });
});

test('thousands of manifests with bytes changed: an answer for each', () => {
  const random = seeded(4);
  const texts = [release, model, config].map((one) => Buffer.from(JSON.stringify(one)));
  let taken = 0;
  const rounds = Number(process.env.FUZZ_INPUTS ?? 20_000);
  for (let i = 0; i < rounds; i++) {
    const bytes = Buffer.from(texts[i % 3] ?? '');
    for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--)
      bytes[Math.floor(random() * bytes.length)] = 32 + Math.floor(random() * 96);
    const read = readManifest(
      random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes,
    );
    if (read.ok) taken += 1;
    else expect(read.reason.length).toBeLessThan(400);
  }
  expect(taken).toBeGreaterThan(100);
  expect(taken).toBeLessThan(rounds / 2);
});
