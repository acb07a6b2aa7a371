/** The part of the site schema that is about the screen of a stop sign, and what becomes of it. */
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { KioskConfig, ScreenConfig } from '../../core/sign/screen.ts';
import { definedOnly } from '../device/profile.ts';
import { flag, hostPort, id, text } from '../values.ts';

export const screen = z
  .strictObject({
    phone: text('a telephone number in quotes', '"0533-12345"').describe(
      'Who to call when the sign is at fault; on every face of the sign',
    ),
    listen: hostPort('127.0.0.1:8082', 0)
      .prefault('127.0.0.1:8082')
      .describe('Where the page is; another address than loopback lets the network look at the sign'),
    hosts: z
      .array(text('a host name', 'sign.local'))
      .max(16)
      .prefault([])
      .describe('Further names under which it may be asked'),
    browser: text('the path of a program, or its name', 'chromium')
      .optional()
      .describe(
        'The agent starts this chromium as its kiosk and starts it anew when it shows nothing or something else',
      ),
    browser_args: z
      .array(text('an argument of chromium', '"--force-device-scale-factor=1"'))
      .max(32)
      .optional()
      .describe('Further arguments of the browser'),
    restart_file: text('the path of a file', '/run/kerbside/restart-kiosk')
      .optional()
      .describe(
        'Somebody else starts the browser, and anew whenever this file is written (docs/sign/kiosk.md)',
      ),
    light: z
      .strictObject({ device: id('station'), point: id('illuminance') })
      .optional()
      .describe('A light sensor in lx; absent: the sun alone'),
    backlight: text('a folder of /sys/class/backlight', '/sys/class/backlight/rpi_backlight')
      .optional()
      .describe('The panel is dimmed here; absent: the page dims as far as it stays readable'),
    camera: id('camera-1').optional().describe('The newest picture of this camera is shown, faces blurred'),
    names: z
      .record(z.string().min(1).max(100), text('a name', 'East Railway Station'))
      .prefault({})
      .describe('Names in the second language, by the name in the first'),
    feedback: flag().prefault(false).describe('Riders can answer with one tap; answers are kept and sent'),
  })
  .describe('The screen that riders look at; absent: the sign has none');

export type ScreenFile = z.output<typeof screen>;

/** `file`: absolute path of the site file. */
export function screenOf(written: ScreenFile, file: string): ScreenConfig {
  const { phone, listen, hosts, light, backlight, camera, names, feedback } = written;
  return {
    phone,
    listen,
    hosts,
    kiosk: kioskOf(written, file),
    names,
    feedback,
    ...definedOnly({ light, backlight, camera }),
  };
}

function kioskOf(
  { browser, browser_args: args = [], restart_file: restart }: ScreenFile,
  file: string,
): KioskConfig {
  if (browser !== undefined) return { kind: 'chromium', browser, args };
  return restart === undefined ? { kind: 'none' } : { kind: 'file', file: resolve(dirname(file), restart) };
}
