/** The energy account over the API. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  ApiEnergyAccount,
  ApiEnergyBill,
  ApiEnergyCompleteness,
  ApiEnergyNow,
} from '../../../agent/console/api/energy-contract.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let viewer: Record<string, string>;

beforeAll(async () => {
  console_ = await openConsole();
  viewer = await console_.login('viewer');
  // The clock begins at 2027-01-01 08:00 in Shanghai; ten days later the year has an account.
  await console_.clock.advance(10 * 86_400_000);
  viewer = await console_.login('viewer');
});
afterAll(() => console_[Symbol.asyncDispose]());

async function get<T>(path: string): Promise<{ status: number; body: T }> {
  const { status, text } = await console_.ask(`/api/v1/energy${path}`, { headers: viewer });
  return { status, body: JSON.parse(text) };
}

describe('the energy account', () => {
  test('says which period runs and where demand stands', async () => {
    const { body } = await get<ApiEnergyNow>('');
    expect(body).toMatchObject({
      id: 'energy',
      month: '2027-01',
      line: 0.9,
      demand: { passedIn: 360_000, limit: 10 },
    });
    expect(body.accounts.map(({ id }) => id)).toEqual(['building', 'shop']);
    expect(body.from).toBe(Date.parse('2027-01-01T00:00:00+08:00'));
  });

  test('of a day: meters, items, branches', async () => {
    const { body } = await get<ApiEnergyAccount>('/account?day=2027-01-05');
    // 8 kW and 6 kW for 24 hours.
    expect(body.meters.map(({ id, quantity }) => [id, quantity])).toEqual([
      ['main', 192],
      ['light', 144],
      ['rest', 48],
    ]);
    expect(body.items.map(({ id, quantity }) => [id, quantity])).toEqual([
      ['01A00', 144],
      ['01A10', 144],
    ]);
    expect(body.branches).toMatchObject([{ circuit: 'main', difference: 48, state: 'differs' }]);
    // Midnight lies in a silence of the lamp's meter, by a quarter only.
    expect(body.meters[1]?.completeness).toBe(0.75);
  });

  test('of today: as far as it has come', async () => {
    const { body } = await get<ApiEnergyAccount>('/account?day=today');
    expect(body.to - body.from).toBe(8 * 3_600_000);
    expect(body.carriers).toMatchObject([{ id: 'electricity', quantity: 64 }]);
  });

  test('completeness by day, with its line', async () => {
    const { body } = await get<ApiEnergyCompleteness>('/completeness?month=2027-01');
    expect(body.days).toHaveLength(11);
    expect(body.days[1]?.rows[0]).toMatchObject({
      kind: 'building',
      due: 192,
      valid: 168,
      repaired: 24,
      share: 0.875,
    });
    expect(body.line).toBe(0.9);
  });

  test('bills, as far as they have come', async () => {
    const { body } = await get<ApiEnergyBill>('/bills/shop');
    expect(body).toMatchObject({ account: 'shop', month: '2027-01', final: false });
    // 10 days and 8 hours of 6 kW: 88 h of valley, 160 h of peak; a quarter of it.
    expect(body.lines.filter(({ what }) => what === 'energy')).toMatchObject([
      { rate: 'peak', quantity: '240', amount: '240.00' },
      { rate: 'valley', quantity: '132', amount: '39.60' },
    ]);
  });

  test('refuses what is no question', async () => {
    expect((await get('/bills/nobody')).status).toBe(404);
    expect((await get('/account?month=2027-13')).status).toBe(400);
    expect((await get('/account?month=2027-01&day=2027-01-05')).status).toBe(400);
    expect((await get('/account?from=5')).status).toBe(400);
    expect((await get('/account?from=5&to=4')).status).toBe(400);
    expect((await get('/completeness?from=0&to=99999999999')).status).toBe(400);
  });

  test('is for who is logged in', async () => {
    expect((await console_.ask('/api/v1/energy')).status).toBe(401);
  });
});
