/**
 * A machine of its own: Debian with systemd as process 1, in namespaces of this one, with which it shares the loopback. Its state disk
 * is a file with ext4, so that a cut of power loses what the software had not flushed.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';

const execute = promisify(execFile);
const NAMESPACES = ['--fork', '--kill-child', '--pid', '--mount', '--uts', '--ipc', '--cgroup'];
/** Enough for three releases side by side; only what is written takes room. */
const DISK = 2 * 1024 ** 3;
const BOOT = new URL('./boot.sh', import.meta.url).pathname;
const CUT = new URL('./cut.pl', import.meta.url).pathname;
/** What would look at the network, or at hardware that is not this machine's. */
const MASKED = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'e2scrub_all.timer',
  'systemd-journald-audit.socket',
];

/** In memory a flush costs nothing: a disk is waited for on a busy machine, and what a cut loses is the same. */
const MEMORY = '/dev/shm';

function roomy(): boolean {
  const { bavail, bsize } = statfsSync(MEMORY, { bigint: false });
  return bavail * bsize > 2 * DISK;
}

/** Why no such machine can be had here, by trying what it needs; undefined where it can. */
export function forbidden(): string | undefined {
  const words = `mount -t proc proc /proc && mount -t cgroup2 cgroup2 /mnt && mount -t tmpfs tmpfs /mnt && : >/mnt/disk &&
    truncate -s 8M /mnt/disk && mkfs.ext4 -q /mnt/disk && mkdir /mnt/a /mnt/b /mnt/c /mnt/d &&
    mount -o loop /mnt/disk /mnt/a && umount /mnt/a &&
    mount -t overlay overlay -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c /mnt/d`;
  try {
    execFileSync('unshare', [...NAMESPACES, 'sh', '-c', words], { stdio: 'pipe', timeout: 20_000 });
    return undefined;
  } catch (thrown) {
    const { stderr, message } = thrown as { readonly stderr?: Buffer; readonly message: string };
    return stderr?.toString().trim().split('\n').at(-1) || message;
  }
}

export class Machine implements AsyncDisposable {
  readonly #dir: string;
  readonly #base: string;
  readonly #disk: string;
  #child: ChildProcess | undefined;
  #init = 0;
  #said = '';

  /** `base`: root of a Debian with systemd, which is only read; `dir`: an empty folder for everything else. */
  constructor(base: string, dir: string) {
    this.#base = base;
    this.#dir = dir;
    for (const name of ['upper', 'work', 'root', 'cgroup', 'shared']) mkdirSync(join(dir, name));
    this.#disk = join(mkdtempSync(join(roomy() ? MEMORY : dir, 'kerbside-disk-')), 'disk');
    mkdirSync(join(dir, 'upper/etc/systemd/system'), { recursive: true });
    for (const unit of MASKED)
      execFileSync('ln', ['-s', '/dev/null', join(dir, 'upper/etc/systemd/system', unit)]);
    closeSync(openSync(this.#disk, 'w'));
    truncateSync(this.#disk, DISK);
    execFileSync('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=1,nodiscard', this.#disk]);
  }

  /** Folder that is `/shared` in there. */
  get shared(): string {
    return join(this.#dir, 'shared');
  }

  /** Where the running machine's files can be reached from outside. */
  path(inside: string): string {
    return join(`/proc/${this.#init}/root`, inside);
  }

  /** Starts it and waits until it has come up. */
  async boot(): Promise<void> {
    const { dir, base } = { dir: this.#dir, base: this.#base };
    // In a control group of its own before its namespace is made: that one is its root then.
    const words = `mount -t cgroup2 cgroup2 "$1" && mkdir -p "$1/kerbside-$$" && echo $$ >"$1/kerbside-$$/cgroup.procs" && umount "$1" && shift && exec "$@"`;
    const parts = ['upper', 'work', 'root', 'shared'].map((name) => join(dir, name));
    const inner = [
      'unshare',
      ...NAMESPACES,
      '--propagation',
      'private',
      'sh',
      BOOT,
      base,
      ...parts,
      this.#disk,
    ];
    const child = spawn('unshare', ['--mount', 'sh', '-c', words, 'sh', join(dir, 'cgroup'), ...inner], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        this.#said += chunk;
      });
    await vi.waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`it did not start: ${this.#said}`);
        this.#init = Number(
          readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0],
        );
        await this.run('systemctl', 'is-system-running').catch((thrown: { readonly stdout?: string }) => {
          if (thrown.stdout?.trim() !== 'degraded') throw thrown;
        });
      },
      { timeout: 60_000, interval: 100 },
    );
  }

  /** Runs a command in it, as root and in no service. */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await execute('nsenter', ['--target', String(this.#init), '--all', '--', ...command], {
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
        SYSTEMD_PAGER: '',
      },
      maxBuffer: 16 << 20,
    });
    return stdout.trim();
  }

  /** Properties of a unit, as the manager has them. */
  async unit(name: string): Promise<Readonly<Record<string, string>>> {
    const text = await this.run('systemctl', 'show', name);
    return Object.fromEntries(
      text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** The last lines of its journal. */
  journal(lines = 60): Promise<string> {
    return this.run('journalctl', '--no-pager', '-n', String(lines), '-o', 'cat').catch(() => this.#said);
  }

  /** The power fails: nothing is written any more and nothing runs. What was not flushed to the state disk is gone. */
  async cut(): Promise<void> {
    await execute('perl', [CUT, this.path('/var/lib/kerbside')]);
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    rmSync(join(this.#disk, '..'), { recursive: true });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await this.#leaveNothing(child.pid ?? 0);
    // The disk is free again when the last of its processes is gone.
    await vi.waitFor(
      () => {
        if (execFileSync('losetup', ['--associated', this.#disk], { encoding: 'utf8' }) !== '')
          throw new Error('its disk is in use');
      },
      { timeout: 20_000, interval: 50 },
    );
  }

  /** Its control groups. */
  async #leaveNothing(pid: number): Promise<void> {
    const words = `mount -t cgroup2 cgroup2 "$1" && find "$1/kerbside-$2" -depth -type d -exec rmdir {} +`;
    await vi.waitFor(
      () => execute('unshare', ['--mount', 'sh', '-c', words, 'sh', join(this.#dir, 'cgroup'), String(pid)]),
      { timeout: 20_000, interval: 50 },
    );
  }
}
