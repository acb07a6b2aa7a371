/** Looking through a camera: for a person, for a while, with faces blurred, and never without a trace. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PRIVACY_DEFAULTS } from '../../../agent/core/camera.ts';
import { openConsole, type TestConsole } from './open-console.ts';

const FRAME = '/api/v1/cameras/camera-1/frame';
const VIEWING = '/api/v1/cameras/camera-1/viewing';
const MINUTE = 60_000;

let at: TestConsole;
let person: Record<string, string>;

async function open(unblur: boolean, role: 'technician' | 'administrator' = 'administrator'): Promise<void> {
  at = await openConsole({ privacy: { ...PRIVACY_DEFAULTS, unblur } });
  at.agent.frame = { jpeg: Uint8Array.of(0xff, 0xd8), width: 4, height: 4, time: 0, detections: [] };
  person = await at.login(role);
}
beforeEach(() => open(true));
afterEach(() => at[Symbol.asyncDispose]());

const look = async () => {
  const { status, text } = await at.ask(FRAME, { headers: person });
  return status === 200 ? 200 : JSON.parse(text).code;
};
const begin = async (body: object) => {
  const { status, text } = await at.post(VIEWING, body, person);
  return { status, ...JSON.parse(text) };
};

const viewings = () => at.agent.audited.filter(({ act }) => act === 'viewing');

describe('a viewing', () => {
  test('is audited when it begins, once', async () => {
    for (let i = 0; i < 5; i++) expect(await look()).toBe(200);
    expect(viewings()).toEqual([{ act: 'viewing', who: 'console:administrator', faces: 'blurred' }]);
    expect(at.agent.unblurred).toBe(0);
  });

  test('ends after ten minutes, also for a page that goes on asking, until somebody begins it anew', async () => {
    for (let half = 0; half < 20; half++) {
      expect(await look()).toBe(200);
      await at.clock.advance(MINUTE / 2);
    }
    for (let i = 0; i < 10; i++) {
      expect(await look()).toBe('viewing-over');
      await at.clock.advance(MINUTE / 2);
    }
    expect(await begin({ faces: 'blurred' })).toMatchObject({ status: 200, faces: 'blurred' });
    expect(await look()).toBe(200);
    expect(viewings()).toHaveLength(2);
  });

  test('of one session is not that of another', async () => {
    await begin({ faces: 'shown', reason: 'lens to be cleaned' });
    person = await at.login('technician');
    expect(await look()).toBe(200);
    expect(at.agent.unblurred).toBe(0);
  });
});

describe('faces as they are', () => {
  test('are shown for two minutes, with a reason in the audit trail, and then not at all', async () => {
    expect(await begin({ faces: 'shown', reason: 'lens to be cleaned' })).toMatchObject({ status: 200 });
    expect(await look()).toBe(200);
    expect(at.agent.unblurred).toBe(1);
    expect(viewings().at(-1)).toEqual({
      act: 'viewing',
      who: 'console:administrator',
      faces: 'shown',
      reason: 'lens to be cleaned',
    });
    for (let i = 0; i < 3; i++) {
      await at.clock.advance(MINUTE / 2);
      expect(await look()).toBe(200);
    }
    await at.clock.advance(MINUTE / 2);
    expect(await look()).toBe('viewing-over');
    await begin({ faces: 'blurred' });
    const before = at.agent.unblurred;
    expect(await look()).toBe(200);
    expect(at.agent.unblurred).toBe(before);
  });

  test('need a reason and an administrator', async () => {
    expect(await begin({ faces: 'shown' })).toMatchObject({ status: 400 });
    await at[Symbol.asyncDispose]();
    await open(true, 'technician');
    expect(await begin({ faces: 'shown', reason: 'curious' })).toMatchObject({
      status: 403,
      code: 'role-too-low',
    });
    expect(viewings()).toEqual([]);
  });

  test('are never shown where the site does not allow it', async () => {
    await at[Symbol.asyncDispose]();
    await open(false);
    expect(await begin({ faces: 'shown', reason: 'curious' })).toMatchObject({
      status: 403,
      code: 'unblur-forbidden',
    });
    expect(await look()).toBe(200);
    expect(at.agent.unblurred).toBe(0);
  });

  test('are for no program, whatever its role', async () => {
    const { authorization } = await at.token('administrator');
    const { status } = await at.post(VIEWING, { faces: 'blurred' }, { authorization });
    expect(status).toBe(403);
  });
});
