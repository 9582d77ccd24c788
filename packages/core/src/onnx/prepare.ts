/**
 * What is done to a file before it is lowered, so that judge and graph are the same network: weights and
 * fixed inputs put in, the output chosen, labels opened to the scores before them, sizes and precisions made plain.
 */
import type { GraphProto, ModelProto } from 'onnx-buf';
import type { Tensor } from '../tensor/tensor.ts';
import { type ClassLabels, classLabelsOf } from './class-labels.ts';
import { openDropouts } from './dropouts.ts';
import { uncoverScores } from './endings.ts';
import { embedExternalData, type ExternalFiles } from './external-data.ts';
import { fixInputs } from './fixed-inputs.ts';
import { exposeValues } from './hidden-values.ts';
import { ModelError } from './model-error.ts';
import { fixSizes } from './ports.ts';
import { widenPorts } from './precision.ts';
import { importStandard } from './proto.ts';

export interface PrepareOptions {
  /** Where weights kept in other files come from; without it such a file is refused. */
  readonly external?: ExternalFiles;
  /** The one output to keep; all when absent. */
  readonly output?: string;
  /** Sizes for axes that the inputs leave open, by the symbol that `openSizes` gives. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Inputs that become constants, in the shape the file declares. */
  readonly fixed?: Readonly<Record<string, Tensor>>;
  /** Values inside that become further outputs; those that no node of the file gives are left out. */
  readonly hidden?: readonly string[];
}

export interface Prepared {
  /** Whether anything was changed. */
  readonly changed: boolean;
  readonly notes: readonly string[];
  /** What the columns of an output are called, where the file says it. */
  readonly classLabels: ReadonlyMap<string, ClassLabels>;
  /** Outputs that are values inside. */
  readonly hidden: readonly string[];
}

/** Does to the file what reading needs. */
export function prepare(
  proto: ModelProto,
  { external, output, sizes = {}, fixed = {}, hidden = [] }: PrepareOptions,
): Prepared {
  const embedded = external ? embedExternalData(proto, external) : false;
  const { graph } = proto;
  if (!graph) return { changed: embedded, notes: [], classLabels: new Map(), hidden: [] };
  const labelsOf = classLabelsOf(graph);
  const { notes, places } = uncoverScores(graph, output);
  if (output !== undefined) keepOutput(graph, places.get(output) ?? output);
  const exposed = exposeValues(graph, hidden);
  const widened = widenPorts(graph);
  if (widened || places.size > 0) importStandard(proto);
  const putIn = fixInputs(graph, fixed);
  const drawing = openDropouts(proto);
  const changes = [
    embedded,
    drawing > 0,
    putIn,
    places.size > 0,
    output !== undefined,
    exposed.length > 0,
    fixSizes(graph, sizes),
    widened,
  ];
  const classLabels = new Map(
    graph.output.flatMap(({ name }) => {
      const labels = labelsOf(name);
      return labels ? [[name, labels] as const] : [];
    }),
  );
  const drawn = `The model was exported in training mode, with ${drawing} Dropout that still draw${drawing === 1 ? 's' : ''}: export it for inference if it is used so.`;
  return {
    changed: changes.includes(true),
    notes: drawing > 0 ? [...notes, drawn] : notes,
    classLabels,
    hidden: exposed,
  };
}

function keepOutput(graph: GraphProto, name: string): void {
  const kept = graph.output.filter((output) => output.name === name);
  if (kept.length === 0) {
    const names = graph.output.map((output) => output.name).join(', ');
    throw new ModelError('invalid', `the model has no output ${name}; its outputs are ${names}`);
  }
  graph.output = kept;
}
