/** What a page tells of what it has painted. */

export interface Painted {
  /** Of the board that is painted. */
  readonly run: string;
  readonly seq: number;
  /** Counts the tellings of this page, from 1: one that begins anew has been loaded anew. */
  readonly count: number;
  /** ms of street time between the board and what is painted of it. */
  readonly elapsed: number;
  /** ms from the change of the document to the picture that holds it. */
  readonly waited: number;
  readonly visible: boolean;
  readonly size: readonly [width: number, height: number];
  /** What stands there, by key (sayings.ts). */
  readonly texts: Readonly<Record<string, string>>;
  /** Keys whose middle is off the screen or covered. */
  readonly hidden: readonly string[];
}
