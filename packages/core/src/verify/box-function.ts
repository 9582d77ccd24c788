/** What boxes are bounded and searched for: a joint vector, its inputs first, as a function of the inputs. */
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Programs } from '../runtime/programs.ts';
import type { Rule } from '../transforms/lowering.ts';

export interface BoxFunction {
  readonly inputCount: number;
  readonly variableCount: number;
  /** Whether programs take several rows at once. */
  readonly batched: boolean;
  readonly batch: Dimension;
  readonly programs: Programs;
  /** Elements for one sample of the widest layer. */
  readonly widest: number;
  /** The joint vector [batch, variables] in the builder, over x [batch, inputs]. */
  replay(b: Builder, x: Node, rules: readonly Rule[]): Node;
}

/** Whether a point is a witness: its joint vector, or null. */
export interface Judge {
  witness(x: Float32Array): Promise<Float64Array | null>;
}

/** Elements for one sample of the widest value of graphs. */
export function widestOf(graphs: readonly Graph[]): number {
  const sizes = graphs.flatMap(({ nodes }) =>
    nodes
      .filter(({ op }) => op !== 'constant')
      .map(({ shape }) =>
        shape.slice(1).reduce<number>((size, dim) => size * (Number(dim) || 1), 1),
      ),
  );
  return Math.max(1, ...sizes);
}
