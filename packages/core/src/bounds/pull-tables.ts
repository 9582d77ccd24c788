/** Rows of every element of a layer, pulled once through the affine region that ends in it. */
import type { Tensor } from '../tensor/tensor.ts';
import { numbers } from './numbers.ts';
import type { LayerGraphs, Pull } from './layer-graphs.ts';
import { elementRows } from './row-source.ts';
import type { StagedPrograms } from './staged-programs.ts';

/** Numbers of a layer's table that are kept. */
const MOST_COEFFICIENTS = 2 ** 24;

export class PullTables {
  private readonly graphs: LayerGraphs;
  private readonly stages: StagedPrograms;
  private readonly pulls = new Map<number, Pull | undefined>();
  private readonly tables = new Map<number, Float32Array | null>();

  constructor(graphs: LayerGraphs, stages: StagedPrograms) {
    this.graphs = graphs;
    this.stages = stages;
  }

  /** Elements of the value that a layer's affine region starts from; null where rows are not pulled there. */
  startOf(place: number): number | null {
    if (!this.pulls.has(place)) {
      const pull = this.graphs.pull(place);
      const size = 2 * (this.graphs.layers[place]?.width ?? 0) * (pull?.start ?? 0);
      this.pulls.set(place, size <= MOST_COEFFICIENTS ? pull : undefined);
    }
    return this.pulls.get(place)?.start ?? null;
  }

  /**
   * Coefficients [2·width × start] of every element of a layer, and of its negative, where the region
   * starts; null where they are not kept.
   */
  async of(place: number): Promise<Float32Array | null> {
    const known = this.tables.get(place);
    if (known !== undefined) return known;
    const [start, pull] = [this.startOf(place), this.pulls.get(place)];
    if (start === null || !pull) {
      this.tables.set(place, null);
      return null;
    }
    const width = this.graphs.layers[place]?.width ?? 0;
    const program = await this.stages.whole(`pull/${place}`, () => pull.outputs);
    const all = elementRows(
      Array.from({ length: width }, (_, i) => i),
      width,
      null,
    );
    const coefficients = new Float32Array(all.count * start);
    const { rowsAtOnce } = this.graphs;
    for (let from = 0; from < all.count; from += rowsAtOnce) {
      const to = Math.min(all.count, from + rowsAtOnce);
      const shape = [1, to - from, width];
      const data = new Float32Array((to - from) * width);
      all.rows(from, to, data);
      const rows: Tensor = { type: 'float32', shape, data };
      const { pulled } = await program.run({ rows });
      coefficients.set(numbers(pulled), from * start);
    }
    this.tables.set(place, coefficients);
    return coefficients;
  }
}
