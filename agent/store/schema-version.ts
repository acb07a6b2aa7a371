/** Which schema of the log this release writes, for whoever has to know it without opening a log. */

/** Number of the newest migration. */
export const SCHEMA_VERSION = 3;
/**
 * Oldest schema whose agent can go on with a log of this one, for releases that come back after a newer one ran. It stays as
 * long as migrations only add what an older agent does not look at, and becomes the newer number with one that does not.
 */
export const OLDEST_READER = 3;
