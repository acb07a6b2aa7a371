/** What the city can do to the agent: go away, or send what no city should. */
import { randomBytes } from 'node:crypto';
import type { SeenCommand } from './agent-eye.ts';
import type { Breakable, Ground } from './breakable.ts';

const connected = ({ eye }: Ground): boolean =>
  eye.up && eye.ledgers.some((one) => one.uplink === 'city' && one.connected);
const backlog = ({ eye }: Ground): number =>
  eye.ledgers.find(({ uplink }) => uplink === 'city')?.backlog ?? 0;

export const cityCut: Breakable = {
  id: 'city',
  title: { en: 'Cut the link to the city', zh: '切断城市链路' },
  does: {
    en: 'The broker is gone. Readings pile up in the log of the pole, and nothing is lost.',
    zh: '消息服务器消失，读数在灯杆本地日志中积压，一条不丢。',
  },
  at: 'city',
  async strike({ street }) {
    await street.broker?.cut();
    return () => street.broker?.restore();
  },
  noticed: (ground) =>
    ground.eye.up && !connected(ground)
      ? (ground.eye.parts.get('uplink:city')?.message ?? `offline, ${backlog(ground)} readings wait`)
      : undefined,
  // A few are always on their way.
  healed: (ground) => connected(ground) && backlog(ground) < 200 && ground.city.missing === 0,
};

/** Payloads that a command topic can bring when the broker is in the wrong hands. */
function hostile(): readonly (string | Buffer)[] {
  const command = (more: object) =>
    JSON.stringify({
      id: `hostile-${randomBytes(4).toString('hex')}`,
      device: 'board',
      point: 'lamp-level',
      value: 0,
      issued: 1,
      expires: 2,
      ...more,
    });
  return [
    randomBytes(4096),
    '{"id":',
    '['.repeat(30_000),
    command({}),
    command({ value: 1e9, expires: 4e12 }),
    command({ device: 'meter-feeder', point: 'voltage-l1', expires: 4e12 }),
    command({ device: '../../etc/passwd', expires: 4e12 }),
    JSON.stringify({ __proto__: null, id: 'x'.repeat(100_000) }),
  ];
}

const isHostile = ({ command }: SeenCommand): boolean => command.id.startsWith('hostile-');

export const hostileBroker: Breakable = {
  id: 'hostile',
  title: { en: 'Let the broker turn hostile', zh: '恶意消息服务器' },
  does: {
    en: 'Garbage, expired commands, values out of range and foreign names arrive on the command topic.',
    zh: '命令主题收到乱码、过期命令、越界数值与非法名称。',
  },
  at: 'city',
  passes: true,
  async strike({ street }) {
    const { site, agent } = street.scenario;
    const root = `kerbside/v1/${site.id}/${agent}/cmd`;
    for (const payload of hostile()) {
      for (const topic of [
        `${root}/board/lamp-level`,
        `${root}/meter-feeder/voltage-l1`,
        `${root}/nobody/nothing`,
      ]) {
        await street.broker?.publish(topic, payload);
      }
    }
    return () => undefined;
  },
  noticed: ({ eye }) => {
    const refused = eye.commands.filter((one) => isHostile(one) && one.result.state !== 'done');
    const last = refused.at(0)?.result;
    return last === undefined
      ? undefined
      : `${refused.length} refused; ${last.reason ?? last.code ?? last.state}`;
  },
  // The lamp is where it was: none of them was obeyed.
  healed: ({ eye }) => eye.up && !eye.commands.some((one) => isHostile(one) && one.result.state === 'done'),
};
