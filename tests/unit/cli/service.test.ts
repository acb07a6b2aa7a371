/** What the service manager hears: the real systemd-notify, and a datagram socket in systemd's place. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { serviceManager } from '../../../agent/cli/service.ts';
import { type Log, silent } from '../../../agent/core/log.ts';
import { program } from '../../support/programs.ts';

/** Prints every datagram as one line; Node opens no such socket. */
const LISTENER = `use IO::Socket::UNIX; use Socket; $| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
while (defined $s->recv(my $text, 4096)) { $text =~ s/\\n/ /g; print "$text\\n" if length $text }`;

const perl = program('perl');
const there = perl !== undefined && program('systemd-notify') !== undefined;

describe.skipIf(!there)('under a service manager', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-notify-'));
  const path = join(dir, 'notify');
  let listener: ChildProcess;
  let heard = '';
  const times = (word: string) => heard.split(word).length - 1;

  beforeAll(async () => {
    listener = spawn(perl ?? '', ['-e', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    listener.stdout?.on('data', (chunk) => {
      heard += chunk;
    });
    await vi.waitUntil(() => existsSync(path), { timeout: 10_000, interval: 20 });
    vi.stubEnv('NOTIFY_SOCKET', path);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    listener.kill();
    rmSync(dir, { recursive: true });
  });

  test('it hears ready, and stopping', async () => {
    const service = serviceManager(process.env, silent);
    service.ready('pole-0817 of demo-street');
    await vi.waitFor(() => expect(times('READY=1')).toBe(1), { timeout: 10_000 });
    expect(times('STATUS=pole-0817 of demo-street')).toBe(1);
    service.stopping();
    await vi.waitFor(() => expect(times('STOPPING=1')).toBe(1), { timeout: 10_000 });
  });

  test('its watchdog is fed while the look at the agent succeeds, and starves when it fails or hangs', async () => {
    const said: string[] = [];
    const log: Log = { ...silent, error: (event) => void said.push(event) };
    const service = serviceManager({ ...process.env, WATCHDOG_USEC: '300000' }, log);
    let look: () => Promise<void> = async () => {};
    using _ = service.watch(() => look());
    await vi.waitFor(() => expect(times('WATCHDOG=1')).toBeGreaterThan(2), { timeout: 10_000 });

    look = () => Promise.reject(new Error('the log has not answered for 130 s'));
    await vi.waitFor(() => expect(said).toContain('service.unwell'), { timeout: 10_000 });

    let hanging = 0;
    look = () => {
      hanging += 1;
      return new Promise(() => {});
    };
    await vi.waitFor(() => expect(hanging).toBe(1), { timeout: 10_000 });
    // What was on its way arrives; then nothing more is sent, and no second look begins beside the one that hangs.
    let last = -1;
    await vi.waitFor(
      () => {
        const now = times('WATCHDOG=1');
        const settled = now === last;
        last = now;
        expect(settled).toBe(true);
      },
      { timeout: 10_000, interval: 700 },
    );
    expect(hanging).toBe(1);
  });
});

test('without one nothing is sent and nothing is looked at', () => {
  const look = vi.fn();
  const service = serviceManager({ WATCHDOG_USEC: '1000' }, silent);
  service.ready('unclaimed');
  using _ = service.watch(look);
  service.stopping();
  expect(look).not.toHaveBeenCalled();
});
