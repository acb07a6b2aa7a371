/** What can happen to the gateway itself: its process dies, its clock is dead, its disk is full. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Breakable, type Ground, toldBy } from './breakable.ts';

const run = promisify(execFile);
/** Longest that the agent's clock may be off, ms. */
const SAME_TIME = 60_000;
/** Between two tellings of the time, and how many there are at most. */
const TELL_MS = 500;
const TELLINGS = 240;

export const killedAgent: Breakable = {
  id: 'kill',
  title: { en: 'kill -9 the agent', zh: 'kill -9 杀死代理进程' },
  does: {
    en: 'The process dies without a word, as in a power cut. Its supervisor starts it anew.',
    zh: '进程如断电般瞬间消失，由守护进程重新启动。',
  },
  at: 'agent',
  passes: true,
  strike({ agent }) {
    if (agent.pid === undefined) throw new Error('the agent is being started already');
    process.kill(agent.pid, 'SIGKILL');
    return () => undefined;
  },
  noticed: ({ eye }) => (eye.up ? undefined : 'gone'),
  healed: ({ eye }) => eye.up && [...eye.readings.values()].some(({ quality }) => quality === 'good'),
};

const off = ({ eye, street }: Ground): number => Math.abs(eye.now - street.clock.now());

/** The city tells the time until the agent has it; it may be on its way back to the broker still. */
function tellTime(ground: Ground): void {
  const { site } = ground.street.scenario;
  let left = TELLINGS;
  const timer = setInterval(() => {
    left -= 1;
    if (left < 0 || (ground.eye.up && off(ground) < SAME_TIME)) return clearInterval(timer);
    const time = JSON.stringify({ time: Math.round(ground.street.clock.now()) });
    ground.street.broker?.publish(`kerbside/v1/${site.id}/time`, time).catch(() => undefined);
  }, TELL_MS);
  timer.unref();
}

export const deadClock: Breakable = {
  id: 'clock',
  title: { en: 'Set the clock to 1970', zh: '时钟回到 1970 年' },
  does: {
    en: 'A gateway without a battery comes up in 1970. It reads on, and its readings get their true time later.',
    zh: '没有时钟电池的网关以 1970 年启动。采集照常，真实时间随后补上。',
  },
  at: 'agent',
  strike(ground) {
    const { agent } = ground;
    agent.setClock(0);
    return () => {
      agent.setClock(undefined);
      tellTime(ground);
    };
  },
  noticed: (ground) =>
    ground.eye.up && ground.eye.now > 0 && off(ground) > SAME_TIME
      ? `its clock shows ${new Date(ground.eye.now).toISOString().slice(0, 16)}, and it knows that this is too early`
      : undefined,
  healed: (ground) => ground.eye.up && off(ground) < SAME_TIME,
};

export const fullDisk: Breakable = {
  id: 'disk',
  title: { en: 'Fill the disk', zh: '写满磁盘' },
  does: {
    en: 'No file of the agent may grow any more. Readings wait in memory until there is room again.',
    zh: '代理的文件无法再增长，读数在内存中等待，直到磁盘恢复。',
  },
  at: 'disk',
  async strike({ agent }) {
    const pid = agent.pid;
    if (pid === undefined) throw new Error('the agent is being started');
    // The limit of a running process: every write beyond it fails, as on a full card.
    await run('prlimit', [`--pid=${pid}`, '--fsize=4096:unlimited']);
    return async () => {
      await run('prlimit', [`--pid=${pid}`, '--fsize=unlimited']).catch(() => undefined);
    };
  },
  ...toldBy('store'),
};
