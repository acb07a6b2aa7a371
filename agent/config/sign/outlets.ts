/** The part of the site schema that says where a sign is seen and heard besides its screen. */
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { OutletsConfig } from '../../core/sign/outlets.ts';
import { PANEL_CHARSETS } from '../../core/sign/text-panel.ts';
import type { Say } from '../checks.ts';
import { definedOnly } from '../device/profile.ts';
import { nearest, type Path, shown } from '../problem.ts';
import { hostPort, id, integer, oneOf, text, url } from '../values.ts';

const contact = z.strictObject({ device: id('board'), point: id('speak-button') });

/** Keys of `sign:`. All of them tell what its screen tells. */
export const outletKeys = {
  phone: z
    .strictObject({
      listen: hostPort('0.0.0.0:8083', 0).describe(
        'Address of the page for phones; it is for everybody who reaches it',
      ),
      url: url(['http:', 'https:'], 'https://stop.example/0817')
        .optional()
        .describe('Address under which phones reach it; as QR code on the screen'),
    })
    .optional()
    .describe('A page for phones, without script; absent: there is none'),
  panels: z
    .array(
      z.strictObject({
        device: id('led-1').describe('A text panel'),
        rows: integer(1, 16, 4).describe('Lines of text'),
        columns: integer(4, 128, 24).describe('Cells of a row; a Chinese character takes two'),
        charset: oneOf(PANEL_CHARSETS, 'gb2312').prefault('gb2312').describe('What its font holds'),
      }),
    )
    .max(8)
    .prefault([])
    .describe('LED text panels that show the sign, too'),
  speech: z
    .strictObject({
      volume: integer(1, 100, 70).prefault(70).describe('%; half of it in quiet hours'),
      button: contact.optional().describe('A contact that is true while somebody presses it'),
      voices: z
        .strictObject({
          zh: text('the path of a voice', '/var/lib/piper/zh.onnx').optional(),
          en: text('the path of a voice', '/var/lib/piper/en.onnx').optional(),
        })
        .prefault({})
        .describe('Voice files of piper, relative to this file; without them espeak-ng or spd-say speaks'),
    })
    .optional()
    .describe('Announcements; without a speech engine on the machine they can be read only'),
} as const;

const shape = z.strictObject(outletKeys);
export type OutletsFile = z.output<typeof shape>;

/** `file`: absolute path of the site file. */
export function outletsOf({ phone, panels, speech }: OutletsFile, file: string): OutletsConfig {
  const at = (path: string | undefined) => (path === undefined ? undefined : resolve(dirname(file), path));
  return {
    ...(phone === undefined ? {} : { phone: definedOnly(phone) }),
    panels,
    ...(speech === undefined
      ? {}
      : {
          speech: {
            volume: speech.volume,
            ...definedOnly({ button: speech.button }),
            voices: definedOnly({ 'zh-CN': at(speech.voices.zh), en: at(speech.voices.en) }),
          },
        }),
  };
}

/** Devices of the site with their points. */
type Points = ReadonlyMap<
  string,
  readonly { readonly id: string; readonly type: string; readonly signed?: boolean }[]
>;

/** `screen`: whether the sign has the part that all of this tells. */
export function checkOutlets(
  { phone, panels, speech }: OutletsFile,
  screen: boolean,
  points: Points,
  say: Say,
): void {
  const needs =
    phone !== undefined
      ? 'phone'
      : panels.length > 0
        ? 'panels'
        : speech !== undefined
          ? 'speech'
          : undefined;
  if (needs !== undefined && !screen) {
    say(
      ['sign', needs],
      'it tells what the screen tells, and there is no screen: part',
      'write screen: too; its browser may be left out',
    );
  }
  const missing = (device: string, path: Path): boolean => {
    if (points.has(device)) return false;
    const close = nearest(device, [...points.keys()]);
    say(
      path,
      `there is no device ${shown(device)}`,
      close === undefined ? 'name a device of this site' : `write device: ${close}`,
    );
    return true;
  };
  panels.forEach(({ device }, i) => {
    const path: Path = ['sign', 'panels', i, 'device'];
    if (missing(device, path)) return;
    const panel = points.get(device)?.find(({ id: one }) => one === 'text');
    if (panel?.signed !== true)
      say(path, `${device} is no text panel: it has no signed point text`, 'name a text panel');
  });
  if (speech?.button === undefined) return;
  const { device, point } = speech.button;
  if (missing(device, ['sign', 'speech', 'button', 'device'])) return;
  const found = points.get(device)?.find(({ id: one }) => one === point);
  if (found?.type === 'boolean') return;
  const contacts =
    points
      .get(device)
      ?.filter(({ type }) => type === 'boolean')
      .map(({ id: one }) => one) ?? [];
  const close = nearest(point, contacts);
  say(
    ['sign', 'speech', 'button', 'point'],
    found === undefined ? `there is no point ${shown(point)}` : `${point} is no contact`,
    close === undefined ? `name a contact of ${device}` : `write point: ${close}`,
  );
}
