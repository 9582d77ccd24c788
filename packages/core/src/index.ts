/** The public face of @glacis/core. */
export * from './tensor/tensor.ts';
export * from './audit/run.ts';
export { readModel, surveyModel, type Model, type Port } from './onnx/read.ts';
export { writeModel } from './onnx/write.ts';
export { ModelError } from './onnx/model-error.ts';
export { Builder } from './graph/builder.ts';
export type { Graph, Node } from './graph/graph.ts';
