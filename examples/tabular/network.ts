/** The lender's classifier: standardisation inside the network, then a small MLP. */
import { BATCH, Builder, floats, type Graph, type Labelled, Layers } from '@glacis/core';

/** Mean and standard deviation of each column. */
export function columnStatistics({ x, y }: Labelled): { mean: number[]; deviation: number[] } {
  const width = x.shape[1] ?? 0;
  const columns = Array.from({ length: width }, (_, j) =>
    Float64Array.from(y, (_label, i) => x.data[i * width + j] ?? 0),
  );
  const average = (values: Float64Array): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = columns.map(average);
  const deviation = columns.map((column, j) =>
    Math.sqrt(average(column.map((value) => (value - (mean[j] ?? 0)) ** 2))),
  );
  return { mean, deviation };
}

/** Input `application` [batch, features] in the units of the form, output `logits` [batch, 2]. */
export function loansNetwork(data: Labelled, seed: number): Graph {
  const b = new Builder();
  const layers = new Layers(b, seed);
  const { mean, deviation } = columnStatistics(data);
  const form = b.input('application', [BATCH, mean.length]);
  const centred = b.sub(form, b.constant(floats(mean), 'mean'));
  const standard = b.div(centred, b.constant(floats(deviation), 'deviation'));
  const wide = b.relu(layers.dense(standard, 32));
  const narrow = b.relu(layers.dense(wide, 16));
  return b.graph({ logits: layers.dense(narrow, 2) });
}
