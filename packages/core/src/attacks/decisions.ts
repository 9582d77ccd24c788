/**
 * The original file as an oracle of decisions: whether it answers a point wrong, and nothing else. Points
 * lie in units of the threat around each row's centre, within the valid box; frozen features stay.
 */
import { answerFor } from '../runtime/judgement.ts';
import type { Rows } from '../threats/ball.ts';
import type { AttackContext } from './attack.ts';

export class Decisions {
  readonly size: number;
  /** Answers asked for, of each row. */
  readonly asked: Int32Array;
  /** How far each feature moves per unit of distance; 0 for a frozen one. */
  readonly scales: Float64Array;
  private readonly context: AttackContext;
  private readonly rows: Rows;

  constructor(context: AttackContext, rows: Rows) {
    this.context = context;
    this.rows = rows;
    this.size = context.classifier.sampleSize;
    this.asked = new Int32Array(rows.count);
    const { weights, fixed } = context.threat;
    this.scales = Float64Array.from({ length: this.size }, (_, k) =>
      fixed.has(k) ? 0 : (weights?.[k] ?? 1),
    );
  }

  centre(row: number): Float32Array {
    return this.rows.x.subarray(row * this.size, (row + 1) * this.size);
  }

  /** A value of the valid box nearest to the given one, or the centre's own where that lies outside. */
  within(row: number, feature: number, value: number): number {
    const { clip } = this.context.threat;
    if (!clip) return value;
    const centre = this.rows.x[row * this.size + feature] ?? 0;
    return Math.min(Math.max(value, Math.min(clip[0], centre)), Math.max(clip[1], centre));
  }

  distance(row: number, x: Float32Array): number {
    return this.context.threat.distance(this.centre(row), x);
  }

  /** Whether the point with index i, of row owners[i], is answered wrong. */
  async broken(points: Float32Array, owners: readonly number[]): Promise<boolean[]> {
    const { context, rows, asked } = this;
    context.signal?.throwIfAborted();
    if (owners.length === 0) return [];
    const streams = owners.map((row) => rows.streams[row] ?? row);
    const judgement = await context.classifier.judge(points, streams);
    return owners.map((row, i) => {
      asked[row] = (asked[row] ?? 0) + 1;
      const label = rows.labels[row] ?? 0;
      return answerFor(judgement, i, label) !== label;
    });
  }

  /**
   * For each row the point between its centre and an adversarial one, just beyond the boundary: along
   * the line, or in ℓ∞ along the cubes around the centre. Adversarial points are replaced in place.
   */
  async bisect(points: Float32Array, owners: readonly number[], rounds: number): Promise<void> {
    const { size } = this;
    const isBox = this.context.threat.norm.isBox;
    const middles = new Float32Array(points.length);
    const part = (all: Float32Array, i: number) => all.subarray(i * size, (i + 1) * size);
    const reach = owners.map((row, i) => this.distance(row, part(points, i)));
    const ends = points.slice();
    const [low, high] = [new Float64Array(owners.length), new Float64Array(owners.length).fill(1)];
    for (let round = 0; round < rounds; round++) {
      owners.forEach((row, i) => {
        const share = ((low[i] ?? 0) + (high[i] ?? 1)) / 2;
        const [centre, end, out] = [this.centre(row), part(ends, i), part(middles, i)];
        for (let k = 0; k < size; k++) {
          const move = (end[k] ?? 0) - (centre[k] ?? 0);
          const most = share * (reach[i] ?? 0) * (this.scales[k] ?? 1);
          const kept = isBox ? Math.max(-most, Math.min(most, move)) : share * move;
          out[k] = (centre[k] ?? 0) + kept;
        }
      });
      const broken = await this.broken(middles, owners);
      broken.forEach((isBroken, i) => {
        const share = ((low[i] ?? 0) + (high[i] ?? 1)) / 2;
        if (!isBroken) return void (low[i] = share);
        high[i] = share;
        part(points, i).set(part(middles, i));
      });
    }
  }
}
