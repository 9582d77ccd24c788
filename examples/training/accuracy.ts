/** How many of the samples a network classifies rightly. */
import {
  type Graph,
  type Labelled,
  openClassifier,
  readModel,
  type Runtime,
  writeModel,
} from '@glacis/core';

/** A share, 0 to 1. The network is judged as the ONNX file that it is written to. */
export async function accuracy(
  network: Graph,
  { x, y }: Labelled,
  runtime: Runtime,
): Promise<number> {
  const classifier = await openClassifier(readModel(writeModel(network)), runtime);
  const streams = Array.from(y, (_, i) => i);
  const { predictions } = await classifier.judge(x.data, streams);
  await classifier.release();
  return predictions.filter((prediction, i) => prediction === y[i]).length / y.length;
}
