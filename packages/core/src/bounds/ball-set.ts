/** The ball of one input as what programs over a set are fed. */
import type { Network } from '../runtime/network.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { type Rows, setFeeds } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import type { SetFeed } from './layerwise.ts';

/** Rounded outward; x [sampleSize], `stream` the index of the input that fixed inputs go by. */
export function ballSet(
  network: Network,
  threat: Threat,
  x: Float32Array,
  radius: number,
  stream: number,
): SetFeed {
  const rows: Rows = {
    count: 1,
    x,
    labels: new Int32Array(1),
    radii: Float64Array.of(radius),
    streams: [stream],
  };
  return {
    ...setFeeds({ classifier: network, threat }, rows, 'outward'),
    ...sideFeeds(network.sides, [stream]),
  };
}
