/** Everything in the street that can be broken, in the order in which it is offered. */

import { deadClock, fullDisk, killedAgent } from './break-agent.ts';
import { coveredCamera, foggedCamera } from './break-camera.ts';
import { cityCut, hostileBroker } from './break-city.ts';
import { changedFlow, loopingFlow } from './break-flows.ts';
import { cableOut, wiresSwapped } from './break-line.ts';
import { floodedUnderpass, lampBurnt, sosPressed } from './break-pole.ts';
import type { Breakable } from './breakable.ts';

export const BREAKABLES: readonly Breakable[] = [
  cableOut,
  wiresSwapped,
  cityCut,
  hostileBroker,
  killedAgent,
  deadClock,
  fullDisk,
  coveredCamera,
  foggedCamera,
  lampBurnt,
  sosPressed,
  floodedUnderpass,
  changedFlow,
  loopingFlow,
];
