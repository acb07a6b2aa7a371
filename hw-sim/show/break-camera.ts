/** What can happen to the camera's view. */
import type { CameraFault } from '../camera/index.ts';
import { type Breakable, type Ground, toldBy, type Undo } from './breakable.ts';

const CAMERA = 'camera:camera-1';

function inject({ street }: Ground, kind: CameraFault): Undo {
  const fault = street.camera?.inject(kind);
  return () => fault?.[Symbol.dispose]();
}

export const coveredCamera: Breakable = {
  id: 'cover',
  title: { en: 'Cover the camera', zh: '遮住摄像机' },
  does: {
    en: 'A hand lies over the lens. Nothing counted is not the same as a count of zero.',
    zh: '镜头被遮住。数不到，不等于数到零。',
  },
  at: 'camera',
  strike: (ground) => inject(ground, 'cover'),
  ...toldBy(CAMERA),
};

export const foggedCamera: Breakable = {
  id: 'fog',
  title: { en: 'Let fog come', zh: '起雾' },
  does: { en: 'The street disappears in fog.', zh: '街道隐没在浓雾之中。' },
  at: 'camera',
  strike: (ground) => inject(ground, 'fog'),
  ...toldBy(CAMERA),
};
