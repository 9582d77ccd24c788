/** Programs of a training: compiled, and fed everything there is, of which each takes what it declares. */
import type { Graph } from '../graph/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Runtime, Session } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

/** Larger programs take the runtime minutes to load. */
const MOST_OPERATIONS = 12_000;

/** Throws RangeError where the program is too large. */
export async function compiled(runtime: Runtime, graph: Graph): Promise<Session> {
  const { length } = graph.nodes;
  if (length > MOST_OPERATIONS) {
    throw new RangeError(
      `a step of this method has ${length} operations on this network, more than ${MOST_OPERATIONS}: choose a method of fewer`,
    );
  }
  const bytes = writeModel(graph);
  try {
    return await runtime.session(bytes);
  } catch {
    // ONNX Runtime's fusions break some programs, which are run as they are written then.
    return runtime.session(bytes, { optimised: false });
  }
}

/** Runs a program on what it takes of the feeds. */
export function runOn(session: Session, feeds: Feeds): Promise<Feeds> {
  const own = session.inputNames.map((name) => {
    const feed = feeds[name];
    if (!feed) throw new RangeError(`the program is not fed ${name}`);
    return [name, feed] as const;
  });
  return session.run(Object.fromEntries(own));
}
