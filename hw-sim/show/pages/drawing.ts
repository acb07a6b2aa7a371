/** Puts a moment of the street into the drawing: light, lamp, what is well and what is not, the stop's rows, the water. */
import type { Scene } from '../scene.ts';
import { drawn, part, put, say } from './elements.ts';
import { Sky } from './sky.ts';
import { current, word } from './words.ts';

/** Where the eye should go at a station of the tour, in the drawing. */
const SPOTS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  street: [800, 420],
  lamp: [737, 86],
  meter: [298, 516],
  city: [1440, 200],
  sign: [990, 458],
  agent: [560, 578],
  sos: [560, 440],
  flows: [704, 568],
  ledger: [1440, 200],
};
const DRY = 4;
const FLOODED = 118;
/** Metres to the drawing, and where those who wait for the bus stand. */
const PEOPLE_METRE = 24;
const STOP_X = 1221;
const PERSON = 104;

export class Drawing {
  readonly sky = new Sky();
  #rows = '';
  #people = '';

  draw(scene: Scene): void {
    this.sky.show(scene.sun);
    this.#lamp(scene);
    this.#parts(scene);
    this.#sign(scene);
    this.#waiting(scene.people);
    const water = scene.hands.flooded ? FLOODED : DRY;
    put(part('water'), { y: 807 - water, height: water });
    const spot = scene.tour === undefined ? undefined : SPOTS[scene.tour.look];
    part('ring').classList.toggle('shown', spot !== undefined && scene.tour?.look !== 'street');
    if (spot !== undefined) put(part('ring'), { cx: spot[0], cy: spot[1] });
  }

  /** As bright as it is read back; a lamp that has burnt out is dark whatever its driver says. */
  #lamp({ lamp, sun }: Scene): void {
    const level = lamp.light === 0 ? 0 : lamp.level === null ? lamp.light : lamp.level / 100;
    const seen = sun > 6 ? 0.35 : 1;
    put(part('shine'), { opacity: (level * seen).toFixed(2) });
  }

  #parts(scene: Scene): void {
    const { agent, city, things, camera, hands } = scene;
    const wrong = (id: string, is: boolean) => part(id).classList.toggle('wrong', is);
    wrong('cabinet', !agent.up);
    wrong('meter', things.meter?.state !== 'ok');
    wrong('tablet', things.flows?.state !== 'ok');
    wrong('camera', camera.vehicles === null);
    part('cabinet').classList.toggle('linked', city.up);
    part('mast-light').classList.toggle('wrong', !city.up);
    part('wire-city').classList.toggle('cut', !city.up);
    part('wire-rs485').classList.toggle('cut', things.line?.state !== 'ok');
    part('sos').classList.toggle('pressed', hands.sosPressed || calls(scene));
  }

  #sign({ sign: { rows, state }, now }: Scene): void {
    say(part('face-title'), word('stopsign'));
    say(part('face-time'), clock(now));
    const told = JSON.stringify([rows, current()]);
    if (told === this.#rows) return;
    this.#rows = told;
    part('rows').dataset.state = state;
    part('rows').replaceChildren(
      ...rows.flatMap((row, i) => {
        const y = 420 + i * 32;
        const live = row.state === 'live' ? 'row' : 'row plan';
        return [
          drawn('text', { x: 842, y, class: live }, row.line),
          drawn('text', { x: 910, y: y - 1, class: 'row to' }, short(row.terminus[current()])),
          drawn('text', { x: 1121, y, class: live, 'text-anchor': 'end' }, whenOf(row)),
        ];
      }),
    );
  }

  #waiting(people: readonly number[]): void {
    const told = people.join();
    if (told === this.#people) return;
    this.#people = told;
    part('people').replaceChildren(
      ...people.map((metres) =>
        drawn('use', {
          href: '#person',
          x: Math.round(STOP_X + metres * PEOPLE_METRE - 16),
          y: 648 - PERSON,
          width: 32,
          height: PERSON,
        }),
      ),
    );
  }
}

/** Whether a call for help stands: the first fact of the button is the state of its alarm. */
export function calls({ things }: Scene): boolean {
  return !['normal', '–'].includes(things.sos?.values[0] ?? '–');
}

/** Where the drawing says something of the tour, as a part of its width. */
export function spotOf(look: string): number {
  return (SPOTS[look]?.[0] ?? 800) / 1600;
}

/** Time of day at the street. */
export function clock(now: number, seconds = false): string {
  return new Date(now).toLocaleTimeString('en-GB', {
    timeZone: 'Asia/Shanghai',
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
  });
}

/** As much of a name as there is room for: a Chinese sign is twice as wide. */
function short(name: string): string {
  const most = /[一-鿿]/.test(name) ? 5 : 11;
  return name.length > most ? `${name.slice(0, most)}…` : name;
}

/** As the sign itself says it, in short. */
function whenOf({ state, minutes, stopsAway, approaching }: Scene['sign']['rows'][number]): string {
  if (approaching) return word('due');
  if (minutes !== null) return `${state === 'live' ? '' : '≈ '}${word('minutes', minutes)}`;
  return stopsAway === null ? '–' : word('stops', stopsAway);
}
