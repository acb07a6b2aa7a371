/** Rules of the site on commands: what must not be written now, and who may command what. */
import type { Command } from '../core/command.ts';
import { holds } from '../core/condition.ts';
import type { Subscription } from '../core/hub.ts';
import { glob } from '../core/pattern.ts';
import type { CommandRight, Interlock } from '../core/site.ts';

/** Gives why a write must not be made now, or undefined. An interlock whose condition cannot be read locks. */
export function interlocks(
  list: readonly Interlock[],
  hub: Pick<Subscription, 'latest'>,
): (write: Pick<Command, 'device' | 'point' | 'value'>) => string | undefined {
  return ({ device, point, value }) =>
    list.find(
      (lock) =>
        lock.device === device &&
        lock.point === point &&
        (lock.value === undefined || lock.value === value) &&
        !holds(hub, lock.onlyWhile),
    )?.reason;
}

/** Gives why an issuer may not command a point, or undefined. Without rights everybody may who got this far. */
export function rights(list: readonly CommandRight[] | undefined): (command: Command) => string | undefined {
  if (list === undefined) return () => undefined;
  const allowed = list.map(({ issuer, device, point }) => [glob(issuer), glob(device), glob(point)] as const);
  return ({ issuer, device, point }) =>
    // What controllers want is the site's own will.
    issuer.startsWith('control:') ||
    allowed.some(([who, where, what]) => who.test(issuer) && where.test(device) && what.test(point))
      ? undefined
      : `${issuer} may not command ${device} ${point}`;
}
