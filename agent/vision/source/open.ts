/** Which source an address of the site file is. */
import type { CameraConfig } from '../../core/camera.ts';
import type { Clock } from '../../core/time/clock.ts';
import { ffmpegSource } from './ffmpeg.ts';
import { folderSource } from './folder.ts';
import type { Source } from './frame.ts';
import { httpSource } from './http.ts';

/** Of a checked camera; nothing is opened before the first frame is asked for. */
export function openSource(camera: CameraConfig, clock: Clock): Source {
  const { source, username, password = '', transport, rate } = camera;
  const login = username === undefined ? {} : { credentials: { username, password } };
  if (/^https?:/.test(source)) return httpSource(source, { clock, ...login });
  if (source.startsWith('folder:')) return folderSource(source.slice('folder:'.length), { clock });
  return ffmpegSource(source, { clock, rate, ...login, ...(transport === undefined ? {} : { transport }) });
}
