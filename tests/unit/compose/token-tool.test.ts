/** What pkcs11-tool writes: tokens and keys out of its words, whatever a token calls itself. */
import { describe, expect, test } from 'vitest';
import { isKey, isToken, parseKeys, parseTokens, TokenTool } from '../../../agent/compose/token-tool.ts';
import { seeded } from '../../support/seeded.ts';
import { PIN, SoftToken, softHsm } from '../../support/soft-token.ts';

// As OpenSC 0.23.0 wrote it over p11-kit: an initialised token of SoftHSM 2.6.1, one that is not, and an empty reader.
const SLOTS = `Available slots:
Slot 0 (0x11): SoftHSM slot ID 0x6ee17157
  token label        : kerbside
  token manufacturer : SoftHSM project
  token model        : SoftHSM v2
  token flags        : login required, rng, token initialized, PIN initialized, other flags=0x20
  hardware version   : 2.6
  firmware version   : 2.6
  serial num         : 18eb73ec6ee17157
  pin min/max        : 4/255
Slot 1 (0x12): SoftHSM slot ID 0x1
  token state:   uninitialized
Slot 2 (0x13): Reader
  (empty)
`;
const KEYS = `Public Key Object; EC  EC_POINT 256 bits
  EC_POINT:   044104447164da6b29813e04e8892991d540bd8c13ff105b66e0aed8aff7dd9e86839958527eb1a56f2ade2d9f08b91160022aea7c6be424f9f7e753f4f3bd3a4bce92
  EC_PARAMS:  06082a8648ce3d030107
  label:      device
  ID:         01
  Usage:      encrypt, verify, wrap, derive
  Access:     local
Private Key Object; EC
  label:      other
  ID:         4af0
  Usage:      sign
  Access:     sensitive, always sensitive, never extractable, local
`;

test('tokens that are initialised, and the keys in them', () => {
  const tokens = parseTokens(SLOTS);
  expect(tokens).toEqual([
    {
      slot: '0x11',
      label: 'kerbside',
      manufacturer: 'SoftHSM project',
      model: 'SoftHSM v2',
      serial: '18eb73ec6ee17157',
      login: true,
    },
  ]);
  const [token] = tokens;
  if (token === undefined) throw new Error('no token');
  expect(isToken(token, { token: 'kerbside', object: 'x' })).toBe(true);
  expect(isToken(token, { token: 'kerbside', serial: '1' })).toBe(false);
  const keys = parseKeys(KEYS);
  expect(keys.map(({ label, id }) => [label, id])).toEqual([
    ['device', '01'],
    ['other', '4af0'],
  ]);
  expect(keys[1]?.access).toContain('never extractable');
  expect(
    keys.filter((key) => isKey(key, { id: Uint8Array.of(0x4a, 0xf0) })).map(({ label }) => label),
  ).toEqual(['other']);
});

test('a token that calls itself anything brings neither an end nor a second token', () => {
  const random = seeded(4711);
  const lines = [...SLOTS.split('\n'), ...KEYS.split('\n')];
  for (let i = 0; i < 2000; i++) {
    const text = Array.from({ length: 30 }, () => {
      const line = lines[Math.floor(random() * lines.length)] ?? '';
      const at = Math.floor(random() * (line.length + 1));
      const noise = String.fromCodePoint(Math.floor(random() * 0x2fff));
      return random() < 0.5 ? line : `${line.slice(0, at)}${noise}${line.slice(at)}`;
    }).join('\n');
    const tokens = parseTokens(text);
    expect(tokens.length).toBeLessThanOrEqual(
      text.split('\n').filter((line) => line.startsWith('Slot')).length,
    );
    for (const { slot } of tokens) expect(slot).toMatch(/^0x[0-9a-f]+$/);
    for (const { id = '00' } of parseKeys(text)) expect(id).toMatch(/^([0-9a-f]{2})+$/);
  }
});

test('a tool that is missing, or that fails, is told with what to do', async () => {
  await expect(new TokenTool(undefined, '/nowhere/pkcs11-tool').tokens()).rejects.toMatchObject({
    message: 'work with the token failed: pkcs11-tool is missing',
    fix: 'Install the package opensc.',
  });
});

describe.skipIf(softHsm === undefined)('a token of SoftHSM', () => {
  test('makes a key that never leaves it, signs, and refuses a wrong PIN', async () => {
    using token = new SoftToken();
    process.env.SOFTHSM2_CONF = token.env.SOFTHSM2_CONF;
    const tool = new TokenTool();
    const [found, ...others] = await tool.tokens();
    expect([found?.label, others]).toEqual(['kerbside', []]);
    if (found === undefined) return;
    const key = { label: 'device', id: '4a4b' };
    const made = await tool.makeKey(found, key, PIN);
    expect(made.access).toEqual(expect.arrayContaining(['sensitive', 'never extractable', 'local']));
    expect((await tool.publicKeys(found)).map(({ label, id }) => [label, id])).toEqual([['device', '4a4b']]);
    expect((await tool.publicKey(found, key)).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect((await tool.sign(found, key, new Uint8Array(32), PIN)).length).toBe(64);
    await expect(tool.sign(found, key, new Uint8Array(32), '11112222')).rejects.toMatchObject({
      code: 'auth-failed',
      message: 'work with the token failed: the token refuses the PIN',
    });
    token.pullOut();
    expect(await tool.tokens()).toEqual([]);
  }, 30_000);
});
