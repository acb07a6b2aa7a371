/** A camera of the resolved site: where its frames come from, what is counted in them, and where in the picture. */
import type { Text } from './point.ts';
import type { Position } from './site.ts';

/** A place in the picture in parts of its width and height, 0…1, x to the right, y down. */
export type Spot = readonly [x: number, y: number];

/** Vehicles that cross it are counted, by direction and class. */
export interface LineSpec {
  readonly id: string;
  readonly title: Text;
  readonly from: Spot;
  readonly to: Spot;
  /** Classes that are counted apart, besides all together. */
  readonly classes: readonly string[];
}

/** What a zone looks for. `bus` is a stop's bay: it says whether a bus stands there. */
export const ZONE_KINDS = ['vehicles', 'people', 'faces', 'bus'] as const;
export type ZoneKind = (typeof ZONE_KINDS)[number];

/** A part of the ground; what stands in it is counted. */
export interface ZoneSpec {
  readonly id: string;
  readonly title: Text;
  readonly polygon: readonly Spot[];
  readonly counts: ZoneKind;
  /** m²; with it the density is told. */
  readonly area?: number;
  /** More than this many is an alarm. */
  readonly capacity?: number;
}

/** A stretch of road of known size: speed and headway are measured on it. */
export interface LaneSpec {
  readonly id: string;
  readonly title: Text;
  /** Corners of a rectangle on the road: start left, start right, end right, end left, seen along the way driven. */
  readonly points: readonly [Spot, Spot, Spot, Spot];
  /** From start to end, and from left to right, m. */
  readonly length: number;
  readonly width: number;
}

/** A parking bay. */
export interface BaySpec {
  readonly id: string;
  readonly title: Text;
  readonly polygon: readonly Spot[];
  /** The point that says whether the charger of this bay charges: a boolean, or a power or current above `above`. */
  readonly charger?: { readonly device: string; readonly point: string; readonly above: number };
}

/** What vision may take of the gateway; beyond it frames become fewer. */
export interface VisionBudget {
  /** Cores that this camera may use on average, 0.05…4. */
  readonly cpu: number;
  /** Temperature of the processor from which frames become fewer, °C. */
  readonly temperature: number;
}

export const VISION_BUDGET: VisionBudget = { cpu: 1, temperature: 80 };

export interface CameraConfig {
  readonly id: string;
  readonly title: Text;
  /**
   * `http(s)://…` JPEG snapshot or MJPEG stream, `rtsp(s)://…`, `v4l2:/dev/video0`, `clip:/path/film.mp4`,
   * `folder:/path`.
   */
  readonly source: string;
  /** Login at the camera, basic or digest as it asks. */
  readonly username?: string;
  readonly password?: string;
  /** RTSP only: how the stream travels. Default tcp. */
  readonly transport?: 'tcp' | 'udp';
  /** Frames per second asked for. */
  readonly rate: number;
  readonly tasks: readonly ('vehicles' | 'faces')[];
  /** Model pack that does a task: one of models/, or one added with `kerbside models add`; absent: the default. */
  readonly models?: { readonly vehicles?: string; readonly faces?: string };
  /** Model packs that look at the same frames for comparison; nothing of what they find is counted. */
  readonly shadow?: { readonly vehicles?: string; readonly faces?: string };
  /** Whether a logged-in technician may see the picture; false forbids it for good. */
  readonly preview: boolean;
  /** Interval of the counts, ms. */
  readonly every: number;
  readonly position?: Position;
  readonly lines?: readonly LineSpec[];
  readonly zones?: readonly ZoneSpec[];
  readonly lanes?: readonly LaneSpec[];
  readonly bays?: readonly BaySpec[];
  /** Absent: `VISION_BUDGET`. */
  readonly budget?: VisionBudget;
  /** Counts of people and faces from 1 to below this are held back; absent: none are. */
  readonly holdBelow?: number;
}

/** What the site promises about pictures and people, for its cameras and for the label on the pole. */
export interface PrivacyConfig {
  /** Who answers for the cameras (personal information handler, PIPIL art. 73), as it stands on the label. */
  readonly operator?: Text;
  /** How to reach them. */
  readonly contact?: string;
  /** False: no camera of the site can ever be looked at, whatever it says itself. */
  readonly preview: boolean;
  /** False: nobody can turn off the blur of faces. */
  readonly unblur: boolean;
  /** See `CameraConfig.holdBelow`; 0: nothing is held back. */
  readonly holdBelow: number;
  /** Shortest interval of the counts of any camera, ms. */
  readonly floor: number;
}

export const PRIVACY_DEFAULTS: PrivacyConfig = { preview: true, unblur: false, holdBelow: 0, floor: 1000 };
