/** Times on the command line, as `90s`, `5min`, `2h`, `30d`. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/values.ts';

/** Reads a time of at least `least` ms; `example` stands in what a wrong one is told: `30min`. */
export function durationLike(example: string, least = 1): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms === undefined || ms < least) throw new InvalidArgumentError(`Expected a time such as ${example}.`);
    return ms;
  };
}
