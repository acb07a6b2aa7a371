/** Positions, as several parts of a site file have them. */
import * as z from 'zod';
import { number, oneOf } from './values.ts';

export const DATUMS = ['WGS84', 'GCJ02', 'CGCS2000'] as const;

export const position = z
  .strictObject({
    lat: number(-90, 90, 31.2304),
    lon: number(-180, 180, 121.4737),
    datum: oneOf(DATUMS, 'WGS84').describe('WGS84 for GPS, GCJ02 for Chinese web maps, CGCS2000 for surveys'),
  })
  .describe('Degrees, with the datum they were measured in');
