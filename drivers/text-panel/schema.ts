/** The `text-panel:` blocks of a profile and of its points, and the options of a device. */
import { z } from 'zod';
import { PANEL_CHARSETS } from '../../agent/core/sign/text-panel.ts';
import { serialSchema } from '../line-settings.ts';

/** What can be read and written, by the letter it goes by. */
export const ITEMS = {
  text: { code: 't', type: 'string', signed: true },
  'power-up-text': { code: 'p', type: 'string', signed: true },
  'loss-text': { code: 'l', type: 'string', signed: true },
  'loss-after': { code: 's', type: 'number', signed: false },
  brightness: { code: 'b', type: 'number', signed: false },
} as const;
export type Item = keyof typeof ITEMS;

export const optionsSchema = z.strictObject({
  rows: z.int().min(1).max(16),
  columns: z.int().min(4).max(128),
  charset: z.enum(PANEL_CHARSETS).default('gb2312'),
  serial: serialSchema.optional(),
});

export const wireSchema = z.strictObject({ item: z.enum(Object.keys(ITEMS) as [Item, ...Item[]]) });

/** A panel of another size than its profile says. */
export const deviceSchema = z.strictObject({
  rows: z.int().min(1).max(16).optional(),
  columns: z.int().min(4).max(128).optional(),
  charset: z.enum(PANEL_CHARSETS).optional(),
});
