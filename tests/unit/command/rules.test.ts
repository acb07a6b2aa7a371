/** Interlocks and rights. */
import { describe, expect, test } from 'vitest';
import { interlocks, rights, tenantScope } from '../../../agent/command/rules.ts';
import type { Command } from '../../../agent/core/command.ts';
import { good, type Reading } from '../../../agent/core/reading.ts';

const command: Command = {
  id: 'a',
  device: 'sockets',
  point: 'output-1',
  value: true,
  issuer: 'uplink:city/fair',
  issued: 0,
  expires: 1,
};

describe('interlocks', () => {
  const door = { device: 'board', point: 'cabinet-door' };
  const lock = interlocks(
    [
      {
        device: 'sockets',
        point: 'output-1',
        value: true,
        onlyWhile: { ...door, is: false },
        reason: 'the door is open',
      },
    ],
    { latest: () => reading },
  );
  let reading: Reading | undefined;

  test('lock while the condition does not hold, or cannot be read', () => {
    reading = undefined;
    expect(lock(command)).toBe('the door is open');
    reading = good({ ...door, unit: '1' }, true, 0);
    expect(lock(command)).toBe('the door is open');
    reading = { ...good({ ...door, unit: '1' }, false, 0), value: null, quality: 'bad', reason: 'timeout' };
    expect(lock(command)).toBe('the door is open');
    reading = good({ ...door, unit: '1' }, false, 0);
    expect(lock(command)).toBeUndefined();
  });

  test('lock only what they name', () => {
    reading = undefined;
    expect(lock({ ...command, value: false })).toBeUndefined();
    expect(lock({ ...command, point: 'output-2' })).toBeUndefined();
  });
});

describe('rights', () => {
  test('without any, whoever got this far may', () => expect(rights(undefined)(command)).toBeUndefined());

  test('only those named may, and only what is named for them; a dot is no wildcard', () => {
    const may = rights([
      { issuer: 'uplink:city/fair', device: 'sockets', point: 'output-*' },
      { issuer: 'console:*', device: '*', point: '*' },
    ]);
    expect(may(command)).toBeUndefined();
    expect(may({ ...command, device: 'board' })).toBe('uplink:city/fair may not command board output-1');
    expect(may({ ...command, issuer: 'uplink:cityXfair' })).toBeDefined();
    expect(may({ ...command, issuer: 'console:ann', device: 'board' })).toBeUndefined();
    expect(may({ ...command, issuer: 'control:lease', device: 'board' })).toBeUndefined();
  });
});

describe('tenants', () => {
  const scope = tenantScope([
    { id: 'cell', issuers: ['uplink:cell*'], commands: [{ device: 'cell-*', point: '*' }] },
    { id: 'screen', issuers: ['api:screen'], commands: [{ device: 'panel', point: 'brightness' }] },
    { id: 'tower', issuers: ['uplink:cell/both'], commands: [{ device: 'mast', point: 'light' }] },
  ]);
  const asks = (issuer: string, device: string, point: string) => scope({ issuer, device, point });

  test('command their own things and nothing else', () => {
    expect(asks('uplink:cell', 'cell-fan', 'speed')).toBeUndefined();
    expect(asks('api:screen', 'panel', 'brightness')).toBeUndefined();
    expect(asks('uplink:cell', 'panel', 'brightness')).toBe(
      'uplink:cell commands for cell, and panel brightness is not its own',
    );
    expect(asks('api:screen', 'panel', 'text')).toContain('not its own');
    expect(asks('uplink:cell', 'board', 'lamp-level')).toContain('not its own');
    // Who commands for two of them has what either has.
    expect(asks('uplink:cell/both', 'mast', 'light')).toBeUndefined();
    expect(asks('uplink:cell/both', 'cell-fan', 'speed')).toBeUndefined();
  });

  test('are not in the way of anybody else', () => {
    expect(asks('uplink:city', 'panel', 'brightness')).toBeUndefined();
    expect(asks('console:technician', 'cell-fan', 'speed')).toBeUndefined();
    expect(asks('control:lighting', 'board', 'lamp-level')).toBeUndefined();
  });
});
