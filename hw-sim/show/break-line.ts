/** What can be done to the RS-485 line. */
import { silence, swappedWires } from '../faults.ts';
import { type Breakable, type Ground, said, toldBy, well } from './breakable.ts';

const LINE = 'rs485-1';
const METER = 'meter-feeder';

function wire({ street }: Ground) {
  const line = street.lines.get(LINE);
  if (line?.kind !== 'serial') throw new Error(`this street has no serial line ${LINE}`);
  return line;
}

export const cableOut: Breakable = {
  id: 'cable',
  title: { en: 'Pull the meter’s cable', zh: '拔掉电表线缆' },
  does: {
    en: 'The feeder meter no longer answers. The others on its line keep their rate.',
    zh: '进线电表不再应答，同一总线上的其他设备照常采集。',
  },
  at: 'meter',
  strike(ground) {
    const { plan, port } = wire(ground);
    const fault = port.wire.inject(silence(plan.devices.find(({ id }) => id === METER)?.unit ?? 1));
    return () => fault[Symbol.dispose]();
  },
  ...toldBy(`device:${METER}`),
};

export const wiresSwapped: Breakable = {
  id: 'wires',
  title: { en: 'Swap the wires A and B', zh: '接反 A、B 线' },
  does: {
    en: 'The whole line turns to noise, as after a repair in the dark.',
    zh: '整条总线变成噪声，就像摸黑检修之后。',
  },
  at: 'line',
  strike(ground) {
    const fault = wire(ground).port.wire.inject(swappedWires());
    return () => fault[Symbol.dispose]();
  },
  noticed: (ground) => said(ground, `line:${LINE}`) ?? said(ground, `device:${METER}`),
  healed: (ground) =>
    well(ground, `line:${LINE}`) && wire(ground).plan.devices.every(({ id }) => well(ground, `device:${id}`)),
};
