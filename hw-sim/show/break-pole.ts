/** What can happen at the pole: the lamp burns out, somebody needs help, water rises. */
import { alarmed, type Breakable } from './breakable.ts';

/** How long a finger stays on the button at least and at most, ms. */
const PRESS_MS = 800;
const LONGEST_PRESS_MS = 30_000;

export const lampBurnt: Breakable = {
  id: 'lamp',
  title: { en: 'Burn out the lamp', zh: '烧坏路灯' },
  does: {
    en: 'Its driver still says 100 %, and the meter no longer sees its watts.',
    zh: '驱动器仍回读 100 %，电表却看不到它的功率。',
  },
  at: 'lamp',
  strike({ street: { world, clock } }) {
    world.burnLamp(true, clock.now());
    return () => world.burnLamp(false, clock.now());
  },
  noticed: (ground) => alarmed(ground, 'lamp-1-lamp-failure'),
  healed: ({ eye }) => eye.up && eye.readings.get('lamp-1/lamp-failure')?.value === false,
};

export const sosPressed: Breakable = {
  id: 'sos',
  title: { en: 'Press SOS', zh: '按下 SOS 求助按钮' },
  does: {
    en: 'Somebody needs help. The lamp goes to full light, the alarm stands until a person acknowledges it.',
    zh: '有人求助：路灯全亮，报警一直保持，直到有人确认。',
  },
  at: 'sos',
  strike(ground) {
    const { eye } = ground;
    const { world } = ground.street;
    world.setHands({ sosPressed: true });
    // Who needs help keeps the finger there until the button answers.
    const begun = performance.now();
    const release = setInterval(() => {
      const held = performance.now() - begun;
      if (held < LONGEST_PRESS_MS && alarmed(ground, 'sos') === undefined) return;
      clearInterval(release);
      world.setHands({ sosPressed: false });
    }, PRESS_MS);
    return async () => {
      clearInterval(release);
      world.setHands({ sosPressed: false });
      const act = (name: string) =>
        eye.ask('POST', '/alarms/sos/acts', {
          act: name,
          name: 'Visitor of the show',
          note: 'a visitor pressed it',
        });
      await act('acknowledge');
      await act('reset').catch(() => undefined);
    };
  },
  noticed: (ground) => alarmed(ground, 'sos'),
  healed: ({ eye }) => eye.up && eye.alarms.every(({ status }) => status.id !== 'sos' || !status.active),
};

export const floodedUnderpass: Breakable = {
  id: 'flood',
  title: { en: 'Flood the underpass', zh: '淹没下穿通道' },
  does: {
    en: 'Water rises to 34 cm in the underpass beside the pole.',
    zh: '灯杆旁的下穿通道积水达 34 厘米。',
  },
  at: 'underpass',
  strike({ street: { world } }) {
    world.setHands({ flooded: true });
    return () => world.setHands({ flooded: false });
  },
  noticed: (ground) => alarmed(ground, 'underpass-flood-alarm') ?? alarmed(ground, 'underpass-level-hi'),
  healed: ({ eye }) => eye.up && eye.readings.get('underpass/flood-alarm')?.value === false,
};
