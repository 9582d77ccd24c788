/**
 * Squares in ℓ2 and ℓ1: one window gives its length to another, which takes a tilted pattern η of
 * falling rings on top of its own (Andriushchenko et al. 2020, algorithm 3; Croce & Hein 2021 for ℓ1).
 * Where the valid box cuts features off, what they leave of ε goes to those with room, so that every
 * trial lies on the sphere as long as the box reaches it.
 */
import type { Threat } from '../threats/threat.ts';
import { type FeatureGrid, placeWindow, type Window, windowSize } from './feature-grid.ts';
import type { Moves, Walk } from './square.ts';

/** Windows are no smaller, so that η has a sign to change; the first are a tiling of so many a side. */
const [LEAST_WINDOW, TILES] = [3, 5];
/** Rounds that pass on what the box cut off; the length only grows, and stays within ε. */
const REFILLS = 4;
const TINY = 1e-12;

export function sphereMoves(grid: FeatureGrid, threat: Threat): Moves {
  const { channels, height, width, channelStep, rowStep, columnStep } = grid;
  const power = threat.norm.name === 'l1' ? 1 : 2;
  const signWords = Math.ceil(channels / 32);
  const perQuery = 5 + signWords;
  const other: Window = { top: 0, left: 0, height: 0, width: 0 };
  const patterns = new Map<string, Float64Array>();
  /** The perturbation in units of the weights, of the row in hand. */
  const delta = new Float64Array(channels * height * width);
  const weight = (feature: number): number => threat.weights?.[feature] ?? 1;
  const powered = (value: number): number => (power === 1 ? Math.abs(value) : value * value);
  const rooted = (sum: number): number => (power === 1 ? sum : Math.sqrt(sum));

  const eachIn = (
    window: Window,
    channel: number,
    visit: (feature: number, at: number) => void,
  ) => {
    let at = 0;
    for (let y = window.top; y < window.top + window.height; y++) {
      let feature = channel * channelStep + y * rowStep + window.left * columnStep;
      for (let x = 0; x < window.width; x++, feature += columnStep) visit(feature, at++);
    }
  };

  const pattern = (window: Window, across: boolean): Float64Array => {
    const key = `${window.height}/${window.width}/${across}`;
    const known = patterns.get(key);
    if (known) return known;
    const made = tilted(window.height, window.width, across, power);
    patterns.set(key, made);
    return made;
  };

  const upwards = ({ random }: Walk, at: number, channel: number): boolean =>
    ((random.bits(at + (channel >> 5)) >>> (channel & 31)) & 1) === 1;

  /** Writes centre + t·delta into `trial`, clamped to the box, with t so large that the sphere is met. */
  const place = ({ centre, lower, upper, radius, trial }: Walk): void => {
    let whole = 0;
    for (let i = 0; i < delta.length; i++) whole += powered(delta[i] ?? 0);
    const budget = powered(radius);
    let factor = rooted(whole) > TINY * radius ? radius / rooted(whole) : 0;
    for (let round = 0; round < REFILLS; round++) {
      let [cut, free] = [0, 0];
      for (let i = 0; i < delta.length; i++) {
        const own = delta[i] ?? 0;
        if (own === 0) continue;
        const end = own > 0 ? (upper[i] ?? 0) : (lower[i] ?? 0);
        const room = (end - (centre[i] ?? 0)) / weight(i);
        if (Math.abs(own) * factor >= Math.abs(room)) cut += powered(room);
        else free += powered(own);
      }
      const wanted = rooted(Math.max(0, budget - cut) / Math.max(free, TINY * TINY));
      if (cut === 0 || free === 0 || wanted <= factor * (1 + 1e-6)) break;
      factor = wanted;
    }
    for (let i = 0; i < delta.length; i++) {
      const moved = (centre[i] ?? 0) + factor * (delta[i] ?? 0) * weight(i);
      trial[i] = Math.min(Math.max(moved, lower[i] ?? 0), upper[i] ?? 0);
    }
  };

  return {
    begin: (walk) => {
      delta.fill(0);
      const { window, random } = walk;
      window.height = Math.max(1, Math.floor(height / TILES));
      window.width = Math.max(1, Math.floor(width / TILES));
      const [down, across] = [height, width].map((side, axis) => {
        const own = axis === 0 ? window.height : window.width;
        return { count: Math.floor(side / own), own };
      });
      for (let tile = 0; tile < (down?.count ?? 0) * (across?.count ?? 0); tile++) {
        window.top = Math.floor(tile / (across?.count ?? 1)) * window.height;
        window.left = (tile % (across?.count ?? 1)) * window.width;
        const at = tile * perQuery;
        const rings = pattern(window, random.uniform(at) > 0.5);
        for (let channel = 0; channel < channels; channel++) {
          const sign = upwards(walk, at + 1, channel) ? 1 : -1;
          eachIn(window, channel, (feature, i) => (delta[feature] = sign * (rings[i] ?? 0)));
        }
      }
      place(walk);
    },
    propose: (walk, query, share) => {
      const { centre, best, window, random, radius } = walk;
      const at = (height * width + query) * perQuery;
      const size = windowSize(grid, share, LEAST_WINDOW);
      placeWindow(window, grid, size, random, at);
      placeWindow(other, grid, size, random, at + 2);
      let whole = 0;
      for (let i = 0; i < delta.length; i++) {
        const own = ((best[i] ?? 0) - (centre[i] ?? 0)) / weight(i);
        delta[i] = own;
        whole += powered(own);
      }
      const rings = pattern(window, random.uniform(at + 4) > 0.5);
      const own = new Float64Array(channels);
      let taken = 0;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        eachIn(window, channel, (feature) => (sum += powered(delta[feature] ?? 0)));
        own[channel] = rooted(sum);
        taken += sum;
        eachIn(other, channel, (feature) => {
          if (!inside(window, grid, feature - channel * channelStep)) {
            taken += powered(delta[feature] ?? 0);
            delta[feature] = 0;
          }
        });
      }
      const length = rooted(Math.max(0, powered(radius) - whole) / channels + taken);
      for (let channel = 0; channel < channels; channel++) {
        const sign = upwards(walk, at + 5, channel) ? 1 : -1;
        const before = 1 / (TINY + (own[channel] ?? 0));
        let sum = 0;
        eachIn(window, channel, (feature, i) => {
          const value = sign * (rings[i] ?? 0) + (delta[feature] ?? 0) * before;
          delta[feature] = value;
          sum += powered(value);
        });
        const scale = length / (TINY + rooted(sum));
        eachIn(window, channel, (feature) => (delta[feature] = (delta[feature] ?? 0) * scale));
      }
      place(walk);
    },
    settle: ({ best, trial }, accepted) => {
      if (accepted) best.set(trial);
      else trial.set(best);
    },
  };
}

