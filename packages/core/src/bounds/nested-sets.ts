/**
 * What was found about layers over balls around the same input: bounds over a larger ball hold in every
 * smaller one, so that a search for a radius need not prove again what does not change.
 */
import type { Ends, Found } from './layerwise.ts';

interface Ball {
  readonly radius: number;
  readonly found: readonly Ends[];
}

interface Kept {
  readonly x: Float32Array;
  readonly balls: Ball[];
}

/** Numbers that are kept at most, over all inputs. */
const MOST_NUMBERS = 2 ** 24;
/** Balls of one input. */
const MOST_BALLS = 4;

export class NestedSets {
  private readonly inputs = new Map<number, Kept>();
  private size = 0;

  /** The bounds over the smallest known ball of at least this radius. */
  around(stream: number, x: Float32Array, radius: number): Found {
    const kept = this.inputs.get(stream);
    if (!kept || !kept.x.every((value, i) => value === x[i])) return null;
    const larger = kept.balls.filter((ball) => ball.radius >= radius);
    const [first, ...others] = larger;
    if (!first) return null;
    return others.reduce((least, ball) => (ball.radius < least.radius ? ball : least), first).found;
  }

  keep(stream: number, x: Float32Array, radius: number, found: readonly Ends[]): void {
    const same = this.inputs.get(stream)?.x.every((value, i) => value === x[i]) ?? false;
    if (!same) this.forget(stream);
    const kept = this.inputs.get(stream) ?? { x: x.slice(), balls: [] };
    this.inputs.set(stream, kept);
    kept.balls.push({ radius, found });
    this.size += numbersOf(found);
    if (kept.balls.length > MOST_BALLS) {
      // A search narrows its bracket: the widest ball helps least.
      kept.balls.sort((a, b) => a.radius - b.radius);
      this.size -= numbersOf(kept.balls.pop()?.found ?? []);
    }
    for (const oldest of this.inputs.keys()) {
      if (this.size <= MOST_NUMBERS) return;
      this.forget(oldest);
    }
  }

  private forget(stream: number): void {
    for (const { found } of this.inputs.get(stream)?.balls ?? []) this.size -= numbersOf(found);
    this.inputs.delete(stream);
  }
}

function numbersOf(found: readonly Ends[]): number {
  return found.reduce((sum, { lower }) => sum + 2 * lower.length, 0);
}
