/** A runtime that refuses to begin anything once it is late: whatever is under way ends soon after. */
import type { Runtime } from './runtime.ts';

export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** How often a clock is looked at: one step is microseconds. */
const STEPS = 512;

/** For steps of work without a runtime: throws OutOfTime, now and then looking whether it is late. */
export function tickUntil(isLate: () => boolean): () => void {
  let steps = 0;
  return () => {
    if (++steps % STEPS === 0 && isLate()) throw new OutOfTime('the time is up');
  };
}

/** Sessions and runs throw OutOfTime from the moment on that `isLate` says so. */
export function withDeadline(runtime: Runtime, isLate: () => boolean): Runtime {
  const require = (): void => {
    if (isLate()) throw new OutOfTime('the time is up');
  };
  return {
    name: runtime.name,
    session: async (bytes, options) => {
      require();
      const session = await runtime.session(bytes, options);
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        run: (feeds, into) => {
          require();
          return session.run(feeds, into);
        },
        release: () => session.release(),
      };
    },
  };
}
