/** What programs of a training are fed: everything there is, of which each takes what it declares. */
import type { Session } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

/** Runs a program on what it takes of the feeds. */
export function runOn(session: Session, feeds: Feeds): Promise<Feeds> {
  const own = session.inputNames.map((name) => {
    const feed = feeds[name];
    if (!feed) throw new RangeError(`the program is not fed ${name}`);
    return [name, feed] as const;
  });
  return session.run(Object.fromEntries(own));
}