function inside(window: Window, { rowStep, columnStep, width }: FeatureGrid, at: number): boolean {
  const y = Math.floor(at / rowStep);
  const x = Math.floor(at / columnStep) % width;
  const [down, across] = [y - window.top, x - window.left];
  return down >= 0 && down < window.height && across >= 0 && across < window.width;
}

/** η: rings that fall off as 1/(k+1)², one half positive, the other negative, of unit length. */
function tilted(height: number, width: number, across: boolean, power: number): Float64Array {
  const out = new Float64Array(height * width);
  const byColumns = (across && width > 1) || height === 1;
  const [long, wide] = byColumns ? [width, height] : [height, width];
  const first = Math.floor(long / 2);
  const put = (start: number, count: number, sign: number): void => {
    rings(count, wide).forEach((value, i) => {
      const [y, x] = [start + Math.floor(i / wide), i % wide];
      out[byColumns ? x * width + y : y * width + x] = sign * value;
    });
  };
  put(0, first, 1);
  put(first, long - first, -1);
  const length = Math.max(
    TINY,
    out.reduce((sum, value) => sum + Math.abs(value) ** power, 0),
  );
  return out.map((value) => value / length ** (1 / power));
}

/** Nested rectangles around the middle of `height` × `width`, of unit Euclidean length. */
function rings(height: number, width: number): Float64Array {
  const out = new Float64Array(height * width);
  const [middleY, middleX] = [Math.floor(height / 2), Math.floor(width / 2)];
  for (let ring = 0; ring <= Math.max(middleY, middleX); ring++) {
    for (let y = Math.max(0, middleY - ring); y < Math.min(height, middleY + ring + 1); y++) {
      for (let x = Math.max(0, middleX - ring); x < Math.min(width, middleX + ring + 1); x++) {
        out[y * width + x] = (out[y * width + x] ?? 0) + 1 / (ring + 1) ** 2;
      }
    }
  }
  const length = Math.sqrt(out.reduce((sum, value) => sum + value * value, 0)) || 1;
  return out.map((value) => value / length);
}
